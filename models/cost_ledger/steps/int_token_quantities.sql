{% set all_tokens = (token_classes() | join('_tokens + ')) ~ '_tokens' %}
{# Nothing used is nothing to pay, where a report does not count the requests. Where they are the
   unit, the quantity tells them. #}
{% set requests_used = (
    "(requests <> 0 or (requests is null and (" ~ all_tokens ~ " <> 0 or unit is not null)))"
    " and coalesce(unit, '') <> 'requests'"
) %}
{% set row_columns = [
    'token_usage_id', 'price_key', 'source_name', 'provider', 'model', 'service_tier', 'geography',
    'unit', 'clock_from', 'context_from_tokens', 'requests', 'is_failed', 'usage_date',
] %}

with

usage_days as (

    select *
    from {{ ref('int_token_usage_days') }}

),

usage_rows as (

    select
        {{ row_key(usage_keys()) }} as token_usage_id,
        {{ row_key(price_keys()) }} as price_key,
        {{ usage_keys() | join(',\n        ') }},
        clock_from,
        is_failed,
        {{ sum_bigint('requests') }} as requests,
        {% for token_class in token_classes() -%}
        {{ sum_bigint(token_class ~ '_tokens') }} as {{ token_class }}_tokens,
        {% endfor -%}
        {% for part in token_modalities() -%}
        {{ sum_bigint(part) }} as {{ part }},
        {% endfor -%}
        case when count(quantity) = count(*) then {{ as_money('sum(quantity)') }} end as quantity
    from usage_days
    group by
        {{ usage_keys() | join(',\n        ') }},
        clock_from,
        is_failed

),

quantities as (
    {% for token_class, (quantity, _) in priced_classes().items() %}
    select
        {{ row_columns | join(',\n        ') }},
        '{{ token_class }}' as token_class,
        false as is_unit,
        {{ as_money(quantity) }} as quantity
    from usage_rows
    where
        {{ requests_used if token_class == 'requests' else quantity ~ ' <> 0' }}
    union all
    {%- endfor %}
    select
        {{ row_columns | join(',\n        ') }},
        lower(unit) as token_class,
        true as is_unit,
        quantity
    from usage_rows
    where unit is not null and coalesce(quantity, 1) <> 0

),

int_token_quantities as (

    select
        {{ row_key(['token_usage_id', 'clock_from', 'is_failed', 'token_class', 'is_unit']) }}
            as rated_usage_id,
        quantities.*
    from quantities

)

select * from int_token_quantities
