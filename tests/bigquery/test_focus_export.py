"""FOCUS exports read BigQuery's published tables with the statements that read DuckDB's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
import yaml
from google.cloud import bigquery

from orchestration.exports.focus import DATASETS, read_focus
from orchestration.settings import PROJECT_ROOT
from orchestration.warehouse.portable import with_names

TYPES = {"string": "STRING", "bigint": "INT64", "boolean": "BOOL", "date": "DATE"}
MODELS = {
    "charges": "cost_ledger/_cost_ledger__models.yml",
    "contract_commitments": "cost_ledger/_contract_commitments__models.yml",
    "cost_allocations": "allocation/_allocation__models.yml",
}
CHARGE = {
    "charge_id": "'a'", "source_name": "'bill'", "load_id": "'l'", "service_name": "'API'",
    "service_provider_name": "'Vendor'", "charge_category": "'Usage'", "billing_currency": "'USD'",
    "evidence_level": "'billed'", "invoice_id": "'i'", "tags": """'{"team": "x"}'""",
    "is_ai": "true", "billed_cost": "bignumeric '1.000000000000000001'",
    "effective_cost": "bignumeric '1.000000000000000001'",
    "billing_period_start": "timestamp '2026-10-01 00:00:00+00'",
    "charge_period_start": "timestamp '2026-10-01 00:00:00+00'",
    "charge_period_end": "timestamp '2026-10-02 00:00:00+00'",
}  # fmt: skip
AGREEMENT = {
    "contract_commitments_id": "'k'", "contract_commitment_id": "'c'",
    "contract_commitment_cost": "bignumeric '100'",
    "contract_commitment_period_start": "timestamp '2026-10-31 23:00:00+00'",
    "contract_commitment_period_end": "timestamp '2027-10-31 23:00:00+00'",
}  # fmt: skip
SHARES = (("1", "0.25", "'search'"), ("2", "0.75", "'care'"))


class ServerMarts:
    """As much of `orchestration.warehouse.marts.Marts` as an export asks for."""

    def __init__(self, client: bigquery.Client, dataset: str) -> None:
        self.client = client
        self.dataset = dataset

    def arrow(self, sql: str) -> pa.Table:
        named = with_names(sql, lambda _, table: f"`{self.dataset}`.`{table}`")
        return self.client.query(named).to_arrow(create_bqstorage_client=False)


@pytest.fixture
def marts(client: bigquery.Client, dataset: str) -> ServerMarts:
    for table, file in MODELS.items():
        text = (PROJECT_ROOT / "models" / file).read_text(encoding="utf-8")
        models = {model["name"]: model for model in yaml.safe_load(text)["models"]}
        columns = ", ".join(
            f"{column['name']} {_type(column['data_type'])}" for column in models[table]["columns"]
        )
        client.query(f"create table `{dataset}`.`{table}` ({columns})").result()
    client.query(
        f"create table `{dataset}`.`loads` as"
        " select 'l' as load_id, timestamp '2026-11-01 00:00:00+00' as loaded_at"
    ).result()
    for table, row in (("charges", CHARGE), ("contract_commitments", AGREEMENT)):
        client.query(
            f"insert into `{dataset}`.`{table}` ({', '.join(row)})"
            f" values ({', '.join(row.values())})"
        ).result()
    for name, ratio, team in SHARES:
        client.query(
            f"insert into `{dataset}`.`cost_allocations`"
            " (allocation_id, origin_id, method_id, step, ratio, team)"
            f" values ('{name}', 'a', 'fixed', 3, {ratio}, {team})"
        ).result()
    return ServerMarts(client, dataset)


def _type(name: str) -> str:
    if "bignumeric" in name:
        return "BIGNUMERIC"
    return "FLOAT64" if "float64" in name else TYPES.get(name, name.upper())


def test_every_dataset_is_read(marts: ServerMarts) -> None:
    for dataset, declared in DATASETS.items():
        for version in declared.versions:
            export = read_focus(marts, date(2026, 10, 1), version, dataset)  # type: ignore[arg-type]
            assert list(export.rows()), (dataset, version)


def test_a_split_charge_adds_up_to_the_last_decimal(marts: ServerMarts) -> None:
    export = read_focus(marts, date(2026, 10, 1), "1.4")  # type: ignore[arg-type]
    assert [row["BilledCost"] for row in export.rows()] == [
        Decimal("0.25"), Decimal("0.750000000000000001"),
    ]  # fmt: skip
    assert [row["AllocatedTags"] for row in export.rows()] == [
        '{"team":"search"}', '{"team":"care"}',
    ]  # fmt: skip
    assert next(export.rows())["ServiceCategory"] == "AI and Machine Learning"
