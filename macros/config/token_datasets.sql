{# The landed datasets that tell of tokens, as an SQL list: all of them, or those of vendors whose
   reports bring the costs beside the usage. #}
{% macro token_datasets(kind=none) -%}
    {%- set vendors = ["openai_reports", "anthropic_reports", "openrouter_activity"] -%}
    {%- set others = [
        "litellm_spend_logs", "token_events", "bedrock_logs", "vertex_usage", "azure_openai",
        "otel_genai", "langfuse_observations", "litellm_daily",
        "vllm_metrics",
    ] -%}
    ('{{ (vendors if kind == "vendors" else vendors + others) | join("', '") }}')
{%- endmacro %}
