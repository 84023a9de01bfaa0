with

capacity as (

    select
        source_name,
        deployment_id,
        lower(deployment_name) as deployment_name,
        lower(model) as model,
        capacity_unit,
        currency,
        charge_date,
        count(*) over (partition by source_name, charge_date) as deployments
    from {{ ref('int_provisioned_days') }}
    -- What was reserved and not deployed serves nothing.
    where coalesce(capacity_unit_hours, 1) > 0

),

usage_days as (

    select *
    from {{ ref('int_unmetered_usage') }}
    where service_tier in ('provisioned', 'spillover')

),

candidates as (

    select
        usage_days.token_usage_id,
        usage_days.service_tier,
        usage_days.model,
        usage_days.tokens,
        case when usage_days.currency = capacity.currency then usage_days.standard_cost end
            as standard_cost,
        capacity.source_name,
        capacity.deployment_id,
        capacity.model as capacity_model,
        capacity.capacity_unit,
        capacity.currency,
        capacity.charge_date,
        case
            when
                lower(usage_days.workload)
                in (capacity.deployment_name, lower(capacity.deployment_id))
                then 1
            when lower(usage_days.model) = capacity.model then 2
            when capacity.deployments = 1 and capacity.model is null then 3
            else 4
        end as preference
    from usage_days
    inner join capacity
        on
            usage_days.bill_source_name = capacity.source_name
            and usage_days.usage_date = capacity.charge_date

),

best as (

    select
        *,
        min(preference) over (partition by token_usage_id) as best_preference
    from candidates

),

ranked as (

    select
        *,
        count(*) over (partition by token_usage_id) as rivals
    from best
    where preference = best_preference

),

-- Usage goes to the deployment it names, to the only one of its model, or to the only one there is;
-- else nobody can tell which deployment served it, and each of them might have.
int_provisioned_usage as (

    select
        source_name,
        deployment_id,
        capacity_model,
        capacity_unit,
        currency,
        case
            when
                min(case when service_tier = 'provisioned' then coalesce(model, '') end)
                = max(case when service_tier = 'provisioned' then coalesce(model, '') end)
                then max(case when service_tier = 'provisioned' then model end)
        end as served_model,
        {%- for tier in ['provisioned', 'spillover'] %}
        case
            when
                {{ count_if(
                    "service_tier = '" ~ tier ~ "' and (rivals > 1 or preference = 4)"
                ) }} = 0
                then coalesce(
                    {{ sum_bigint("case when service_tier = '" ~ tier ~ "' then tokens end") }}, 0
                )
        end as {{ tier }}_tokens,
        case
            when
                {{ count_if(
                    "service_tier = '" ~ tier
                    ~ "' and (rivals > 1 or preference = 4 or standard_cost is null)"
                ) }} = 0
                then coalesce(
                    sum(case when service_tier = '{{ tier }}' then standard_cost end),
                    {{ as_money('0') }}
                )
        end as {{ tier }}_standard_cost,
        {%- endfor %}
        charge_date
    from ranked
    group by
        source_name,
        deployment_id,
        capacity_model,
        capacity_unit,
        currency,
        charge_date

)

select * from int_provisioned_usage
