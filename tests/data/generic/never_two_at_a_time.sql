{#- Rows of the same key (null is a value like any other) hold one after the other. -#}
{% test never_two_at_a_time(model, columns) %}

    select
        {{ columns | join(',\n        ') }},
        valid_from
    from (
        select
            {{ columns | join(',\n            ') }},
            valid_from,
            max(coalesce(valid_to, date '9999-12-31')) over (
                partition by {{ columns | join(', ') }}
                order by valid_from asc nulls first
                rows between unbounded preceding and 1 preceding
            ) as former_end
        from {{ model }}
    ) as dated
    where former_end is not null and coalesce(valid_from, date '0001-01-01') <= former_end

{% endtest %}
