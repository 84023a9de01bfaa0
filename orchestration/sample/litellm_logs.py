"""LiteLLM's spend logs in its table's columns (release 1.109), what users wrote still inside."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb

from orchestration.landing.readers import literal
from orchestration.sample.company import CANARY
from orchestration.sample.days import Span
from orchestration.sample.prices import PRICE_CHANGE, VENDOR_PRICES

DUPLICATED_ROWS = 5
QUARANTINED_ROWS = 2
_LOG = "select * exclude (day, month) from spend_log where"


def write_litellm_logs(con: duckdb.DuckDBPyConnection, folder: Path, span: Span, scale: int) -> str:
    """Write one CSV a day, or from scale 2 on one Parquet file a month; give their glob."""
    folder.mkdir(parents=True, exist_ok=True)
    _create_log(con, span)
    if scale == 1:
        copies = [
            f"copy ({_LOG} day = date '{day}'{_planted_rows(span, day)})"
            f" to {literal(str(folder / f'spend_logs_{day}.csv'))} (format csv, header true)"
            for day in span.days
        ]
    else:
        copies = [
            f"copy ({_LOG} month = date '{month}')"
            f" to {literal(str(folder / f'spend_logs_{month:%Y-%m}.parquet'))}"
            " (format parquet, compression zstd, row_group_size 122880)"
            for month in span.months
        ]
    # A file is written by one thread, in the order of its rows; several files at a time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda copy: con.cursor().execute(copy), copies))
    return f"litellm/spend_logs_*.{'csv' if scale == 1 else 'parquet'}"


def _planted_rows(span: Span, day: date) -> str:
    """Rows that the gateway wrote twice, and rows that no one can read a count from."""
    duplicated = f"""
        union all {_LOG} day = date '{day}' and request_id like '%-0000000_'
            and right(request_id, 1)::bigint < {DUPLICATED_ROWS}"""
    unreadable = f"""
        union all select * exclude (day, month) replace (
            'chatcmpl-broken-' || right(request_id, 1) as request_id, -1 as completion_tokens)
        from spend_log
        where day = date '{day}' and request_id like '%-0000000_'
            and right(request_id, 1)::bigint < {QUARANTINED_ROWS}"""
    if day == span.duplicate_day:
        return duplicated
    return unreadable if day == span.broken_day else ""


def _spend() -> str:
    """The gateway's own idea of the cost: list price by token class."""
    cases = []
    for price in sorted(VENDOR_PRICES, key=lambda price: price.valid_from, reverse=True):
        since = f" and day >= date '{PRICE_CHANGE}'" if price.valid_from == PRICE_CHANGE else ""
        cases.append(
            f"when model = '{price.model}'{since} then"
            f" (prompt_tokens - cached_tokens) * {price.input} + cached_tokens"
            f" * {price.cached_input} + completion_tokens * {price.output}"
        )
    return f"case {' '.join(cases)} else 0 end"


def _create_log(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """The view `spend_log`, in the columns of LiteLLM_SpendLogs."""
    tags = """'["' || concat_ws('","',
        case when not is_key_only then 'team:' || team end,
        case when not is_key_only then 'product:' || product end,
        case when not is_key_only then 'feature:' || feature end,
        case when not is_key_only and not is_half_tagged then 'use_case:' || use_case end,
        case when not is_key_only and not is_half_tagged then 'env:' || environment end,
        case when is_retry then 'retry_of:' || origin_id end) || '"]'"""
    con.execute(
        f"""
        create view spend_log as
        select
            day,
            month,
            request_id,
            case when feature = 'semantic_index' then 'aembedding' else 'acompletion' end
                as call_type,
            md5('key of ' || team) as api_key,
            ({_spend()}) / 1000000 as spend,
            prompt_tokens + completion_tokens as total_tokens,
            prompt_tokens,
            completion_tokens,
            started_at as "startTime",
            started_at + to_milliseconds(duration_ms) as "endTime",
            duration_ms as request_duration_ms,
            case when not is_failed then started_at + to_milliseconds(350) end
                as "completionStartTime",
            model,
            md5('deployment of ' || model) as model_id,
            model as model_group,
            'openai' as custom_llm_provider,
            'https://api.vendor.example/v1' as api_base,
            'default_user_id' as "user",
            '{{"user_api_key_alias": "' || team || '-key", "status": "'
                || case when is_failed then 'failure' else 'success' end
                || '", "requester_metadata": {{"note": "{CANARY} pasted by a user"}}'
                || ', "usage_object": {{"prompt_tokens": ' || prompt_tokens
                || ', "completion_tokens": ' || completion_tokens
                || ', "total_tokens": ' || (prompt_tokens + completion_tokens)
                || ', "prompt_tokens_details": {{"cached_tokens": ' || cached_tokens
                || ', "audio_tokens": 0}}, "completion_tokens_details": {{"reasoning_tokens": '
                || reasoning_tokens || '}}}}'
                || case when is_failed then ', "error_information": {{"error_class": "Timeout",'
                    || ' "error_message": "{CANARY} the prompt that timed out"}}' else '' end
                || '}}' as metadata,
            'False' as cache_hit,
            '' as cache_key,
            case
                when is_untagged or (is_key_only and not is_retry) then '[]'
                else {tags}
            end as request_tags,
            case when is_untagged then null else team end as team_id,
            null::varchar as organization_id,
            case when is_untagged then null else customer end as end_user,
            '10.0.' || (place % 200) || '.7' as requester_ip_address,
            '[{{"role": "user", "content": "{CANARY} dear team, my order ' || place
                || ' is late"}}]' as messages,
            '{{"choices": [{{"message": {{"content": "{CANARY} we are sorry, '
                || coalesce(customer, 'colleague') || '"}}}}]}}' as response,
            'session-' || strftime(day, '%j') || '-' || (place // 6) as session_id,
            case when is_failed then 'failure' else 'success' end as status,
            null::varchar as mcp_namespaced_tool_name,
            null::varchar as billing_agent_id,
            null::varchar as agent_id,
            '{{"body": {{"messages": [{{"content": "{CANARY}"}}]}}}}' as proxy_server_request,
            request_id as litellm_call_id,
            started_at + to_milliseconds(duration_ms) as created_at,
            started_at + to_milliseconds(duration_ms) as updated_at
        from requests
        """
    )
