"""What one price list says otherwise than another: a later snapshot of it, or a second source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class PriceChange:
    """One price that differs; US dollars for one unit, None where a list has no such price.

    `known_as` is what a second source calls the model.
    """

    provider: str
    model: str
    token_class: str
    service_tier: str
    context_from_tokens: int
    before: Decimal | None
    after: Decimal | None
    known_as: str = ""


@dataclass(frozen=True)
class PriceDiff:
    """Two lists compared.

    Attributes:
        new: models that only the later list prices.
        vanished: models that only the earlier one prices. They keep their last known prices.
        changed: prices that differ, of models that both price, in the order of the list.
    """

    new: tuple[tuple[str, str], ...]
    vanished: tuple[tuple[str, str], ...]
    changed: tuple[PriceChange, ...]


_MODELS = """
    select distinct provider, model from {one} anti join {other} using (provider, model)
    order by all
"""

# A price may be written twice (once a piece of time): its newest day is compared.
_CHANGED = """
    with
    earlier as (from {before}),
    later as (from {after}),
    both_list as (
        select distinct provider, model from earlier semi join later using (provider, model)
    )
    select
        provider, model, token_class, coalesce(service_tier, 'standard') as tier,
        coalesce(context_from_tokens, 0) as band, earlier.unit_price, later.unit_price
    from (from earlier semi join both_list using (provider, model)) as earlier
    full join (from later semi join both_list using (provider, model)) as later
        using (provider, model, token_class, service_tier, context_from_tokens)
    where earlier.unit_price is distinct from later.unit_price
    order by provider, model, token_class, tier, band
"""

_CURRENT = """
    (
        select
            provider, model, token_class, coalesce(service_tier, 'standard') as service_tier,
            coalesce(context_from_tokens, 0) as context_from_tokens, unit_price
        from {table}
        where from_time is null
        qualify row_number() over (
            partition by all_keys order by valid_from desc nulls last, unit_price desc
        ) = 1
    )
""".replace("all_keys", "provider, model, token_class, service_tier, context_from_tokens")


def price_diff(before: pa.Table, after: pa.Table) -> PriceDiff:
    """Compare two tables in the columns of the dataset `prices`; of dated prices the last ones."""
    with duckdb.connect() as con:
        con.register("earlier_list", before)
        con.register("later_list", after)
        tables = {
            "before": _CURRENT.format(table="earlier_list"),
            "after": _CURRENT.format(table="later_list"),
        }
        new = con.execute(_MODELS.format(one="later_list", other="earlier_list")).fetchall()
        vanished = con.execute(_MODELS.format(one="earlier_list", other="later_list")).fetchall()
        changed = con.execute(_CHANGED.format(**tables)).fetchall()
    return PriceDiff(tuple(new), tuple(vanished), tuple(PriceChange(*row) for row in changed))


def disagreements(
    one: pa.Table, other: pa.Table, same: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[PriceChange, ...]:
    """Where two sources price one model differently.

    Args:
        one: a source's prices; the result speaks of its names, `before` is its price.
        other: the second source's prices.
        same: (provider, model) of `other` → the pair that `one` calls it.

    Returns:
        Prices that both state and that differ; what only one of them prices is no disagreement.
    """
    pairs = [(*theirs, *ours) for theirs, ours in same.items()]
    if not pairs:
        return ()
    with duckdb.connect() as con:
        con.register("one_list", one)
        con.register("other_list", other)
        con.execute(
            "create table same (provider text, model text, as_provider text, as_model text)"
        )
        con.executemany("insert into same values (?, ?, ?, ?)", pairs)
        rows = con.execute(
            f"""
            with
            ours as (from {_CURRENT.format(table="one_list")}),
            theirs as (from {_CURRENT.format(table="other_list")})
            select
                ours.provider, ours.model, ours.token_class, ours.service_tier,
                ours.context_from_tokens, ours.unit_price, theirs.unit_price, theirs.model
            from theirs
            inner join same using (provider, model)
            inner join ours
                on ours.provider = same.as_provider and ours.model = same.as_model
                and ours.token_class = theirs.token_class
                and ours.service_tier = theirs.service_tier
                and ours.context_from_tokens = theirs.context_from_tokens
            where ours.unit_price <> theirs.unit_price
            order by all
            """
        ).fetchall()
    return tuple(PriceChange(*row) for row in rows)
