"""A support bot's own request log, as JSON lines: usage for which no bill has arrived.

Its vendor counts cached tokens beside the input, not inside it; and a preview model has no price.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.landing.readers import literal
from orchestration.sample.company import CUSTOMERS
from orchestration.sample.days import Span
from orchestration.sample.prices import ASSISTANT_PRICE

REQUESTS_A_DAY = 30
PREVIEW_MODEL = "heron-2-beta"

KEYS = {
    "team": "care",
    "product": "helper",
    "feature": "self_service",
    "use_case": "ticket_resolution",
    "environment": "prod",
}
"""The allocation keys of every line; the customer differs."""


def create_support_log(con: duckdb.DuckDBPyConnection, scale: int) -> None:
    """Create the view `support_requests`, and `support_days` with its daily sums and costs."""
    con.execute(
        f"""
        create view support_requests as
        select
            day,
            month,
            'bot-' || strftime(day, '%Y%m%d') || '-' || lpad(place::varchar, 7, '0') as id,
            day + to_seconds(place * 86000 // {REQUESTS_A_DAY * scale}) as ts,
            case when part(dice_a, 0) < 1638 then '{PREVIEW_MODEL}'
                else '{ASSISTANT_PRICE.model}' end as model,
            2000 + pick(dice_a, 1, 6000) as input_tokens,
            pick(dice_a, 2, 5) * 1024 as cache_read_input_tokens,
            150 + pick(dice_a, 3, 900) as output_tokens,
            {list(CUSTOMERS)}[1 + place % {len(CUSTOMERS)}] as customer
        from (
            select day, month, place, dice('support', day_number * 100000000 + place) as dice_a
            from (
                select day, month, day_number, unnest(range({REQUESTS_A_DAY * scale})) as place
                from calendar
            )
        )
        """
    )
    price = ASSISTANT_PRICE
    con.execute(
        f"""
        create table support_days as
        select
            day,
            month,
            model,
            customer,
            count(*)::bigint as requests,
            sum(input_tokens)::bigint as input_tokens,
            sum(cache_read_input_tokens)::bigint as cached_input_tokens,
            sum(output_tokens)::bigint as output_tokens,
            case when model = '{price.model}' then (
                (sum(input_tokens) * {price.input} + sum(cache_read_input_tokens)
                    * {price.cached_input} + sum(output_tokens) * {price.output})
                ::decimal(28, 4) * 0.000001::decimal(7, 6)
            )::decimal(38, 10) end as cost
        from support_requests
        group by day, month, model, customer
        order by day, model, customer
        """
    )


def write_support_log(con: duckdb.DuckDBPyConnection, folder: Path, span: Span) -> None:
    """Write one file a month."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = ", ".join(f"'{value}' as {key}" for key, value in KEYS.items())
    for month in span.months:
        con.execute(
            f"copy (select id, strftime(ts, '%Y-%m-%dT%H:%M:%SZ') as ts, 'anthropic' as vendor,"
            f" model, input_tokens, cache_read_input_tokens, output_tokens, customer, {keys}"
            f" from support_requests where month = date '{month}')"
            f" to {literal(str(folder / f'requests_{month:%Y-%m}.jsonl'))} (format json)"
        )
