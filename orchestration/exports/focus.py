"""A FOCUS dataset of one billing period out of the published marts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import RefusedError, SettingsError
from orchestration.exports.contracts import CONTRACT_COMMITMENT
from orchestration.exports.cost_and_usage import COST_AND_USAGE
from orchestration.exports.dataset import VERSIONS, FocusDataset
from orchestration.exports.invoices import BILLING_PERIOD, INVOICE_DETAIL
from orchestration.exports.shares import read_shares, split_lines
from orchestration.warehouse.marts import Marts

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH = 5_000

DATASETS = {
    dataset.name: dataset
    for dataset in (COST_AND_USAGE, CONTRACT_COMMITMENT, INVOICE_DETAIL, BILLING_PERIOD)
}


@dataclass(frozen=True)
class Export:
    """What was read of a dataset, in columns: its rows are made one by one.

    Attributes:
        dataset: its declaration.
        columns: in the order of the version, ours last.
        lines: the rows before they are split.
        shares: what they are split by, in the same order; None where they stay whole.
        left_out: charges of the period that no bill has, or whose cost nobody knows.
    """

    dataset: FocusDataset
    columns: list[str]
    lines: pa.Table
    shares: pa.Table | None = None
    left_out: int = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """column → value of each row, which may have more than `columns`; times without zone."""
        lines = _records(self.lines)
        return lines if self.shares is None else split_lines(lines, _records(self.shares))


def read_focus(
    marts: Marts,
    month: date,
    version: str,
    dataset: str = "CostAndUsage",
    *,
    with_estimates: bool = False,
    allocated: bool | None = None,
    is_closed: bool = False,
) -> Export:
    """The rows of a FOCUS dataset.

    Args:
        month: first day of the billing period.
        with_estimates: Cost and Usage has rated and modelled charges too: billed 0, effective what
            they cost.
        allocated: split charges to those who caused them; None: where the version can say so.
        is_closed: whether the month was closed here.

    Raises:
        SettingsError: the version does not have the dataset, or no Allocated columns.
        RefusedError: nothing of that period is published.
    """
    declared = DATASETS[dataset]
    if version not in declared.versions:
        raise SettingsError(
            f"FOCUS {version} has no dataset {dataset}",
            f"give --version {' or '.join(declared.versions)}",
        )
    columns = declared.columns_of(version)
    can_split = dataset == "CostAndUsage" and "AllocatedMethodId" in columns
    if allocated and not can_split:
        raise SettingsError(
            f"{dataset} of FOCUS {version} has no Allocated columns",
            f"CostAndUsage has them from FOCUS {VERSIONS[1]} on",
        )
    lines = _read(marts, declared, month, is_closed)
    shares, left_out = None, 0
    if dataset == "CostAndUsage":
        found = lines.num_rows
        lines = lines.filter(_is_money(lines, with_estimates))
        left_out = found - lines.num_rows
        if can_split and allocated is not False:
            shares = read_shares(marts, f"{month:%Y-%m}")
    if not lines.num_rows:
        raise RefusedError(
            f"nothing of {dataset} in the billing period {month:%Y-%m} is published",
            next_step="`twinledger status` shows which periods have landed"
            + ("; --with-estimates adds charges that no bill has" if left_out else ""),
        )
    return Export(declared, columns, lines, shares, left_out)


def _is_money(lines: pa.Table, with_estimates: bool) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    is_billed = pc.equal(lines["x_EvidenceLevel"], "billed")
    return pc.or_(is_billed, pc.is_valid(lines["EffectiveCost"])) if with_estimates else is_billed


def _read(marts: Marts, dataset: FocusDataset, month: date, is_closed: bool) -> pa.Table:
    selected = ",\n    ".join(f"{sql} as {name}" for name, sql in dataset.columns.items())
    sql = f"select\n    {selected}\n{dataset.source}order by {', '.join(dataset.order)}"
    end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    sql = sql.replace(":period_end", f"cast('{end} 00:00:00' as timestamp)")
    sql = sql.replace(":period", f"'{month:%Y-%m}'")
    return marts.arrow(sql.replace(":status", "'Closed'" if is_closed else "'Open'"))


def _records(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        for record in batch.to_pylist():
            yield {name: _without_zone(value) for name, value in record.items()}


def _without_zone(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
