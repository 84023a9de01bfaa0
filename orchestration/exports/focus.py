"""A FOCUS dataset of one billing period out of the published marts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.errors import RefusedError, SettingsError
from orchestration.exports.cost_and_usage import COST_AND_USAGE
from orchestration.exports.dataset import VERSIONS, FocusDataset
from orchestration.exports.invoices import BILLING_PERIOD, INVOICE_DETAIL
from orchestration.exports.shares import read_shares, split_lines
from orchestration.warehouse.marts import Marts

DATASETS = {dataset.name: dataset for dataset in (COST_AND_USAGE, INVOICE_DETAIL, BILLING_PERIOD)}


@dataclass(frozen=True)
class Export:
    """What was read of a dataset.

    Attributes:
        dataset: its declaration.
        columns: in the order of the version, ours last.
        rows: column → value; a row may have more than `columns`.
        left_out: charges of the period that no bill has, or whose cost nobody knows.
    """

    dataset: FocusDataset
    columns: list[str]
    rows: list[dict[str, Any]]
    left_out: int = 0


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
    rows = _read(marts, declared, month, is_closed)
    left_out = 0
    if dataset == "CostAndUsage":
        lines = [row for row in rows if _is_money(row, with_estimates)]
        left_out = len(rows) - len(lines)
        rows = lines
        if can_split and allocated is not False:
            rows = list(split_lines(lines, read_shares(marts, f"{month:%Y-%m}")))
    if not rows:
        raise RefusedError(
            f"nothing of {dataset} in the billing period {month:%Y-%m} is published",
            next_step="`twinledger status` shows which periods have landed"
            + ("; --with-estimates adds charges that no bill has" if left_out else ""),
        )
    return Export(declared, columns, rows, left_out)


def _is_money(line: dict[str, Any], with_estimates: bool) -> bool:
    if line["x_EvidenceLevel"] == "billed":
        return True
    return with_estimates and line["EffectiveCost"] is not None


def _read(
    marts: Marts, dataset: FocusDataset, month: date, is_closed: bool
) -> list[dict[str, Any]]:
    selected = ",\n    ".join(f"{sql} as {name}" for name, sql in dataset.columns.items())
    sql = f"select\n    {selected}\n{dataset.source}order by {', '.join(dataset.order)}"
    end = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    sql = sql.replace(":period_end", f"cast('{end} 00:00:00' as timestamp)")
    sql = sql.replace(":status", "'Closed'" if is_closed else "'Open'")
    names = list(dataset.columns)
    return [dict(zip(names, row, strict=True)) for row in marts.rows(sql, [f"{month:%Y-%m}"])]
