with

usage_days as (

    select
        token_usage_id,
        source_name,
        provider,
        model,
        service_tier,
        workload,
        total_tokens,
        usage_date
    from {{ ref('token_usage_daily') }}
    where
        service_tier in ('provisioned', 'spillover', 'subscription')
        -- A request log tells of the same tokens.
        and not is_in_request_log

),

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

rated as (

    select
        token_usage_id,
        max(currency) as currency,
        -- Null as soon as one class has no price.
        case when {{ count_if('standard_cost is null') }} = 0 then sum(standard_cost) end
            as standard_cost
    from {{ ref('int_rated_usage') }}
    where service_tier in ('provisioned', 'spillover', 'subscription')
    group by token_usage_id

),

int_unmetered_usage as (

    select
        usage_days.token_usage_id,
        sources.bill_source_name,
        usage_days.provider,
        usage_days.model,
        usage_days.service_tier,
        usage_days.workload,
        rated.currency,
        usage_days.total_tokens as tokens,
        case
            when usage_days.total_tokens = 0 then {{ as_money('0') }}
            else {{ as_money('rated.standard_cost') }}
        end as standard_cost,
        usage_days.usage_date
    from usage_days
    inner join sources
        on usage_days.source_name = sources.source_name
    left join rated
        on usage_days.token_usage_id = rated.token_usage_id

)

select * from int_unmetered_usage
