"""The interpreter of FOCUS' requirement model finds what is planted, and nothing else."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration.errors import TwinledgerError
from orchestration.exports.cost_and_usage import COST_AND_USAGE
from orchestration.exports.focus import Export
from orchestration.exports.shares import split, weights_of
from orchestration.exports.write import write_csv
from tests.focus_model import model_1_2
from tests.focus_rules import Model, read_csv

Row = dict[str, str | None]
MONEY = pa.decimal128(38, 18)


@pytest.fixture(scope="module")
def model(data: Path) -> Model:
    return model_1_2(data)


@pytest.fixture
def rows(data: Path, tmp_path: Path) -> list[Row]:
    """A third party's FOCUS 1.2 file, which follows every rule."""
    file = data / "focus_1_2_1_3_synthetic" / "aws_1_2_cost_and_usage_rows100_seed42.csv.gz"
    (tmp_path / "file.csv").write_bytes(gzip.decompress(file.read_bytes()))
    return read_csv(tmp_path / "file.csv")[1]


def failures(model: Model, rows: list[Row], columns: list[str] | None = None) -> set[str]:
    supported = {criterion for rule in model.rules.values() for criterion in rule.criteria}
    return set(model.check(columns or list(rows[0]), rows, supported).failed)


def test_a_file_that_follows_the_rules_has_no_failure(model: Model, rows: list[Row]) -> None:
    assert failures(model, rows) == set()


def _off_by_the_last_digit(row: Row) -> None:
    row["ListCost"] = f"{Decimal(row['ListCost'] or 0) + Decimal('1e-18'):f}"


PLANTED: dict[str, tuple[Callable[[Row], object], set[str]]] = {
    "a cost that is null": (
        lambda row: row.update(BilledCost=None),
        {"BilledCost-C-003-M"},
    ),
    "a number with a comma": (
        lambda row: row.update(BilledCost="1,5"),
        {"BilledCost-C-001-M", "BilledCost-C-002-M", "BilledCost-C-004-M"},
    ),
    "a time without its zone": (
        lambda row: row.update(ChargePeriodStart="2026-05-01 00:00:00"),
        {"ChargePeriodStart-C-001-M", "ChargePeriodStart-C-002-M"},
    ),
    "a category that there is not": (
        lambda row: row.update(ServiceSubcategory="Tokens"),
        {"ServiceSubcategory-C-003-M", "ServiceSubcategory-C-004-M"},
    ),
    "a subcategory of another category": (
        lambda row: row.update(ServiceSubcategory="Generative AI"),
        {"ServiceSubcategory-C-004-M"},
    ),
    "a cost that is off by its last digit": (
        _off_by_the_last_digit,
        {"ListCost-C-009-C", "ListUnitPrice-C-010-C"},
    ),
    "a currency that there is not": (
        lambda row: row.update(BillingCurrency="XQX"),
        {"BillingCurrency-C-006-M"},
    ),
    "tags in tags": (
        lambda row: row.update(Tags='{"a": {"b": "c"}}'),
        {"Tags-C-001-M"},
    ),
    "a tag twice": (
        lambda row: row.update(Tags='{"a": "b", "a": "c"}'),
        {"Tags-C-001-M"},
    ),
    "used without a commitment": (
        lambda row: row.update(CommitmentDiscountStatus="Used"),
        {"CommitmentDiscountStatus-C-003-C"},
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found(model: Model, rows: list[Row], planted: str) -> None:
    change, expected = PLANTED[planted]
    row = next(
        row
        for row in rows
        if row["ChargeCategory"] == "Usage"
        and row["ListUnitPrice"] is not None
        and row["CommitmentDiscountId"] is None
        and row["ServiceCategory"] != "AI and Machine Learning"
    )
    change(row)
    assert failures(model, rows) == expected


def test_a_missing_column_is_found(model: Model, rows: list[Row]) -> None:
    columns = [name for name in rows[0] if name != "PricingUnit"]
    assert "CostAndUsage-D-068-M" in failures(model, rows, columns)


def test_a_service_in_two_categories_is_found(model: Model, rows: list[Row]) -> None:
    service = rows[0]["ServiceName"]
    other = next(row for row in rows if row["ServiceName"] == service and row is not rows[0])
    other.update(ServiceCategory="Other", ServiceSubcategory="Other (Other)")
    assert "ServiceName-C-005-C" in failures(model, rows)


def test_texts_that_a_spreadsheet_would_compute_are_quoted_and_numbers_stay() -> None:
    texts = ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain")
    lines = pa.table(
        {"ChargeDescription": texts, "BilledCost": [Decimal("-1E-7")] * len(texts)},
        schema=pa.schema([("ChargeDescription", pa.string()), ("BilledCost", MONEY)]),
    )
    export = Export(COST_AND_USAGE, lines.column_names, lines)
    out = StringIO()
    write_csv(export, out)
    found = out.getvalue()
    for text in texts[:-1]:
        assert f"'{text}" in found
    assert "'plain" not in found
    assert found.count("-0.0000001") == len(texts)


def test_a_split_loses_nothing() -> None:
    for amount in (Decimal("1"), Decimal("-0.000000000000000001"), Decimal("12345678901.1")):
        for weights in (["0.333333", "0.333333", "0.333334"], ["1"], ["0.1"] * 10, ["0", "1"]):
            parts = split(amount, [Decimal(weight) for weight in weights])
            assert sum(parts) == amount
    assert split(Decimal(48), [Decimal("42.5"), Decimal("5.5")]) == [
        Decimal("42.5"),
        Decimal("5.5"),
    ]


def test_parts_weigh_what_they_cost_and_their_ratios_where_that_says_nothing() -> None:
    def parts(*pairs: tuple[float, str | None]) -> list[dict[str, object]]:
        return [
            {"ratio": ratio, "cost": None if cost is None else Decimal(cost)}
            for ratio, cost in pairs
        ]

    assert weights_of(parts((0.1, "1"), (0.9, "9"))) == [Decimal(1), Decimal(9)]
    by_ratio = [Decimal("0.1"), Decimal("0.9")]
    assert weights_of(parts((0.1, "0"), (0.9, "0"))) == by_ratio
    assert weights_of(parts((0.1, None), (0.9, "9"))) == by_ratio
    assert weights_of(parts((0.1, "-1"), (0.9, "9"))) == by_ratio
    with pytest.raises(TwinledgerError, match="not to 1"):
        weights_of(parts((0.5, "1")))
