{# The columns of a request in every log's words, in one order: what staging models of request logs
   end with.

   Args:
       told: of the columns that not every log has, those that this one has.
       parts: the token parts that it tells (see token_parts).
       checks: further booleans that must be true of its tokens. #}
{% macro request_columns(told, parts, checks=[]) -%}
    {%- set untold = {
        "geography": text("null"),
        "session_id": text("null"),
        "currency": text("null"),
        "unit": text("null"),
        "quantity": as_money("null"),
        "sampling_rate": as_money("null"),
        "reported_cost": as_money("null"),
        "is_retry": "false",
        "ended_at": "cast(null as " ~ timestamp_type() ~ ")",
    } -%}
    {%- set texts = ["service_tier", "geography", "status", "session_id", "unit", "currency"] -%}
    source_name,
        load_id,
        source_file,
        period,
        request_id,
        provider,
        model,
        {%- for column in texts + allocation_keys() %}
        {{ column if column in told or column not in untold else untold[column] ~ " as " ~ column }},
        {%- endfor %}
        source_row,
        {{ disjoint_classes(parts) }},
        {%- for column in ["quantity", "sampling_rate", "reported_cost"] %}
        {{ column if column in told else untold[column] ~ " as " ~ column }},
        {%- endfor %}
        is_failed,
        {{ "is_retry" if "is_retry" in told else "false as is_retry" }},
        {{ has_token_mismatch(checks) }} as has_token_mismatch,
        started_at,
        {{ "ended_at" if "ended_at" in told else untold["ended_at"] ~ " as ended_at" }},
        {{ as_date("started_at") }} as usage_date
{%- endmacro %}
