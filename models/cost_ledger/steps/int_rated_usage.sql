{{ config(partition_by=partition_by_day('usage_date')) }}

{% set price_columns = [
    'price_id', 'snapshot_source', 'price_kind', 'currency', 'unpriced_reason', 'unit_price',
    'is_promotion', 'is_tiered',
] %}

with

quantities as (

    select
        *,
        service_tier in {{ tiers_paid_apart() }} as is_paid_apart
    from {{ ref('int_token_quantities') }}

),

prices as (

    select
        price_key,
        token_class,
        basis,
        {{ price_columns | join(',\n        ') }}
    from {{ ref('int_token_prices') }}

),

tiered_usage as (

    select *
    from {{ ref('int_tiered_usage') }}

),

volumes as (

    select
        bill_source_name,
        basis,
        price_id,
        is_in_request_log,
        {{ as_money('sum(quantity)') }} as month_quantity,
        {{ as_money('sum(cost)') }} as month_cost,
        month_start
    from {{ ref('int_volume_steps') }}
    group by bill_source_name, basis, price_id, is_in_request_log, month_start

),

-- The month's cost is exact; a row has what it adds to the share so far, so that all add up to it.
tiered_shares as (

    select
        tiered_usage.rated_usage_id,
        tiered_usage.basis,
        {% for name, so_far in [
            ('cost_so_far', 'tiered_usage.quantity_so_far'),
            ('cost_before', 'tiered_usage.quantity_so_far - tiered_usage.quantity'),
        ] -%}
        case
            when {{ so_far }} = volumes.month_quantity then volumes.month_cost
            when {{ so_far }} = 0 then 0
            else {{ money_share('volumes.month_cost', so_far, 'volumes.month_quantity') }}
        end as {{ name }},
        {% endfor -%}
        {{ float_as_money(divide('volumes.month_cost', 'volumes.month_quantity')) }} as unit_price
    from tiered_usage
    inner join volumes
        on
            tiered_usage.bill_source_name = volumes.bill_source_name
            and tiered_usage.basis = volumes.basis
            and tiered_usage.price_id = volumes.price_id
            and tiered_usage.is_in_request_log = volumes.is_in_request_log
            and tiered_usage.month_start = volumes.month_start

),

tiered_costs as (

    select
        rated_usage_id,
        basis,
        unit_price,
        cost_so_far - cost_before as cost
    from tiered_shares

),

{% for basis in ['reported', 'now'] -%}
{{ basis }}_prices as (

    select
        *,
        -- A price a request is a surcharge: a model without one has none.
        token_class = 'requests'
        and unpriced_reason is not null
        and unpriced_reason <> 'price_changes_within_bucket' as is_free
    from prices
    where basis = '{{ basis }}'

),

{{ basis }}_costs as (

    select *
    from tiered_costs
    where basis = '{{ basis }}'

),

{% endfor -%}
rated as (

    select
        quantities.*,
        reported_prices.currency,
        reported_prices.price_id,
        reported_prices.snapshot_source,
        reported_prices.price_kind,
        case
            when reported_prices.is_free then null
            when reported_prices.unpriced_reason is null and quantities.quantity is null
                then 'quantity_unknown'
            else reported_prices.unpriced_reason
        end as unpriced_reason,
        coalesce(reported_costs.unit_price, reported_prices.unit_price) as unit_price,
        reported_prices.is_promotion,
        {% for basis in ['reported', 'now'] -%}
        case
            when {{ basis }}_prices.is_free then 0
            when {{ basis }}_prices.is_tiered then {{ basis }}_costs.cost
            else {{ money_product('quantities.quantity', basis ~ '_prices.unit_price', 9, 18) }}
        end as {{ basis }}_cost,
        {% endfor -%}
        now_prices.price_key is not null as is_closed
    from quantities
    inner join reported_prices
        on
            quantities.price_key = reported_prices.price_key
            and quantities.token_class = reported_prices.token_class
    left join now_prices
        on
            quantities.price_key = now_prices.price_key
            and quantities.token_class = now_prices.token_class
    {%- for basis in ['reported', 'now'] %}
    left join {{ basis }}_costs
        on quantities.rated_usage_id = {{ basis }}_costs.rated_usage_id
    {%- endfor %}
    where not (reported_prices.is_free and coalesce(now_prices.is_free, true))

),

int_rated_usage as (

    select
        rated_usage_id,
        token_usage_id,
        source_name,
        provider,
        model,
        service_tier,
        geography,
        unit,
        currency,
        clock_from,
        token_class,
        {%- for column in ['price_id', 'snapshot_source', 'price_kind', 'unpriced_reason'] %}
        case when not is_paid_apart then {{ column }} end
            as {{ column if column != 'snapshot_source' else 'price_source' }},
        {%- endfor %}
        context_from_tokens,
        requests,
        quantity,
        case when not is_paid_apart then unit_price end as unit_price,
        {{ as_money('case when is_paid_apart then 0 else reported_cost end') }} as rated_cost,
        {{ as_money("""case
            when is_paid_apart then 0
            when is_closed then now_cost
            else reported_cost
        end""") }} as rated_cost_as_known_now,
        {{ as_money('reported_cost') }} as standard_cost,
        case when not is_paid_apart then is_promotion end as is_promotion,
        is_failed,
        is_unit,
        usage_date
    from rated

)

select * from int_rated_usage
