"""Who bears which part of the charges, as exact fractions.

A share such as 1/3 has no end as a decimal, so the warehouse rounds it and gives the rest to the
largest bearer. The expected sums are therefore compared at six decimals; everything else exactly.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import duckdb

from orchestration.sample.company import TEAMS
from orchestration.sample.days import Span
from orchestration.sample.gpu import jobs

UNALLOCATED = "unallocated"

_AGREED = {"discovery": Fraction(5), "customer_care": Fraction(3), "engineering": Fraction(2)}
_EVEN = dict.fromkeys(("discovery", "customer_care", "commerce"), Fraction(1))


@dataclass(frozen=True)
class Bearer:
    """Who bears a cost; `cost_center` is 'unallocated' where nobody does."""

    method: str
    cost_center: str
    product: str | None = None
    feature: str | None = None
    use_case: str | None = None
    customer: str | None = None


NOBODY = Bearer(UNALLOCATED, UNALLOCATED)
Shares = dict[tuple[date, bool, Bearer], Fraction]
"""(day, is AI, bearer) → US dollars."""


def true_shares(con: duckdb.DuckDBPyConnection, seed: int, span: Span) -> Shares:
    """All known cost, shared out. Call it after `create_true_charges`."""
    shares: Shares = defaultdict(Fraction)
    for day, is_ai, center, product, feature, use_case, customer, cost in con.execute(
        "select day, is_ai, cost_center, product, feature, use_case, customer, sum(cost)"
        " from true_charges where owner = 'direct' and cost is not null group by all order by all"
    ).fetchall():
        bearer = Bearer("direct", center, product, feature, use_case, customer)
        shares[day, is_ai, bearer] += Fraction(cost)
    _share_tokens(con, shares)
    _share_gpus(con, shares, seed, span)
    caused = _caused_by_cost_center(shares)
    for day, is_ai, owner, cost in con.execute(
        "select day, is_ai, owner, sum(cost) from true_charges"
        " where owner in ('even', 'fixed', 'proportional', 'nobody') and cost is not null"
        " group by all order by all"
    ).fetchall():
        weights = {
            "even": _EVEN, "fixed": _AGREED, "nobody": {}, "proportional": caused[day, is_ai],
        }[owner]  # fmt: skip
        _divide(shares, day, is_ai, Fraction(cost), {
            Bearer(owner, center): weight for center, weight in weights.items()
        })  # fmt: skip
    return shares


def _divide(
    shares: Shares, day: date, is_ai: bool, cost: Fraction, weights: dict[Bearer, Fraction]
) -> None:
    total = sum(weights.values())
    if total == 0:
        shares[day, is_ai, NOBODY] += cost
    for bearer, weight in weights.items():
        shares[day, is_ai, bearer] += cost * weight / total


def _share_tokens(con: duckdb.DuckDBPyConnection, shares: Shares) -> None:
    """The vendor's bill of a day and model, by the list price of the tokens that each used."""
    weights: dict[tuple[date, str], dict[Bearer, Fraction]] = defaultdict(dict)
    for day, model, team, product, feature, use_case, customer, weight in con.execute(
        """
        select
            used.day, used.model, used.team, used.product, used.feature, used.use_case,
            used.customer,
            sum(used.input_tokens * prices.input_price + used.cached_input_tokens
                * prices.cached_price + used.output_tokens * prices.output_price)
        from request_days as used
        inner join (
            select
                model, valid_from, valid_to,
                max(price) filter (token_class = 'input') as input_price,
                max(price) filter (token_class = 'cached_input') as cached_price,
                max(price) filter (token_class = 'output') as output_price
            from vendor_prices
            group by all
        ) as prices
            on used.model = prices.model
            and used.day >= prices.valid_from and used.day < prices.valid_to
        group by all
        order by all
        """
    ).fetchall():
        bearer = (
            NOBODY
            if team is None
            else Bearer("usage", TEAMS[team], product, feature, use_case, customer)
        )
        pool = weights[day, model]
        pool[bearer] = pool.get(bearer, Fraction(0)) + Fraction(weight)
    for day, model, cost in con.execute(
        "select day, model, sum(cost) from true_charges where owner = 'usage_tokens'"
        " group by all order by all"
    ).fetchall():
        _divide(shares, day, True, Fraction(cost), weights[day, model])


def _share_gpus(con: duckdb.DuckDBPyConnection, shares: Shares, seed: int, span: Span) -> None:
    """A node's day by the GPU hours of its jobs; what no job held is nobody's."""
    held: dict[tuple[date, str], dict[Bearer, Fraction]] = defaultdict(dict)
    for day, node, team, product, feature, use_case, hours in job_days(seed, span):
        bearer = Bearer("usage", TEAMS[team], product, feature, use_case) if team else NOBODY
        pool = held[day, node]
        pool[bearer] = pool.get(bearer, Fraction(0)) + hours
    for node, day, gpus, cost in con.execute(
        "select node, day, gpus, cost from true_node_days order by node, day"
    ).fetchall():
        pool = held[day, node]
        idle = Fraction(gpus * 24) - sum(pool.values())
        pool[NOBODY] = pool.get(NOBODY, Fraction(0)) + idle
        _divide(shares, day, True, Fraction(cost), pool)


def job_days(seed: int, span: Span) -> list[tuple[date, str, str, str, str, str, Fraction]]:
    """(day, node, team, product, feature, use case, GPU hours) of every job and day."""
    rows = []
    for job in jobs(seed, span):
        start, end = job.started_at, job.ended_at
        while start is not None and end is not None and start < end:
            midnight = datetime.combine(start.date(), datetime.min.time()) + timedelta(days=1)
            part = replace(job, started_at=start, ended_at=min(end, midnight))
            rows.append(
                (start.date(), job.node.node, job.team, job.product, job.feature, job.use_case,
                 Fraction(part.gpu_hours))
            )  # fmt: skip
            start = midnight
    return rows


def _caused_by_cost_center(shares: Shares) -> dict[tuple[date, bool], dict[str, Fraction]]:
    """What each cost centre bears already: AI cost for AI pools, all cost for the others."""
    caused: dict[tuple[date, bool], dict[str, Fraction]] = defaultdict(dict)
    for (day, is_ai, bearer), cost in shares.items():
        if bearer.cost_center == UNALLOCATED:
            continue
        for pool_is_ai in {False, is_ai}:
            pool = caused[day, pool_is_ai]
            pool[bearer.cost_center] = pool.get(bearer.cost_center, Fraction(0)) + cost
    return caused


def rounded(value: Fraction, places: int = 6) -> Decimal:
    """The decimal nearest to a fraction, halves away from zero as in SQL."""
    scaled = abs(value) * 10**places
    nearest = int(scaled + Fraction(1, 2))
    return Decimal(nearest if value >= 0 else -nearest).scaleb(-places)
