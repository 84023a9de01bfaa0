{# Before an incremental run: takes out the (source, day) grains whose deliveries changed or stand
   no longer, and all of them when the price book draws its context or clock bands anew, so that the
   run only adds. #}
{% macro delete_stale_grains() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} as built
    where not exists (
        select 1
        from (select * from {{ source('landing', 'standing') }}) as standing
        cross join (select thresholds from {{ ref('int_context_bands') }}) as bands
        cross join (select clock_state from {{ ref('int_clock_bands') }}) as clocks
        where
            standing.dataset in {{ token_datasets() }}
            and standing.source_name = built.source_name
            and standing.period = built.period
            and standing.state_id = built.state_id
            and bands.thresholds = built.context_thresholds
            and clocks.clock_state = built.clock_state
    )
    {%- endif -%}
{%- endmacro %}
