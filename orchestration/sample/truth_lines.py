"""Every charge as the generator knows it: source, money, category and keys, before any warehouse.

The table `true_charges` is the basis of the expected figures. It is made from the generator's own
tables, never from the files that it wrote and never by the warehouse's code.
"""

from __future__ import annotations

import json

import duckdb

from orchestration.sample.company import TEAMS
from orchestration.sample.days import Span
from orchestration.sample.gpu import nodes
from orchestration.sample.invoices import create_true_invoice_lines
from orchestration.sample.reference import euro_rate
from orchestration.sample.resources import AZURE_ACCOUNTS
from orchestration.sample.support_log import KEYS

NOT_AI = ("data_transfer", "non_ai")


def create_true_charges(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """Create `true_charges`, one row a charge; `cost` is US dollars, null without a rate.

    `owner` says how the charge finds its bearer: direct, usage_tokens, usage_gpu, even, fixed,
    proportional or nobody.
    """
    con.execute("create table true_rates(month date, currency varchar, rate decimal(6, 4))")
    for month in span.months:
        con.execute("insert into true_rates values (?, 'USD', 1)", [month])
        con.execute("insert into true_rates values (?, 'EUR', ?)", [month, euro_rate(span, month)])
    con.execute("create table true_teams(team varchar, cost_center varchar)")
    con.executemany("insert into true_teams values (?, ?)", [list(pair) for pair in TEAMS.items()])
    _create_node_days(con, span)
    create_true_invoice_lines(con, span)
    con.execute(
        _TRUE_CHARGES.format(
            lab=AZURE_ACCOUNTS["fernhollow-eu-lab"],
            keys=json.dumps(KEYS),
            not_ai=", ".join(f"'{name}'" for name in NOT_AI),
        )
    )


def _create_node_days(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """`true_node_days(node, day, gpus, category, cost)`: every node is there for whole days."""
    con.execute(
        "create table true_node_days"
        "(node varchar, day date, gpus bigint, category varchar, cost decimal(12, 2))"
    )
    for node in nodes(span):
        for day in span.days:
            if node.available_from.date() <= day < node.available_to.date():
                con.execute(
                    "insert into true_node_days values (?, ?, ?, ?, ?)",
                    [node.node, day, node.gpus, node.category, node.hourly_price * 24],
                )


_LINES = """
    select
        case lines.cloud when 'aws' then 'aws_payer' else 'azure_eu' end as source_name,
        lines.day,
        lines.currency,
        lines.charge_category,
        lines.billed_cost as billed,
        lines.effective_cost as effective,
        coalesce(resources.category, 'non_ai') as category,
        -- The savings plan covers the web fleet, and carries its tags.
        case when lines.resource = 'savings-plan-web'
            then (select tags from resources where name = 'web-fleet') else resources.tags end
            as tags,
        resources.account_id = '{lab}' as is_lab,
        case
            when resources.service = 'Amazon Elastic Kubernetes Service' then 'even'
            when lines.resource = 'support-plan' then 'fixed'
            when coalesce(resources.account, 'shared-platform') = 'shared-platform'
                then 'proportional'
            else 'nobody'
        end as otherwise,
        null::varchar as model,
        null::varchar as node,
        null::varchar as customer
    from cloud_lines as lines
    left join resources
        on lines.cloud = resources.cloud and lines.resource = resources.name
    union all
    select
        'model_vendor', day, 'USD', 'Usage', cost, cost,
        case when model like 'text-embedding%' then 'embedding_retrieval'
            else 'hosted_inference' end,
        null, false, 'usage_tokens', model, null, null
    from vendor_lines
    union all
    select
        source_name, day, 'USD', charge_category, billed, effective, category,
        tags, false, otherwise, null, null, null
    from true_invoice_lines
    union all
    select
        'support_bot', day, 'USD', 'Usage', null, cost, 'hosted_inference',
        '{keys}', false, 'nobody', model, null, customer
    from support_days
    union all
    select
        'gpu_cluster', day, 'USD', 'Usage', null, cost, category,
        null, false, 'usage_gpu', null, node, null
    from true_node_days
"""

_TRUE_CHARGES = (
    """
    create table true_charges as
    with lines as ("""
    + _LINES
    + """),
    keyed as (
        select
            *,
            coalesce(tags ->> '$.team', tags ->> '$.Team', case when is_lab then 'care' end)
                as team,
            coalesce(tags ->> '$.product', tags ->> '$.Product', case when is_lab then 'helper' end)
                as product,
            coalesce(tags ->> '$.feature', tags ->> '$.Feature') as feature,
            coalesce(tags ->> '$.use_case', tags ->> '$.UseCase') as use_case,
            coalesce(tags ->> '$.environment', tags ->> '$.Environment', tags ->> '$.env',
                case when is_lab then 'lab' end) as environment
        from lines
    )
    select
        keyed.source_name,
        keyed.day,
        strftime(keyed.day, '%Y-%m') as month,
        keyed.currency,
        keyed.charge_category,
        keyed.billed,
        keyed.effective,
        keyed.category,
        keyed.category not in ({not_ai}) as is_ai,
        (keyed.effective * true_rates.rate)::decimal(38, 16) as cost,
        case when keyed.team is not null then 'direct' else keyed.otherwise end as owner,
        true_teams.cost_center,
        keyed.team,
        keyed.product,
        keyed.feature,
        keyed.use_case,
        keyed.customer,
        keyed.environment,
        keyed.model,
        keyed.node
    from keyed
    left join true_rates
        on date_trunc('month', keyed.day) = true_rates.month
        and keyed.currency = true_rates.currency
    left join true_teams
        on keyed.team = true_teams.team
"""
)
