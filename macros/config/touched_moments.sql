{# The moments of the days that an incremental run reads, as literals, asked for before the statement:
   BigQuery leaves out a partition for a literal, never for a join. Days in a row make one range; past
   50 ranges the whole span is read. Nothing touched is an empty range, since BigQuery's request
   tables ask for some filter. #}
{% macro touched_moments(moment) -%}
    {%- if not execute or flags.WHICH not in ['build', 'run', 'retry'] -%}
        {{ return('true') }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for day in run_query(touched_days()).columns[0].values() -%}
        {%- if ranges and ranges[-1][1] == day -%}
            {%- do ranges.append([ranges.pop()[0], day + modules.datetime.timedelta(days=1)]) -%}
        {%- else -%}
            {%- do ranges.append([day, day + modules.datetime.timedelta(days=1)]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if ranges | length > 50 -%}
        {%- set ranges = [[ranges[0][0], ranges[-1][1]]] -%}
    {%- endif -%}
    (
    {%- for first_day, next_day in ranges or [['1970-01-01', '1970-01-01']] %}
        {{ 'or ' if not loop.first -}}
        ({{ moment }} >= timestamp '{{ first_day }} 00:00:00+00' and {{ moment }} < timestamp '{{ next_day }} 00:00:00+00')
    {%- endfor %}
    )
{%- endmacro %}

{# The days, in order, of the deliveries of usage that stand and are not built as they stand. #}
{% macro touched_days() -%}
    select {{ period_day('standing.period') }} as day
    from (select * from {{ source('landing', 'standing') }}) as standing
    {%- if is_incremental() %}
    cross join (select thresholds from {{ ref('int_context_bands') }}) as bands
    cross join (select clock_state from {{ ref('int_clock_bands') }}) as clocks
    left join (
        select
            source_name,
            period,
            state_id,
            context_thresholds,
            clock_state
        from {{ this }}
        group by source_name, period, state_id, context_thresholds, clock_state
    ) as built
        on
            standing.source_name = built.source_name
            and standing.period = built.period
            and standing.state_id = built.state_id
            and bands.thresholds = built.context_thresholds
            and clocks.clock_state = built.clock_state
    {%- endif %}
    where
        standing.dataset in {{ token_datasets() }}
        {%- if is_incremental() %}
        and built.source_name is null
        {%- endif %}
    group by {{ period_day('standing.period') }}
    order by day asc nulls last
{%- endmacro %}
