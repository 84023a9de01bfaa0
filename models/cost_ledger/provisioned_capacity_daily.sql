{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['source_name', 'provider', 'deployment_id']),
    )
}}

with

capacity as (

    select *
    from {{ ref('int_provisioned_days') }}

),

served as (

    select *
    from {{ ref('int_provisioned_usage') }}

),

usage_days as (

    select
        source_name,
        usage_date
    from {{ ref('token_usage_daily') }}

),

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

-- On a day of which usage is told at all, a deployment that nobody names served nothing.
told_days as (

    select
        sources.bill_source_name as source_name,
        usage_days.usage_date
    from usage_days
    inner join sources
        on usage_days.source_name = sources.source_name
    group by sources.bill_source_name, usage_days.usage_date

),

throughput as (

    select
        lower(provider) as provider,
        lower(model) as model,
        lower(unit) as unit,
        tokens_per_minute,
        valid_from,
        valid_to
    from {{ ref('provisioned_throughput') }}

),

joined as (

    select
        {{ row_key([
            'capacity.source_name', 'capacity.provider', 'capacity.deployment_id', 'capacity.model',
            'capacity.capacity_unit', 'capacity.currency', 'capacity.charge_date',
        ]) }} as provisioned_capacity_id,
        capacity.*,
        coalesce(capacity.model, served.served_model) as throughput_model,
        case
            when served.source_name is not null then served.provisioned_tokens
            when capacity.capacity_unit_hours = 0 or told_days.source_name is not null then 0
        end as tokens_served,
        case
            when served.source_name is not null then served.provisioned_standard_cost
            when capacity.capacity_unit_hours = 0 or told_days.source_name is not null
                then {{ as_money('0') }}
        end as pay_as_you_go_cost,
        case
            when served.source_name is not null then served.spillover_tokens
            when capacity.capacity_unit_hours = 0 or told_days.source_name is not null then 0
        end as spillover_tokens,
        case
            when served.source_name is not null then served.spillover_standard_cost
            when capacity.capacity_unit_hours = 0 or told_days.source_name is not null
                then {{ as_money('0') }}
        end as spillover_cost
    from capacity
    left join served
        on
            capacity.source_name = served.source_name
            and coalesce(capacity.deployment_id, '') = coalesce(served.deployment_id, '')
            and coalesce(lower(capacity.model), '') = coalesce(served.capacity_model, '')
            and capacity.capacity_unit = served.capacity_unit
            and capacity.currency = served.currency
            and capacity.charge_date = served.charge_date
    left join told_days
        on
            capacity.source_name = told_days.source_name
            and capacity.charge_date = told_days.usage_date

),

rates as (

    select
        joined.provisioned_capacity_id,
        throughput.tokens_per_minute,
        row_number() over (
            partition by joined.provisioned_capacity_id
            -- What is known of the model, before what is known of the unit in general.
            order by throughput.model asc nulls last, throughput.tokens_per_minute asc nulls last
        ) as preference
    from joined
    inner join throughput
        on
            lower(joined.provider) = throughput.provider
            and lower(joined.capacity_unit) = throughput.unit
            and coalesce(throughput.model, lower(joined.throughput_model), '')
            = coalesce(lower(joined.throughput_model), '')
            and {{ valid_on('joined.charge_date', 'throughput') }}

),

measured as (

    select
        joined.*,
        case
            when joined.capacity_unit_hours = 0 then {{ as_money('0') }}
            else {{ money_product(
                'joined.capacity_unit_hours * 60', 'rates.tokens_per_minute', 9, 6
            ) }}
        end as capacity_tokens
    from joined
    left join rates
        on
            joined.provisioned_capacity_id = rates.provisioned_capacity_id
            and rates.preference = 1

),

provisioned_capacity_daily as (

    select
        provisioned_capacity_id,
        source_name,
        provider,
        deployment_id,
        deployment_name,
        model,
        capacity_unit,
        currency,
        {{ as_money('billed_cost') }} as billed_cost,
        {{ as_money('effective_cost') }} as effective_cost,
        {{ as_money('capacity_unit_hours') }} as capacity_unit_hours,
        {{ divide('capacity_unit_hours', '24') }} as capacity_units,
        cast(tokens_served as {{ bigint_type() }}) as tokens_served,
        {{ as_money('capacity_tokens') }} as capacity_tokens,
        {{ divide('tokens_served', 'capacity_tokens') }} as used_share,
        {{ divide('effective_cost', 'tokens_served') }} * 1000000 as effective_price_per_million,
        {{ as_money('pay_as_you_go_cost') }} as pay_as_you_go_cost,
        {{ divide('pay_as_you_go_cost', 'tokens_served') }} * 1000000
            as pay_as_you_go_price_per_million,
        {{ divide('effective_cost', 'pay_as_you_go_cost') }} * {{ as_float('tokens_served') }}
            as break_even_tokens,
        {{ divide('effective_cost', 'pay_as_you_go_cost') }}
        * {{ divide('tokens_served', 'capacity_tokens') }} as break_even_used_share,
        cast(spillover_tokens as {{ bigint_type() }}) as spillover_tokens,
        {{ as_money('spillover_cost') }} as spillover_cost,
        charge_date
    from measured

)

select * from provisioned_capacity_daily
