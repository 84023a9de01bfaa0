"""Cost columns that a vendor rounds: named by the gate, never put right in silence.

AWS' FOCUS 1.0 exports round EffectiveCost to whole dollars, so that 1.624 becomes 2 and 0.008
becomes 0. Such a column looks like money and adds up to something else.
"""

from __future__ import annotations

from orchestration.landing.datasets import Dataset
from orchestration.landing.readers import identifier

_DECIMALS = (0, 1, 2)
"""What a cost may be rounded to before it is called rounded: whole units down to cents."""


def rounding_columns(dataset: Dataset) -> dict[str, str]:
    """SQL expressions that say, row by row, how a bill's other costs stand to its billed one.

    Returns:
        By name (`EffectiveCost_rounding`): 'exact'; or '2.0 for 1.624' where the cost is the billed
        one rounded; null where the billed cost has at most two decimals and nothing can be told.
        A column that is always 0 is not told, which is something else: one rounded amount that is
        not 0 must be among the rows.
    """
    if not dataset.is_bill or not dataset.money:
        return {}
    billed, *others = (identifier(column) for column in dataset.money)
    names = [f"{column}_rounding" for column in dataset.money[1:]]
    return {name: _expression(billed, cost) for name, cost in zip(names, others, strict=True)}


def _expression(billed: str, cost: str) -> str:
    roundings = ", ".join(f"round({billed}, {decimals})" for decimals in _DECIMALS)
    rounded = f"{cost} <> {billed} and {cost} in ({roundings})"
    return (
        f"case when coalesce({billed} = round({billed}, 2), true) or {cost} is null then null"
        f" when {rounded} and coalesce(bool_or({cost} <> 0 and {rounded}) over (), false)"
        f" then concat(cast({cost} as double), ' for ', cast({billed} as double))"
        " else 'exact' end"
    )
