"""FOCUS out: the columns of each version, the rules of FOCUS' requirement model, and home again."""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration import cli
from orchestration.exports.cost_and_usage import SUMMABLE
from orchestration.exports.focus import Export, read_focus
from orchestration.exports.write import write_csv_file, write_parquet_file
from orchestration.landing.lake import Lake
from orchestration.landing.land import land
from orchestration.publishing.read import DuckDBMarts
from orchestration.settings import Settings, load_settings
from orchestration.warehouse import warehouse
from tests.focus_model import UNCHECKED, UNDECIDED, model_1_2
from tests.focus_rules import Model, read_csv
from tests.integration.test_cloud_bills import GOOGLE

pytestmark = pytest.mark.slow

MONTH = date(2026, 10, 1)

REAL = """
[[sources]]
name = "focus_1_0"
type = "focus"
uri = "DATA/focus_1_0_sample/*.csv.gz"

[[sources]]
name = "aws_1_2"
type = "focus"
uri = "DATA/focus_1_2_1_3_synthetic/aws_1_2_cost_and_usage_rows100_seed42.csv.gz"

[[sources]]
name = "azure_1_2"
type = "focus"
uri = "DATA/focus_1_2_1_3_synthetic/azure_1_2_cost_and_usage_rows100_seed42.csv.gz"

[[sources]]
name = "gcp_1_2"
type = "focus"
uri = "DATA/focus_1_2_1_3_synthetic/gcp_1_2_cost_and_usage_rows100_seed42.csv.gz"

[[sources]]
name = "aws_cur"
type = "aws_cur"
uri = "DATA/native_aws_cur/*.csv.gz"

[[sources]]
name = "oracle"
type = "oci_cost"
uri = "DATA/native_oci/*.csv.gz"

[[sources]]
name = "azure_ea_canada"
type = "azure_cost"
uri = "DATA/native_azure/ea_export_focus_converters.csv"

[[sources]]
name = "azure_ea"
type = "azure_cost"
uri = "DATA/native_azure/EA_ActualCost_Small.csv"

[[sources]]
name = "google"
type = "gcp_billing"
uri = "google.jsonl"
"""

LIST, NEGOTIATED = "PUBLIC_PRICE_LIST_SUPPORTED", "NEGOTIATED_PRICING_SUPPORTED"
TYPES = "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED"
CURRENCIES = "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED"
UNTOLD = {
    "aws_cur": {NEGOTIATED, CURRENCIES},
    "oracle": {LIST, TYPES, CURRENCIES},
    "azure_ea": {TYPES, CURRENCIES},
    "azure_ea_canada": {TYPES, CURRENCIES},
    "google": {LIST, NEGOTIATED, CURRENCIES},
}
"""What a bill's own format has no column for."""

ROUNDED = "the vendor rounds costs, or the quantity that it states, after it multiplied"
BROKEN = {
    "aws_cur": {"ListUnitPrice-C-010-C": ROUNDED, "ListCost-C-009-C": ROUNDED},
    "oracle": {"ContractedUnitPrice-C-011-C": ROUNDED},
    "azure_ea": {
        "ListUnitPrice-C-005-C": "purchases of reservations and the marketplace have list price 0",
        "ContractedUnitPrice-C-006-C": "the marketplace has unit price 0",
        "CommitmentDiscountQuantity-C-005-C": "Microsoft has no such column",
        "ListUnitPrice-C-010-C": ROUNDED,
        "ListCost-C-009-C": ROUNDED,
        "ContractedUnitPrice-C-011-C": ROUNDED,
    },
    "azure_ea_canada": {
        "SkuPriceId-C-008-M": "one meter stands under two part numbers",
        "ListUnitPrice-C-010-C": "the file's prices were made unlike its costs",
        "ListCost-C-009-C": "as ListUnitPrice",
        "ContractedUnitPrice-C-011-C": "as ListUnitPrice",
    },
    "focus_1_0": {
        "ResourceType-C-005-C": "Oracle and Microsoft name resources without their type",
        "ServiceName-C-005-C": "AWS puts EC2 under Compute and under Storage",
        "CommitmentDiscountQuantity-C-005-C": "FOCUS 1.0 has no such column",
        "ContractedUnitPrice-C-006-C": "AWS has none, or 0 beside a cost",
        "PricingCurrencyContractedUnitPrice-C-005-C": "as ContractedUnitPrice",
        "ListUnitPrice-C-010-C": ROUNDED,
        "ListCost-C-009-C": ROUNDED,
        "ContractedUnitPrice-C-011-C": ROUNDED,
    },
}
"""Rules that the vendors' own rows break, each with the reason."""
INVOICED = ("labelling", "vector_store")
AMOUNTS = "an invoice states amounts: no list prices, no quantities, no products of a price list"
BROKEN_BY_INVOICES = dict.fromkeys(
    (
        "ListUnitPrice-C-005-C", "PricingCurrencyListUnitPrice-C-005-C",
        "ContractedUnitPrice-C-006-C", "PricingCurrencyContractedUnitPrice-C-005-C",
        "PricingQuantity-C-005-C", "SkuId-C-005-C", "SkuPriceId-C-005-C",
    ),
    AMOUNTS,
)  # fmt: skip
"""Rules that the sample company's invoices without a bill break."""


@pytest.fixture(scope="module")
def model(data: Path) -> Model:
    return model_1_2(data)


@pytest.fixture(scope="module")
def exports(
    sample_workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Export]:
    """Exports of the sample company's last full month, each read once."""
    read: dict[tuple[object, ...], Export] = {}

    def export(version: str, dataset: str = "CostAndUsage", **options: bool) -> Export:
        key = (version, dataset, *sorted(options.items()))
        if key not in read:
            settings = load_settings(sample_workspace / "twinledger.toml")
            with warehouse(settings).marts() as marts:
                read[key] = read_focus(marts, MONTH, version, dataset, **options)
        return read[key]

    return export


def total(export: Export, column: str) -> Decimal:
    return sum((row[column] for row in export.rows() if row[column] is not None), Decimal(0))


def test_every_version_has_its_columns_in_its_order(
    exports: Callable[..., Export], data: Path
) -> None:
    folder = data / "focus_1_2_1_3_synthetic"
    for version, count in (("1.2", 57), ("1.3", 65)):
        file = f"aws_{version.replace('.', '_')}_cost_and_usage_rows100_seed42.csv.gz"
        with gzip.open(folder / file, "rt", encoding="utf-8") as text:
            stated = next(csv.reader(text))
        ours = [name for name in exports(version).columns if not name.startswith("x_")]
        assert ours == stated
        assert len(ours) == count
    latest = {name for name in exports("1.4").columns if not name.startswith("x_")}
    former = {name for name in exports("1.3").columns if not name.startswith("x_")}
    assert former - latest == {"ProviderName", "PublisherName"}
    assert latest - former == {"CommitmentProgramEligibilityDetails", "InvoiceDetailId"}


def test_an_export_is_the_money_of_the_bills(
    exports: Callable[..., Export], sample_workspace: Path
) -> None:
    with duckdb.connect(
        str(sample_workspace / "published" / "marts.duckdb"), read_only=True
    ) as con:
        stated = con.execute(
            "select sum(billed_cost), sum(effective_cost), count(*) from cost_ledger.charges"
            " where evidence_level = 'billed' and strftime(billing_period_start, '%Y-%m') = ?",
            [f"{MONTH:%Y-%m}"],
        ).fetchone()
        estimated = con.execute(
            "select sum(effective_cost) from cost_ledger.charges"
            " where strftime(billing_period_start, '%Y-%m') = ?",
            [f"{MONTH:%Y-%m}"],
        ).fetchone()
    assert stated is not None and estimated is not None
    whole = exports("1.2")
    assert (
        total(whole, "BilledCost"),
        total(whole, "EffectiveCost"),
        whole.lines.num_rows,
    ) == stated
    more = exports("1.2", with_estimates=True)
    assert total(more, "BilledCost") == stated[0]
    assert total(more, "EffectiveCost") == estimated[0]
    assert {row["x_EvidenceLevel"] for row in more.rows()} == {"billed", "rated", "modelled"}


def test_the_parts_of_a_split_charge_add_up_to_it(exports: Callable[..., Export]) -> None:
    """To the last of 18 decimals, per charge and metric; their ratios to exactly 1."""
    whole = {row["x_ChargeId"]: row for row in exports("1.3", allocated=False).rows()}
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    ratios: dict[str, Decimal] = defaultdict(Decimal)
    split = exports("1.3")
    assert len(list(split.rows())) > len(whole)
    for row in split.rows():
        origin = whole[row["x_ChargeId"]]
        for metric in SUMMABLE:
            assert (row[metric] is None) == (origin[metric] is None)
            sums[row["x_ChargeId"]][metric] += row[metric] or Decimal(0)
        (element,) = json.loads(row["AllocatedMethodDetails"], parse_float=Decimal)["Elements"]
        ratios[row["x_ChargeId"]] += Decimal(element["AllocatedRatio"])
        untouched = [
            name
            for name in split.columns
            if name not in SUMMABLE and not name.startswith("Allocated")
        ]
        assert [row[name] for name in untouched] == [origin[name] for name in untouched]
    assert set(ratios.values()) == {Decimal(1)}
    assert all(
        sums[charge][metric] == (row[metric] or Decimal(0))
        for charge, row in whole.items()
        for metric in SUMMABLE
    )


def test_a_part_costs_what_the_allocation_says(
    exports: Callable[..., Export], sample_workspace: Path
) -> None:
    """Of charges in the reporting currency, to the last decimal."""
    with duckdb.connect(
        str(sample_workspace / "published" / "marts.duckdb"), read_only=True
    ) as con:
        stated = con.execute(
            "select shares.origin_id, shares.cost from allocation.cost_allocations as shares"
            " join cost_ledger.charges as charges on shares.origin_id = charges.charge_id"
            " where charges.evidence_level = 'billed' and charges.billing_currency = 'USD'"
            " and strftime(charges.billing_period_start, '%Y-%m') = ?",
            [f"{MONTH:%Y-%m}"],
        ).fetchall()
    found = [
        (row["x_ChargeId"], row["EffectiveCost"])
        for row in exports("1.3").rows()
        if row["BillingCurrency"] == "USD"
    ]
    assert sorted(found) == sorted(stated)


def test_the_sample_company_s_export_follows_every_rule(
    exports: Callable[..., Export],
    model: Model,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    write_csv_file(exports("1.2"), tmp_path / "focus.csv")
    columns, rows = read_csv(tmp_path / "focus.csv")
    supported = {criterion for rule in model.rules.values() for criterion in rule.criteria}
    lines = [row for row in rows if row["x_SourceName"] not in INVOICED]
    invoiced = [row for row in rows if row["x_SourceName"] in INVOICED]
    for name, judged, broken in (
        ("bills", lines, set()),
        ("invoices without a bill", invoiced, set(BROKEN_BY_INVOICES)),
    ):
        report = model.check(columns, judged, supported)
        record_property("told", report.told(f"sample company, {len(judged)} rows of {name}"))
        assert judged
        assert set(report.failed) - set(UNDECIDED) == broken, report.failed


def test_exports_of_real_bills_follow_every_rule_that_their_vendors_follow(
    data: Path,
    model: Model,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    found = {}
    supported = {criterion for rule in model.rules.values() for criterion in rule.criteria}
    for source, (columns, rows) in _exported(_charges(data, tmp_path), tmp_path).items():
        report = model.check(columns, rows, supported - UNTOLD.get(source, set()))
        record_property("told", report.told(f"{source}, {len(rows)} rows"))
        found[source] = report.failed
    for source, failed in found.items():
        expected = set(BROKEN.get(source, {})) | (set(failed) & set(UNDECIDED))
        assert set(failed) == expected, (source, failed)


def test_the_rules_without_a_check_are_these(
    model: Model, record_property: Callable[[str, object], None]
) -> None:
    with UNCHECKED.open(encoding="utf-8", newline="") as file:
        listed = {row["rule_id"]: row["reason"] for row in csv.DictReader(file)}
    report = model.check([], [], set())
    assert sorted(report.unchecked) == sorted(listed)
    assert all(listed.values())
    record_property("told", f"{len(listed)} rules have no check, {len(UNDECIDED)} cannot tell")


def test_an_export_lands_again_with_the_same_totals(
    exports: Callable[..., Export], tmp_path: Path, no_gate: None
) -> None:
    for version, suffix in (("1.2", "csv"), ("1.3", "parquet"), ("1.4", "csv")):
        folder = tmp_path / version
        folder.mkdir()
        export = exports(version)
        (write_csv_file if suffix == "csv" else write_parquet_file)(
            export, folder / f"out.{suffix}"
        )
        text = f'[[sources]]\nname = "home"\ntype = "focus"\nuri = "out.{suffix}"\n'
        (folder / "twinledger.toml").write_text(text, encoding="utf-8")
        settings = load_settings(folder / "twinledger.toml")
        land(settings)
        landed = _landed_totals(settings)
        for column in ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"):
            assert landed[column] == total(export, column)


def test_parquet_has_exact_decimals_and_times_in_utc(
    exports: Callable[..., Export], tmp_path: Path
) -> None:
    export = exports("1.4")
    write_parquet_file(export, tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == export.columns
    assert str(table.schema.field("BilledCost").type) == "decimal128(38, 18)"
    assert str(table.schema.field("ChargePeriodStart").type) == "timestamp[us, tz=UTC]"
    assert table.column("BilledCost").to_pylist() == [row["BilledCost"] for row in export.rows()]


def test_invoices_and_billing_periods_hold_the_money_of_the_charges(
    exports: Callable[..., Export],
) -> None:
    invoices = exports("1.4", "InvoiceDetail")
    assert len(invoices.columns) == 22
    with_invoice = [row for row in exports("1.2").rows() if row["InvoiceId"] is not None]
    assert total(invoices, "BilledCost") == sum(row["BilledCost"] for row in with_invoice)
    assert {row["InvoiceId"] for row in invoices.rows()} == {
        row["InvoiceId"] for row in with_invoice
    }
    periods = exports("1.4", "BillingPeriod")
    assert {row["BillingPeriodStatus"] for row in periods.rows()} == {"Open"}
    closed = exports("1.4", "BillingPeriod", is_closed=True)
    assert {row["BillingPeriodStatus"] for row in closed.rows()} == {"Closed"}
    assert {row["InvoiceIssuerName"] for row in periods.rows()} == {
        row["InvoiceIssuerName"] for row in exports("1.2").rows()
    }


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--period", "2026-13"], 2, "'2026-13' is no month"),
        (["--period", "2019-01"], 1, "nothing of CostAndUsage in the billing period 2019-01"),
        (["--period", "2026-10", "--format", "parquet"], 2, "Parquet needs a file"),
        (
            ["--period", "2026-10", "--version", "1.2", "--dataset", "InvoiceDetail"],
            2,
            "FOCUS 1.2 has no dataset InvoiceDetail",
        ),
        (["--period", "2026-10", "--version", "1.2", "--allocated"], 2, "no Allocated columns"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_sentence(
    arguments: list[str],
    code: int,
    told: str,
    sample_workspace: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _command(monkeypatch, sample_workspace, *arguments) == code
    captured = capsys.readouterr()
    assert told in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


def test_the_command_writes_the_same_to_the_screen_and_to_a_file(
    sample_workspace: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = ["--period", "2026-10", "--version", "1.2"]
    assert _command(monkeypatch, sample_workspace, *wanted) == 0
    screen = capsys.readouterr()
    assert "that no bill has" in screen.err
    file = tmp_path / "new folder" / "focus.csv"
    assert _command(monkeypatch, sample_workspace, *wanted, "--out", str(file)) == 0
    assert file.read_text(encoding="utf-8") == screen.out
    assert [path.name for path in file.parent.iterdir()] == ["focus.csv"]


def _charges(data: Path, folder: Path) -> Settings:
    """The charges of real bills, without the layers above them."""
    from orchestration.build.runner import DbtSession

    text = REAL.replace("DATA", os.path.relpath(data, folder))
    (folder / "twinledger.toml").write_text(text, encoding="utf-8")
    lines = "".join(json.dumps(record) + "\n" for record in GOOGLE)
    (folder / "google.jsonl").write_text(lines, encoding="utf-8")
    settings = load_settings(folder / "twinledger.toml")
    land(settings)
    DbtSession(settings).build(select=["+charges"], exclude=["resource_type:test"])
    return settings


def _exported(
    settings: Settings, folder: Path
) -> dict[str, tuple[list[str], list[dict[str, str | None]]]]:
    """source → columns and rows of its export."""
    found = {}
    with duckdb.connect(str(settings.build), read_only=True) as con:
        marts = DuckDBMarts(con, settings.build)
        periods = marts.rows(
            "select source_name, min(billing_period_start) from {cost_ledger.charges}"
            " group by source_name order by source_name"
        )
        for source, start in periods:
            export = read_focus(marts, date(start.year, start.month, 1), "1.2")
            write_csv_file(export, folder / f"{source}.csv")
            columns, rows = read_csv(folder / f"{source}.csv")
            found[source] = (columns, [row for row in rows if row["x_SourceName"] == source])
    assert sum(len(rows) for _, rows in found.values()) == 1658
    return found


def _landed_totals(settings: Settings) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for period in Lake(settings).manifests[-1].periods:
        for columns in period.totals.values():
            for column, amount in columns.items():
                found[column] += Decimal(amount)
    return found


def _command(monkeypatch: pytest.MonkeyPatch, workspace: Path, *arguments: str) -> int:
    settings = ("--settings", str(workspace / "twinledger.toml"))
    monkeypatch.setattr(sys, "argv", ["twinledger", "export", "focus", *arguments, *settings])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)
