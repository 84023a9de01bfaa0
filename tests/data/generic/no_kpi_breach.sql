{# Rows: the guarded KPI values at a level. Severity `error` on level block stops the build before anything is published,
   severity `warn` on level warn only says so. What to do: read the row's kpi, scope, value and threshold, ask its owner;
   then mend the tags, prices or forecasts behind it, or change the threshold in the seed kpi_thresholds, with a source. #}
{% test no_kpi_breach(model, level) %}

    select
        kpi,
        scope,
        period_start as period,
        value,
        threshold,
        owner
    from {{ model }}
    where
        is_guarded
        and level = '{{ level }}'
    order by kpi asc nulls last, scope asc nulls last

{% endtest %}
