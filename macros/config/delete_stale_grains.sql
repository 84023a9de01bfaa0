{# Before an incremental run: takes out the (source, day) grains whose deliveries changed or stand
   no longer, and all of them when the price book draws its context bands anew, so that the run only
   adds. #}
{% macro delete_stale_grains() -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ source('landing', 'standing') }} as standing
        cross join {{ ref('int_context_bands') }} as bands
        where
            standing.dataset in ('litellm_spend_logs', 'token_events')
            and standing.source_name = {{ this }}.source_name
            and standing.period = {{ this }}.period
            and standing.state_id = {{ this }}.state_id
            and bands.thresholds = {{ this }}.context_thresholds
    )
    {%- endif -%}
{%- endmacro %}
