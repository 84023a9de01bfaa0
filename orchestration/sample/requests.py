"""The requests that went through the LiteLLM gateway, one row each, made by the engine in a stream.

`requests` is a view, so that a hundred million rows need no more memory than a thousand: the log's
files and the daily sums of the vendor's bill both read it.
"""

from __future__ import annotations

import duckdb

from orchestration.sample.company import BUG_FEATURE, CUSTOMERS, FEATURES, UNKNOWN_MODEL
from orchestration.sample.days import Span
from orchestration.sample.prices import PRICE_CHANGE, VENDOR_PRICES

_PLACED = """
    select
        day,
        month,
        day_number,
        place,
        -- Now and then a request fails, and the next one of the day tries it again.
        place % 20 = 7 and (place // 20 * 7919 + day_number * 104729) % 10 < 6 as is_failed,
        place % 20 = 8 and (place // 20 * 7919 + day_number * 104729) % 10 < 6 as is_retry,
        place * 1000000 // requests as part_of_day
    from (
        -- In blocks: one list of a day's requests would have to fit into memory.
        select
            day, month, day_number, requests,
            block * 2048 + unnest(range(least(2048, requests - block * 2048))) as place
        from (
            select day, month, day_number, requests, unnest(range((requests + 2047) // 2048))
                as block
            from calendar
        )
    )
"""

_DRAWN = """
    select
        *,
        case when is_retry then place - 1 else place end as origin_place,
        dice('request', day_number * 100000000 + origin_place) as dice_a,
        dice('tokens', day_number * 100000000 + origin_place) as dice_b,
        -- Fifteen per cent of the day's requests come before 8 h, seventy until 18 h.
        case
            when part_of_day < 150000 then part_of_day * 28800 // 150000
            when part_of_day < 850000 then 28800 + (part_of_day - 150000) * 36000 // 700000
            else 64800 + (part_of_day - 850000) * 21600 // 150000
        end as second_of_day
    from ({placed})
"""

_ASKED = """
    select
        *,
        {slots}[1 + pick(dice_a, 0, 64)] as asked,
        {customers}[1 + pick(dice_a, 1, {customer_count})] as customer,
        -- 7 % without any mark, 5 % with the team's key alone, 3 % with half of the tags.
        part(dice_a, 2) < 4588 as is_untagged,
        part(dice_a, 2) between 4588 and 7864 as is_key_only,
        part(dice_a, 2) between 7865 and 9830 as is_half_tagged,
        part(dice_a, 3) < 786 as is_unknown_model,
        400 + (1800 * part(dice_b, 0) * part(dice_b, 0) >> 32) as prompt_permille,
        500 + (1500 * part(dice_b, 1) * part(dice_b, 1) >> 32) as output_permille
    from ({drawn})
"""

_COUNTED = """
    select
        *,
        case when is_unknown_model then '{unknown}' else asked.model end as model,
        asked.prompt_tokens * prompt_permille // 1000
            * case when asked.feature = '{bug_feature}' and day >= date '{bug_day}'
                then 2 else 1 end as sent_tokens,
        case when is_failed then 0 else asked.output_tokens * output_permille // 1000 end
            as completion_tokens
    from ({asked})
"""

_REQUESTS = """
    select
        day,
        month,
        place,
        'chatcmpl-' || strftime(day, '%Y%m%d') || '-' || lpad(place::varchar, 8, '0') as request_id,
        'chatcmpl-' || strftime(day, '%Y%m%d') || '-' || lpad(origin_place::varchar, 8, '0')
            as origin_id,
        day + to_seconds(second_of_day) as started_at,
        400 + completion_tokens * 9 + part(dice_b, 2) // 128 as duration_ms,
        model,
        asked.team as team,
        asked.product as product,
        asked.feature as feature,
        asked.use_case as use_case,
        case when asked.for_customers then customer end as customer,
        case when part(dice_b, 3) < 6554 then 'staging' else 'prod' end as environment,
        is_untagged,
        is_key_only,
        is_half_tagged,
        is_failed,
        is_retry,
        -- The gateway logs nothing for a failed call, though the vendor bills what it had read.
        sent_tokens,
        case when is_failed then 0 else sent_tokens end as prompt_tokens,
        case
            when is_failed or sent_tokens < 1024 or model = '{unknown}' then 0
            else sent_tokens * least(asked.cached_quarters, pick(dice_b, 2, 4)) // 4 // 128 * 128
        end as cached_tokens,
        completion_tokens,
        case when model = 'gpt-5-mini' then completion_tokens * 5 // 8 else 0 end
            as reasoning_tokens
    from ({counted})
"""


def create_requests(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """Create the view `requests` over the table `calendar`, and the vendor's `vendor_prices`."""
    # Constant lists instead of joins: a join's build side could become the requests themselves.
    slots = ", ".join(
        f"{{'feature': '{f.feature}', 'team': '{f.team}', 'product': '{f.product}',"
        f" 'use_case': '{f.use_case}', 'model': '{f.model}',"
        f" 'prompt_tokens': {f.prompt_tokens}::bigint,"
        f" 'output_tokens': {f.output_tokens}::bigint,"
        f" 'cached_quarters': {f.cached_quarters}::bigint,"
        f" 'for_customers': {str(f.for_customers).lower()}}}"
        for f in FEATURES
        for _ in range(f.slots)
    )
    drawn = _DRAWN.format(placed=_PLACED)
    asked = _ASKED.format(
        drawn=drawn,
        slots=f"[{slots}]",
        customers=list(CUSTOMERS),
        customer_count=len(CUSTOMERS),
    )
    counted = _COUNTED.format(
        asked=asked, unknown=UNKNOWN_MODEL, bug_feature=BUG_FEATURE, bug_day=span.bug_day
    )
    query = _REQUESTS.format(counted=counted, unknown=UNKNOWN_MODEL)
    con.execute(f"create view requests as {query}")
    _create_prices(con)


def _create_prices(con: duckdb.DuckDBPyConnection) -> None:
    """`vendor_prices(model, token_class, valid_from, valid_to, price)`, US dollars per million."""
    con.execute(
        "create table vendor_prices(model varchar, token_class varchar,"
        " valid_from date, valid_to date, price decimal(9, 4))"
    )
    for price in VENDOR_PRICES:
        changes = price.model == "gpt-5.6-sol" and price.valid_from < PRICE_CHANGE
        for token_class in ("input", "cached_input", "output"):
            con.execute(
                "insert into vendor_prices values (?, ?, ?, ?, ?)",
                [
                    price.model,
                    token_class,
                    price.valid_from,
                    PRICE_CHANGE if changes else "9999-12-31",
                    getattr(price, token_class),
                ],
            )
