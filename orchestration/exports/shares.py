"""Charges split to those who caused them, as FOCUS 1.3 writes a split line.

The summable metrics of the parts equal the origin's to the last decimal, and their ratios add up to
exactly 1: the rounding goes to the parts that lost most by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal, localcontext
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from orchestration.errors import TwinledgerError
from orchestration.exports.cost_and_usage import SUMMABLE
from orchestration.landing.datasets import ALLOCATION_KEYS
from orchestration.warehouse.marts import Marts

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]

_LAST_PLACE = Decimal("1e-18")
_SHARES = """
    select
        charges.source_name, charges.charge_period_start, shares.origin_id, shares.method_id,
        shares.driver, shares.rule_id, shares.ratio, shares.cost, {keys}
    from {{allocation.cost_allocations}} as shares
    inner join {{cost_ledger.charges}} as charges
        on shares.origin_id = charges.charge_id
    where substr(cast(charges.billing_period_start as string), 1, 7) = '{period}'
    order by
        charges.source_name, charges.charge_period_start, shares.origin_id, shares.step,
        shares.allocation_id
"""


def read_shares(marts: Marts, period: str) -> pa.Table:
    """The allocations of the charges of a billing period (YYYY-MM), in the order of the lines."""
    keys = ", ".join(f"shares.{key}" for key in ALLOCATION_KEYS)
    return marts.arrow(_SHARES.format(keys=keys, period=period))


def split_lines(lines: Iterable[Row], shares: Iterable[Row]) -> Iterator[Row]:
    """Each line as its parts, with the Allocated columns; a line without shares as it is.

    Args:
        lines: ordered by source, start of the charge period and charge.
        shares: in the same order.
    """
    groups = groupby(shares, itemgetter("source_name", "charge_period_start", "origin_id"))
    key, parts = _next(groups)
    for line in lines:
        own = (line["x_SourceName"], line["ChargePeriodStart"], line["x_ChargeId"])
        while key is not None and key < own:
            key, parts = _next(groups)
        if key == own:
            yield from _parts_of(line, parts)
        else:
            yield line


def _next(groups: Iterator[tuple[Any, Iterator[Row]]]) -> tuple[Any, list[Row]]:
    key, parts = next(groups, (None, iter(())))
    return key, list(parts)


def _parts_of(line: Row, parts: Sequence[Row]) -> Iterator[Row]:
    weights = weights_of(parts)
    ratios = split(Decimal(1), weights)
    metrics = {name: split(line[name], weights) for name in SUMMABLE if line[name] is not None}
    for place, part in enumerate(parts):
        yield {
            **line,
            **{name: amounts[place] for name, amounts in metrics.items()},
            **_allocated(part, ratios[place]),
        }


def weights_of(parts: Sequence[Row]) -> list[Decimal]:
    """What the parts weigh: their costs, which are exact, or their ratios where these say nothing.

    Raises:
        TwinledgerError: the ratios are not the shares of a whole.
    """
    ratios = [Decimal(str(part["ratio"])) for part in parts]
    # Ratios are floating point.
    if abs(sum(ratios, Decimal(0)) - 1) > Decimal("1e-9"):
        raise TwinledgerError(
            f"the shares of a charge add up to {sum(ratios, Decimal(0)):f}, not to 1",
            "run `twinledger run --full-refresh`, and tell us if it stays so",
        )
    costs = [part["cost"] for part in parts if part["cost"] is not None]
    known = len(costs) == len(parts) and any(costs)
    return costs if known and (min(costs) >= 0 or max(costs) <= 0) else ratios


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """The amount in parts of 18 decimals by weights, of which one at least is not 0."""
    with localcontext() as context:
        context.prec = 200
        whole = sum(weights, Decimal(0))
        exact = [amount * weight / whole for weight in weights]
        parts = [part.quantize(_LAST_PLACE, ROUND_FLOOR) for part in exact]
        missing = int((amount - sum(parts, Decimal(0))) / _LAST_PLACE)
        lost_most = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
        for place in lost_most[:missing]:
            parts[place] += _LAST_PLACE
        return parts


def _allocated(part: Row, ratio: Decimal) -> Row:
    """The Allocated columns of one part: our keys are its tags, the workload its resource."""
    element = f'"AllocatedRatio":{_plain(ratio)}'
    for name, value in (("x_Driver", part["driver"]), ("x_RuleId", part["rule_id"])):
        if value is not None:
            element += f',"{name}":{json.dumps(value, ensure_ascii=False)}'
    tags = {key: part[key] for key in ALLOCATION_KEYS if part[key] is not None}
    return {
        "AllocatedMethodId": part["method_id"],
        "AllocatedMethodDetails": f'{{"Elements":[{{{element}}}]}}',
        "AllocatedResourceId": part["workload"],
        "AllocatedResourceName": part["workload"],
        "AllocatedTags": json.dumps(tags, ensure_ascii=False, separators=(",", ":")),
    }


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
