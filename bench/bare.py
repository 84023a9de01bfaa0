"""The other side: a script that an analyst would write with DuckDB alone, for this one question.

    python bench/bare.py LOG.csv PRICES.csv OUT.duckdb

Reads the log with explicit types, counts a repeated request once, splits the tokens into disjoint
classes, aggregates by day, model and owner, prices the totals, and stores them in one table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

COLUMNS = {
    "request_id": "varchar",
    "call_type": "varchar",
    "api_key": "varchar",
    "spend": "decimal(38,18)",
    "total_tokens": "bigint",
    "prompt_tokens": "bigint",
    "completion_tokens": "bigint",
    "startTime": "timestamp",
    "endTime": "timestamp",
    "model": "varchar",
    "model_group": "varchar",
    "custom_llm_provider": "varchar",
    "api_base": "varchar",
    "user": "varchar",
    "metadata": "varchar",
    "cache_hit": "varchar",
    "request_tags": "varchar",
    "team_id": "varchar",
    "end_user": "varchar",
    "messages": "varchar",
    "response": "varchar",
    "session_id": "varchar",
    "status": "varchar",
}

DAILY = """
    create table daily as
    with log as (
        select
            startTime::date as usage_date,
            custom_llm_provider as provider,
            model,
            team_id as team,
            end_user as customer,
            from_json(request_tags, '["varchar"]') as tags,
            prompt_tokens,
            completion_tokens,
            json_extract_string(metadata, [
                '$.usage_object.prompt_tokens_details.cached_tokens',
                '$.usage_object.completion_tokens_details.reasoning_tokens'
            ]) as details,
            coalesce(details[1]::bigint, 0) as cached,
            coalesce(details[2]::bigint, 0) as reasoning,
            status
        from read_csv(?, header = true, auto_detect = false, columns = {columns})
        qualify row_number() over (partition by request_id order by endTime desc) = 1
    ),
    tagged as (
        select
            *,
            list_filter(tags, lambda tag: starts_with(tag, 'product:'))[1][9:] as product,
            list_filter(tags, lambda tag: starts_with(tag, 'feature:'))[1][9:] as feature,
            list_filter(tags, lambda tag: starts_with(tag, 'use_case:'))[1][10:] as use_case,
            list_filter(tags, lambda tag: starts_with(tag, 'env:'))[1][5:] as environment,
            list_filter(tags, lambda tag: starts_with(tag, 'retry_of:'))[1] is not null as is_retry
        from log
    ),
    totals as (
        select
            usage_date, provider, model, team, product, feature, use_case, customer, environment,
            count(*) as requests,
            count(*) filter (status = 'failure') as failed_requests,
            count(*) filter (is_retry) as retried_requests,
            sum(prompt_tokens - cached)::bigint as input_uncached_tokens,
            sum(cached)::bigint as input_cache_read_tokens,
            sum(completion_tokens - reasoning)::bigint as output_visible_tokens,
            sum(reasoning)::bigint as output_reasoning_tokens
        from tagged
        group by all
    ),
    prices as (
        select
            provider,
            model,
            max(unit_price) filter (token_class = 'input_uncached') as uncached_price,
            max(unit_price) filter (token_class = 'input_cache_read') as cached_price,
            max(unit_price) filter (token_class = 'output') as output_price
        from read_csv(?, columns = {{
            'provider': 'varchar', 'model': 'varchar', 'token_class': 'varchar',
            'unit_price': 'decimal(18,12)'}}, header = true)
        group by all
    )
    select
        totals.*,
        (input_uncached_tokens * uncached_price + input_cache_read_tokens * cached_price
            + (output_visible_tokens + output_reasoning_tokens) * output_price)::decimal(38,18)
            as rated_cost
    from totals
    left join prices using (provider, model)
"""


def main() -> None:
    log, prices, out = sys.argv[1:]
    Path(out).unlink(missing_ok=True)
    columns = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items()) + "}"
    # DuckDB's own memory limit: within Twinledger's 2 GB this script fails at ten million rows.
    with duckdb.connect(out, config={"preserve_insertion_order": "false"}) as con:
        con.execute(DAILY.format(columns=columns), [log, prices])


if __name__ == "__main__":
    main()
