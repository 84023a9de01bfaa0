with

seats as (

    select *
    from {{ ref('stg_seats__seats') }}

),

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

subscription_usage as (

    select
        token_usage_id,
        bill_source_name,
        lower(provider) as provider,
        currency,
        tokens,
        standard_cost,
        {{ month_start('usage_date') }} as usage_month
    from {{ ref('int_unmetered_usage') }}
    where service_tier = 'subscription'

),

services as (

    select
        {{ row_key(['seats.source_name', 'seats.service', 'seats.currency', 'seats.seat_month']) }}
            as seat_cost_id,
        seats.source_name,
        sources.bill_source_name,
        seats.service,
        seats.currency,
        {{ sum_bigint('seats.assigned') }} as assigned,
        -- Unknown as soon as one row's is: a part would pass for the whole.
        case
            when {{ count_if('seats.active is null') }} = 0 then {{ sum_bigint('seats.active') }}
        end as active,
        case
            when {{ count_if('seats.seat_price is null and seats.assigned > 0') }} = 0
                then sum({{ money_product(
                    'seats.assigned', 'coalesce(seats.seat_price, 0)', 0, 18
                ) }})
        end as cost,
        case
            when
                {{ count_if(
                    'seats.active is null or seats.seat_price is null and seats.assigned > 0'
                ) }} = 0
                then sum({{ money_product(
                    'seats.assigned - seats.active', 'coalesce(seats.seat_price, 0)', 0, 18
                ) }})
        end as idle_cost,
        count(*) over (partition by seats.source_name, seats.seat_month) as services_of_source,
        seats.seat_month
    from seats
    inner join sources
        on seats.source_name = sources.source_name
    group by
        seats.source_name,
        sources.bill_source_name,
        seats.service,
        seats.currency,
        seats.seat_month

),

candidates as (

    select
        services.seat_cost_id,
        subscription_usage.token_usage_id,
        subscription_usage.tokens,
        case
            when subscription_usage.currency = services.currency
                then subscription_usage.standard_cost
        end as standard_cost,
        row_number() over (
            partition by subscription_usage.token_usage_id
            order by
                case when subscription_usage.provider = lower(services.service) then 0 else 1 end
                asc nulls last,
                services.seat_cost_id asc nulls last
        ) as preference
    from services
    inner join subscription_usage
        on
            services.seat_month = subscription_usage.usage_month
            and (
                services.source_name = subscription_usage.bill_source_name
                or services.bill_source_name = subscription_usage.bill_source_name
            )
            -- Of several services only the one that the usage names, or nobody knows which.
            and (
                subscription_usage.provider = lower(services.service)
                or services.services_of_source = 1
            )

),

used as (

    select
        seat_cost_id,
        {{ sum_bigint('tokens') }} as tokens,
        case when {{ count_if('standard_cost is null') }} = 0 then sum(standard_cost) end
            as api_equivalent_cost
    from candidates
    where preference = 1
    group by seat_cost_id

),

seat_costs as (

    select
        services.seat_cost_id,
        services.source_name,
        services.service,
        services.currency,
        services.assigned,
        services.active,
        services.assigned - services.active as idle,
        {{ as_money('services.cost') }} as cost,
        {{ as_money('services.idle_cost') }} as idle_cost,
        {{ divide('services.cost', 'services.active') }} as cost_per_active_seat,
        used.tokens as used_tokens,
        {{ as_money('used.api_equivalent_cost') }} as api_equivalent_cost,
        {{ divide('used.api_equivalent_cost', 'services.active') }}
            as api_equivalent_per_active_seat,
        {{ as_money('used.api_equivalent_cost - services.cost') }} as saving_against_api,
        {{ divide('services.cost', 'used.api_equivalent_cost') }}
        * {{ as_float('services.active') }} as crossover_active_seats,
        services.seat_month as period_start
    from services
    left join used
        on services.seat_cost_id = used.seat_cost_id

)

select * from seat_costs
