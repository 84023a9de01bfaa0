{#-
    An amount adds up to what it came from, per group, to the last decimal: no tolerance, and a
    group that one side lacks is a difference. `per` and `source_per` may be expressions; they are
    compared by position, null with null. `source_whole`: a group of the source in which an amount is
    unknown is not there.
-#}
{% test conserves(
    model, amount, per, source_model, source_amount=none, source_per=none,
    where='true', source_where='true', source_whole=false
) %}

    {%- set per = [per] if per is string else per %}
    {%- set source_per = source_per or per %}
    {%- set source_per = [source_per] if source_per is string else source_per %}

    with

    sides as (

        select
            {% for expression in per %}{{ expression }} as key_{{ loop.index }}, {% endfor -%}
            {{ as_money(amount) }} as amount,
            cast(null as {{ money_type() }}) as source_amount,
            1 as here,
            0 as there
        from {{ model }}
        where {{ where }}
        union all
        select
            {% for expression in source_per %}
            {{ expression }} as key_{{ loop.index }},
            {%- endfor %}
            cast(null as {{ money_type() }}) as amount,
            {{ as_money(source_amount or amount) }} as source_amount,
            0 as here,
            1 as there
        from {{ source_model }}
        where {{ source_where }}

    ),

    summed as (

        select
            {% for expression in per %}key_{{ loop.index }}, {% endfor -%}
            sum(amount) as summed_amount,
            {%- if source_whole %}
            case when count(source_amount) = sum(there) then sum(source_amount) end
                as summed_source_amount,
            {%- else %}
            sum(source_amount) as summed_source_amount,
            {%- endif %}
            max(here) = 1 as is_here,
            max(there) = 1 as is_there
        from sides
        group by {% for expression in per %}key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
        {%- if source_whole %}
        having sum(here) > 0 or count(source_amount) = sum(there)
        {%- endif %}

    )

    select *
    from summed
    where
        summed_amount is distinct from summed_source_amount
        or is_here <> is_there

{% endtest %}
