{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['pricing_model', 'provider']),
    )
}}

with

charges as (

    select
        service_provider_name as provider,
        pricing_model,
        billing_currency as currency,
        charge_category,
        commitment_discount_status,
        coalesce(resource_name, resource_id) as node_id,
        billed_cost,
        effective_cost,
        contracted_cost,
        list_cost,
        charge_date
    from {{ ref('charges') }}

),

node_days as (

    select
        node_id,
        sum(preempted_gpu_hours) as preempted_gpu_hours,
        {{ count_if('preempted_gpu_hours is null') }} = 0 as is_preemption_known,
        usage_date
    from {{ ref('int_gpu_job_hours') }}
    where node_id is not null
    group by
        node_id,
        usage_date

),

node_hours as (

    select
        node_id,
        max(provisioned_gpu_hours) as provisioned_gpu_hours,
        usage_hour,
        usage_date
    from {{ ref('int_gpu_node_hours') }}
    group by
        node_id,
        usage_hour,
        usage_date

),

node_capacity as (

    select
        node_id,
        sum(provisioned_gpu_hours) as provisioned_gpu_hours,
        usage_date
    from node_hours
    group by
        node_id,
        usage_date

),

-- The part of a node's day that was taken back from its jobs: their work is done again.
rework_shares as (

    select
        node_days.node_id,
        case when node_days.is_preemption_known then node_days.preempted_gpu_hours end
            as preempted_gpu_hours,
        node_capacity.provisioned_gpu_hours,
        node_days.usage_date
    from node_days
    inner join node_capacity
        on
            node_days.node_id = node_capacity.node_id
            and node_days.usage_date = node_capacity.usage_date

),

measured as (

    select
        charges.*,
        -- What was consumed, at the list price: a commitment's unused part and a purchase that
        -- covers later charges are no consumption, or the saving would be counted twice.
        case
            when
                charges.commitment_discount_status = 'Unused'
                or charges.charge_category = 'Purchase'
                and charges.effective_cost = 0
                and charges.billed_cost <> 0
                then {{ as_money('0') }}
            -- A credit has no list price: it is all saving.
            when charges.charge_category = 'Credit' then coalesce(charges.list_cost, 0)
            else charges.list_cost
        end as on_demand_equivalent_cost,
        case
            when charges.pricing_model = 'spot' and charges.effective_cost = 0
                then {{ as_money('0') }}
            when charges.pricing_model = 'spot'
                then {{ money_share(
                    'charges.effective_cost', 'rework_shares.preempted_gpu_hours',
                    'rework_shares.provisioned_gpu_hours'
                ) }}
        end as rework_cost
    from charges
    left join rework_shares
        on
            charges.node_id = rework_shares.node_id
            and charges.charge_date = rework_shares.usage_date

),

summed as (

    select
        provider,
        pricing_model,
        currency,
        count(*) as charges,
        sum(list_cost) as list_cost,
        sum(contracted_cost) as contracted_cost,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(on_demand_equivalent_cost) as on_demand_equivalent_cost,
        sum(case when contracted_cost is not null then list_cost end) - sum(
            case when list_cost is not null then contracted_cost end
        ) as negotiated_saving,
        sum(case when effective_cost is not null then on_demand_equivalent_cost end) - sum(
            case when on_demand_equivalent_cost is not null then effective_cost end
        ) as saving,
        {{ count_if('on_demand_equivalent_cost is not null and effective_cost is not null') }}
            as compared_charges,
        sum(abs(effective_cost)) as absolute_cost,
        sum(case when on_demand_equivalent_cost is not null then abs(effective_cost) end)
            as compared_cost,
        sum(case when commitment_discount_status = 'Used' then effective_cost end) as used_cost,
        sum(case when commitment_discount_status = 'Unused' then effective_cost end) as unused_cost,
        {{ count_if('commitment_discount_status is not null') }} as covered_charges,
        case when {{ count_if('rework_cost is null') }} = 0 then sum(rework_cost) end
            as rework_cost,
        charge_date
    from measured
    group by
        provider,
        pricing_model,
        currency,
        charge_date

),

pricing_models_daily as (

    select
        {{ row_key(['provider', 'pricing_model', 'currency', 'charge_date']) }}
            as pricing_models_daily_id,
        provider,
        pricing_model,
        currency,
        charges,
        {{ as_money('list_cost') }} as list_cost,
        {{ as_money('contracted_cost') }} as contracted_cost,
        {{ as_money('billed_cost') }} as billed_cost,
        {{ as_money('effective_cost') }} as effective_cost,
        {{ as_money('on_demand_equivalent_cost') }} as on_demand_equivalent_cost,
        {{ as_money('negotiated_saving') }} as negotiated_saving,
        {{ as_money('saving') }} as saving,
        -- By cost; by charges where nothing costs anything.
        case
            when absolute_cost <> 0 then coalesce({{ divide('compared_cost', 'absolute_cost') }}, 0)
            else {{ divide('compared_charges', 'charges') }}
        end as saving_completeness,
        {% for part in ['used', 'unused'] -%}
        case
            when pricing_model = 'committed' and covered_charges > 0
                then {{ as_money('coalesce(' ~ part ~ '_cost, 0)') }}
        end as {{ part }}_commitment_cost,
        {% endfor -%}
        case
            when pricing_model = 'committed'
                then {{ divide(
                    'coalesce(used_cost, 0)', 'coalesce(used_cost, 0) + coalesce(unused_cost, 0)'
                ) }}
        end as commitment_utilization,
        {{ as_money('rework_cost') }} as rework_cost,
        {{ as_money("case when pricing_model = 'spot' then saving - rework_cost end") }}
            as spot_net_saving,
        charge_date
    from summed

)

select * from pricing_models_daily
