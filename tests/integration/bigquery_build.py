"""A small finished build on BigQuery, made by hand: what dbt and landing would leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestration.settings import Settings
from orchestration.warehouse.bigquery.client import Client

KEYS = (
    "cost_center", "team", "product", "feature", "use_case", "customer", "environment", "workload",
)  # fmt: skip

TABLES = {
    "landing.loads": """
        select '{load}' as load_id, 'bill' as source_name, 'cost_lines' as dataset,
            '2026-10' as period, 'accepted' as status, 2 as row_count, 0 as quarantined_rows,
            timestamp '2026-11-01' as loaded_at, '["bill.csv"]' as files
    """,
    "reference.owners": "select 'search' as team, 'ann' as owner union all select 'ads', 'bob'",
    "cost_ledger.charges": """
        select 'charge-2' as charge_id, 'bill' as source_name, '{load}' as load_id,
            'bill.csv' as source_file, 2 as source_row, bignumeric '10' as cost,
            bignumeric '10' as billed_cost, 'USD' as billing_currency,
            'billed' as evidence_level, cast(null as string) as service_name,
            'gpu time' as charge_description, cast(null as string) as sku_id,
            cast(null as string) as model, date '2026-10-01' as charge_date,
            timestamp '2026-10-01' as billing_period_start, true as has_exchange_rate,
            cast(null as date) as adjusts_period
    """,
    "allocation.cost_allocations": """
        select concat('a-', team) as allocation_id, 'charge-2' as origin_id,
            'usage' as method_id, cast(null as string) as rule_id, 'gpu_hours' as driver,
            2 as step, ratio, cost, team, {keys}, date '2026-10-01' as charge_date
        from (
            select 'search' as team, 0.3e0 as ratio,
                bignumeric '3.333333333333333333' as cost
            union all select 'ads', 0.7e0, bignumeric '6.666666666666666667'
        )
    """,
    "allocation.costs_daily": """
        select concat('day-', team) as costs_daily_id, team, {keys}, cost, charge_date,
            'other_ai' as ledger_category, 0 as unknown_cost_allocations
        from `{project}`.`{build}allocation`.`cost_allocations`
    """,
}
VIEWS = {
    "staging.stg_requests": """
        select requests.source_name, requests.team, requests.tokens, owners.owner
        from `{project}`.`{lake}`.`requests` as requests
        inner join `{project}`.`{build}reference`.`owners` as owners
            on requests.team = owners.team
    """,
    "cost_ledger.token_requests": "select * from `{project}`.`{build}staging`.`stg_requests`",
}
PUBLIC = (
    "landing.loads", "cost_ledger.charges", "allocation.cost_allocations",
    "allocation.costs_daily", "cost_ledger.token_requests",
)  # fmt: skip
CHARGES = 'What was billed; it\'s "exact".\nOne row per line.'
COST = "Money, in the reporting currency \\ all decimals."


def make_build(settings: Settings, load_id: str = "load-1") -> Client:
    """The lake's requests, the build's tables and views, and dbt's manifest of them."""
    client = Client(settings)
    client.ensure_dataset(client.names.lake)
    for name in (*TABLES, *VIEWS):
        client.ensure_dataset(client.names.build(name.split(".")[0]))
    words = {
        "project": client.names.project,
        "lake": client.names.lake,
        "build": client.names.build_prefix,
        "load": load_id,
        "keys": ", ".join(f"cast(null as string) as {key}" for key in KEYS if key != "team"),
    }
    client.query(
        f"create or replace table {client.names.sql(client.names.lake, 'requests')} as"
        " select 'gateway' as source_name, 'search' as team, 7 as tokens"
        " union all select 'gateway', 'ads', 5",
        step="land",
    )
    for kind, relations in (("table", TABLES), ("view", VIEWS)):
        for name, sql in relations.items():
            target = build_table(client, name)
            client.query(
                f"create or replace {kind} {target} as {sql.format(**words)}", step="build"
            )
    write_manifest(settings, client, PUBLIC)
    return client


def build_table(client: Client, name: str) -> str:
    """`layer.table` of the build, quoted."""
    layer, table = name.split(".")
    return client.names.sql(client.names.build(layer), table)


def public_table(client: Client, name: str) -> str:
    """`layer.table` as readers see it, quoted."""
    layer, table = name.split(".")
    return client.names.sql(client.names.public(layer), table)


def write_manifest(settings: Settings, client: Client, public: tuple[str, ...]) -> None:
    """dbt's manifest, as far as a publish reads it."""
    nodes = {
        f"model.mini.{name}": _node(client, name, "public" if name in public else "private")
        for name in (*TABLES, *VIEWS)
        if name != "landing.loads"
    }
    sources = {"source.mini.landing.loads": _node(client, "landing.loads", "", "source")}
    target = settings.work / "target"
    target.mkdir(parents=True, exist_ok=True)
    manifest = json.dumps({"nodes": nodes, "sources": sources})
    (target / "manifest.json").write_text(manifest, encoding="utf-8")


def _node(client: Client, name: str, access: str, kind: str = "model") -> Mapping[str, Any]:
    layer, table = name.split(".")
    documented = name == "cost_ledger.charges"
    return {
        "resource_type": kind,
        "schema": client.names.build(layer),
        "name": table,
        "access": access,
        "description": CHARGES if documented else "",
        "columns": {"cost": {"description": COST}} if documented else {},
    }
