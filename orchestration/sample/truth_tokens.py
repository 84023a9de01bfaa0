"""Expected figures of the token usage, and of what is planted in it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from orchestration.sample.checks import Check, month_is, text
from orchestration.sample.company import BUG_FEATURE
from orchestration.sample.days import Span

_USAGE = "cost_ledger.token_usage_daily"


def token_checks(con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """Requests and disjoint token classes by month and model; their list price."""
    for query in (_GATEWAY_TOKENS, _SUPPORT_TOKENS):
        cursor = con.execute(query)
        columns = [column[0] for column in cursor.description or []]
        for row in cursor.fetchall():
            source, month, model = row[:3]
            where = (
                f"source_name = '{source}' and model = '{model}'"
                f" and {month_is('usage_date', month)}"
            )
            for column, value in zip(columns[3:], row[3:], strict=True):
                # A failed call without tokens cost nothing, whatever its model would cost.
                used = " and total_tokens > 0" if column == "rated_cost" else ""
                yield Check(_USAGE, where + used, f"sum({column})", text(value))


_GATEWAY_TOKENS = """
    select
        'litellm_gateway' as source_name,
        strftime(used.month, '%Y-%m') as month,
        used.model,
        sum(used.requests) as requests,
        sum(used.failed_requests) as failed_requests,
        sum(used.retried_requests) as retried_requests,
        sum(used.input_tokens) as input_uncached_tokens,
        sum(used.cached_input_tokens) as input_cache_read_tokens,
        sum(used.output_tokens - used.reasoning_tokens) as output_visible_tokens,
        sum(used.reasoning_tokens) as output_reasoning_tokens,
        sum(used.input_tokens + used.cached_input_tokens + used.output_tokens) as total_tokens,
        sum(case when prices.model is null
            then used.input_tokens + used.cached_input_tokens + used.output_tokens else 0 end)
            as unpriced_tokens,
        (sum(used.input_tokens * prices.input_price
            + used.cached_input_tokens * prices.cached_price
            + used.output_tokens * prices.output_price)::decimal(30, 4)
            * 0.000001::decimal(7, 6))::decimal(38, 10) as rated_cost
    from request_days as used
    left join (
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
    group by used.month, used.model
    order by used.month, used.model
"""

_SUPPORT_TOKENS = """
    select
        'support_bot' as source_name,
        strftime(month, '%Y-%m') as month,
        model,
        sum(requests) as requests,
        sum(input_tokens) as input_uncached_tokens,
        sum(cached_input_tokens) as input_cache_read_tokens,
        sum(output_tokens) as output_visible_tokens,
        sum(case when cost is null
            then input_tokens + cached_input_tokens + output_tokens else 0 end)
            as unpriced_tokens,
        sum(cost) as rated_cost
    from support_days
    group by month, model
    order by month, model
"""


def planted_checks(con: duckdb.DuckDBPyConnection, span: Span) -> Iterator[Check]:
    """Calls that failed but were billed; the feature that sends its prompts twice."""
    failed = con.execute("select sum(failed_cost) from vendor_lines").fetchall()[0][0]
    yield Check(
        _USAGE,
        "source_name = 'litellm_gateway'",
        "(select sum(billed_cost) from cost_ledger.charges where source_name = 'model_vendor')"
        " - sum(rated_cost)",
        text(failed),
    )
    for before, tokens, requests in con.execute(
        "select day < $day as before, sum(input_tokens + cached_input_tokens),"
        " sum(requests - failed_requests) from request_days where feature = $feature"
        " group by all order by all",
        {"day": span.bug_day, "feature": BUG_FEATURE},
    ).fetchall():
        where = (
            f"feature = '{BUG_FEATURE}' and usage_date {'<' if before else '>='}"
            f" date '{span.bug_day}'"
        )
        prompts = "sum(input_uncached_tokens + input_cache_read_tokens)"
        yield Check(_USAGE, where, prompts, text(tokens))
        yield Check(_USAGE, where, "sum(requests - failed_requests)", text(requests))
