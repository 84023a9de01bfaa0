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
    """One price that differs, of one unit; None where a list has no such price.

    `known_as` is what a second source calls the model, `condition` what else the price is bound to
    (a region, hours, a quantity), "" for nothing.
    """

    provider: str
    model: str
    token_class: str
    service_tier: str
    context_from_tokens: int
    before: Decimal | None
    after: Decimal | None
    known_as: str = ""
    condition: str = ""


@dataclass(frozen=True)
class PriceDiff:
    """Two lists compared.

    Attributes:
        new: models that only the later list prices.
        vanished: models that only the earlier one prices. They keep their last known prices.
        changed: prices that differ, of models that both price; those that only one of the two lists
            states (a tier, a class) come last.
    """

    new: tuple[tuple[str, str], ...]
    vanished: tuple[tuple[str, str], ...]
    changed: tuple[PriceChange, ...]


_MODELS = """
    select distinct provider, model from {one} anti join {other} using (provider, model)
    order by all
"""

# A price may be written twice (once a piece of time): its newest day is compared.
_CURRENT = """
    (
        select
            provider, model, token_class, coalesce(service_tier, 'standard') as service_tier,
            coalesce(context_from_tokens, 0) as context_from_tokens,
            concat_ws(
                ', ',
                nullif(price_kind, 'list'),
                geography,
                'weekdays ' || weekdays,
                from_time || '-' || coalesce(to_time, '24:00:00'),
                case when quantity_from > 0 then 'from ' || quantity_from::bigint end,
                case when is_promotion then 'promotion' end,
                nullif(currency, 'USD')
            ) as condition,
            unit_price
        from {table}
        qualify row_number() over (
            partition by
                provider, model, token_class, service_tier, context_from_tokens, condition
            order by coalesce(valid_from_at, valid_from::timestamp) desc nulls last, unit_price desc
        ) = 1
    )
"""

_CHANGED = """
    with
    earlier as (from {before}),
    later as (from {after}),
    both_list as (
        select distinct provider, model from earlier semi join later using (provider, model)
    )
    select
        provider, model, token_class, service_tier, context_from_tokens,
        earlier.unit_price, later.unit_price, '' as known_as, condition
    from (from earlier semi join both_list using (provider, model)) as earlier
    full join (from later semi join both_list using (provider, model)) as later
        using (provider, model, token_class, service_tier, context_from_tokens, condition)
    where earlier.unit_price is distinct from later.unit_price
    order by
        earlier.unit_price is null or later.unit_price is null,
        provider, model, token_class, service_tier, context_from_tokens, condition
"""

# What a list says of a class or band of its own. A price that only follows from the class around
# it, or from the band below, is no second statement.
_STATED = """
    (
        select priced.*
        from {current} as priced
        left join {current} as around
            on priced.provider = around.provider and priced.model = around.model
            and priced.service_tier = around.service_tier
            and priced.context_from_tokens = around.context_from_tokens
            and priced.condition = around.condition
            and around.token_class = 'input_uncached'
            and starts_with(priced.token_class, 'input_cache_')
        where priced.unit_price is distinct from around.unit_price
        qualify priced.context_from_tokens = 0 or priced.unit_price is distinct from
            lag(priced.unit_price) over (
                partition by
                    priced.provider, priced.model, priced.token_class, priced.service_tier,
                    priced.condition
                order by priced.context_from_tokens
            )
    )
"""


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
        Prices that both state and that differ; what only one of them prices, or prices by contract,
        is no disagreement.
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
            ours as (from {_STATED.format(current=_CURRENT.format(table="one_list"))}),
            theirs as (from {_STATED.format(current=_CURRENT.format(table="other_list"))})
            select
                ours.provider, ours.model, ours.token_class, ours.service_tier,
                ours.context_from_tokens, ours.unit_price, theirs.unit_price, theirs.model,
                ours.condition
            from theirs
            inner join same using (provider, model)
            inner join ours
                on ours.provider = same.as_provider and ours.model = same.as_model
                and ours.token_class = theirs.token_class
                and ours.service_tier = theirs.service_tier
                and ours.context_from_tokens = theirs.context_from_tokens
                and ours.condition = theirs.condition
            where ours.unit_price <> theirs.unit_price
            order by all
            """
        ).fetchall()
    return tuple(PriceChange(*row) for row in rows)
