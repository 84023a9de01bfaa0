"""Daily sums of the requests: what the vendor's bill and the expected figures are made from."""

from __future__ import annotations

import duckdb


def create_request_days(con: duckdb.DuckDBPyConnection) -> None:
    """Create `request_days`: one row a day, model, allocation keys and kind of request.

    Tokens are disjoint classes as logged; `failed_tokens` were billed but never logged.
    """
    con.execute(
        """
        create table request_days as
        select
            day,
            month,
            model,
            case when is_untagged then null else team end as team,
            case when is_untagged or is_key_only then null else product end as product,
            case when is_untagged or is_key_only then null else feature end as feature,
            case when is_untagged or is_key_only or is_half_tagged then null else use_case end
                as use_case,
            case when is_untagged then null else customer end as customer,
            case when is_untagged or is_key_only or is_half_tagged then null else environment end
                as environment,
            feature as asked_feature,
            count(*)::bigint as requests,
            (count(*) filter (is_failed))::bigint as failed_requests,
            -- A retry is known by its tag, which untagged requests lack.
            (count(*) filter (is_retry and not is_untagged))::bigint as retried_requests,
            sum(prompt_tokens - cached_tokens)::bigint as input_tokens,
            sum(cached_tokens)::bigint as cached_input_tokens,
            sum(completion_tokens)::bigint as output_tokens,
            sum(reasoning_tokens)::bigint as reasoning_tokens,
            (coalesce(sum(sent_tokens) filter (is_failed), 0))::bigint as failed_tokens
        from requests
        group by all
        order by all
        """
    )
