"""A request log of N rows in the columns of LiteLLM's spend log, and the prices of its models."""

from __future__ import annotations

from pathlib import Path

import duckdb

DAYS = 30
FIRST_DAY = "2026-09-01"
# A retry storm writes requests twice on every tenth day: a repeated request_id counts once.
REPEAT_EVERY_DAYS = 10
REPEATED_SHARE = 0.01
# Who calls: each has one team, feature, customer and model, as services have.
CALLERS = 600
# One price each over the whole month, so that the bare script needs one small join.
MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4.1-mini"),
    ("anthropic", "claude-3-5-haiku-latest"),
    ("anthropic", "claude-3-7-sonnet-latest"),
)
TOKEN_CLASSES = ("input_uncached", "input_cache_read", "input_cache_write_other", "output")


def write_log(target: Path, rows: int) -> None:
    """Write `rows` requests (and the repeats on top) as one CSV, spread over 30 days by time."""
    providers = ", ".join(f"'{provider}'" for provider, _ in MODELS)
    models = ", ".join(f"'{model}'" for _, model in MODELS)
    con = duckdb.connect(config={"memory_limit": "2GB"})
    con.execute(
        f"""
        create view draws as
        select
            i,
            timestamp '{FIRST_DAY}' + to_microseconds(
                (i::double / {rows} * {DAYS} * 86400000000)::bigint) as started_at,
            hash(i, 1) % {CALLERS} as caller,
            caller % 12 as team,
            caller % 40 as feature,
            caller % 200 as customer,
            (feature % {len(MODELS)} + 1)::bigint as model_at,
            (200 + hash(i, 5) % 6000)::bigint as prompt_tokens,
            (20 + hash(i, 6) % 900)::bigint as completion_tokens,
            hash(i, 7) % 100 as chance,
            (hash(i, 8) % 190)::bigint as cached_tokens,
            (hash(i, 9) % 19)::bigint as reasoning_tokens
        from range({rows}) as numbers(i)
        """
    )
    con.execute(
        f"""
        create view log as
        select
            'chatcmpl-' || lpad(i::varchar, 12, '0') as request_id,
            'acompletion' as call_type,
            md5('key' || team) as api_key,
            (prompt_tokens * 0.0000025 + completion_tokens * 0.00001)::decimal(18, 9) as spend,
            prompt_tokens + completion_tokens as total_tokens,
            prompt_tokens,
            completion_tokens,
            started_at as "startTime",
            started_at + to_milliseconds(900 + chance::bigint * 37) as "endTime",
            [{models}][model_at] as model,
            [{models}][model_at] as model_group,
            [{providers}][model_at] as custom_llm_provider,
            'https://api.vendor.example/v1' as api_base,
            'default_user_id' as "user",
            '{{"user_api_key_alias": "team-' || team || '", "status": "success", "usage_object": '
                || '{{"prompt_tokens": ' || prompt_tokens || ', "completion_tokens": '
                || completion_tokens || ', "prompt_tokens_details": {{"cached_tokens": '
                || cached_tokens || '}}, "completion_tokens_details": {{"reasoning_tokens": '
                || reasoning_tokens || '}}}}}}' as metadata,
            'False' as cache_hit,
            '["product:product-' || feature % 8 || '","feature:feature-' || feature
                || '","use_case:case-' || feature % 5 || '","env:'
                || case when chance < 90 then 'prod' else 'test' end || '"'
                || case when chance = 7 then ',"retry_of:chatcmpl-1"' else '' end || ']'
                as request_tags,
            'team-' || team as team_id,
            'customer-' || customer as end_user,
            '{{}}' as messages,
            '{{}}' as response,
            'session-' || i // 7 as session_id,
            case when chance = 13 then 'failure' else 'success' end as status,
            started_at
        from draws
        """
    )
    con.execute(
        f"""
        copy (
            select * exclude (started_at) from log
            union all
            select * exclude (started_at) from log
            where day(started_at) % {REPEAT_EVERY_DAYS} = 0
                and hash(request_id) % 1000 < {int(REPEATED_SHARE * 1000)}
        ) to '{target}' (format csv, header true)
        """
    )
    con.close()


def write_prices(target: Path) -> None:
    """Write provider, model, token_class, unit_price (US dollars a token) of the models."""
    from orchestration.pricing import price_table

    con = duckdb.connect()
    con.register("prices", price_table())
    wanted = ", ".join(f"('{provider}', '{model}')" for provider, model in MODELS)
    matched = _price_names(con)
    con.execute(
        f"""
        copy (
            select names.provider, names.model, token_class, unit_price
            from prices inner join {matched} as names
                on prices.provider = names.price_provider and prices.model = names.price_model
            where (names.provider, names.model) in ({wanted})
                and token_class in {TOKEN_CLASSES} and service_tier is null
                and (valid_to is null or valid_to >= date '{FIRST_DAY}')
                and (valid_from is null or valid_from <= date '{FIRST_DAY}')
        ) to '{target}' (format csv, header true)
        """
    )
    rows = con.execute(
        f"select count(*), count(distinct (provider, model, token_class)) from '{target}'"
    ).fetchall()[0]
    con.close()
    expected = len(MODELS) * len(TOKEN_CLASSES)
    if rows != (expected, expected):
        raise RuntimeError(f"the price book has {rows} prices for the models, not {expected}")


def _price_names(con: duckdb.DuckDBPyConnection) -> str:
    from orchestration.pricing import match_models

    con.register("names", match_models(MODELS))
    return "names"
