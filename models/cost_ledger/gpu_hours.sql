{{
    config(
        partition_by=partition_by_day('usage_date'),
        cluster_by=cluster_by_columns(),
    )
}}

with

job_hours as (

    select *
    from {{ ref('int_gpu_job_hours') }}

),

-- A node that two inventories list is one node.
node_hours as (

    select
        node_id,
        max(gpu_model) as gpu_model,
        max(currency) as currency,
        max(provisioned_gpu_hours) as provisioned_gpu_hours,
        max(node_cost) as node_cost,
        usage_hour
    from {{ ref('int_gpu_node_hours') }}
    group by
        node_id,
        usage_hour

),

allocated_totals as (

    select
        node_id,
        sum(allocated_gpu_hours) as allocated_gpu_hours,
        usage_hour
    from job_hours
    where node_id is not null
    group by
        node_id,
        usage_hour

),

-- Jobs that claim more than the node has share what it has.
divided as (

    select
        node_hours.*,
        coalesce(allocated_totals.allocated_gpu_hours, 0) as node_allocated_gpu_hours,
        case
            when allocated_totals.allocated_gpu_hours > node_hours.provisioned_gpu_hours
                then allocated_totals.allocated_gpu_hours
            else node_hours.provisioned_gpu_hours
        end as divisor_gpu_hours
    from node_hours
    left join allocated_totals
        on
            node_hours.node_id = allocated_totals.node_id
            and node_hours.usage_hour = allocated_totals.usage_hour

),

allocated as (

    select
        job_hours.node_id,
        coalesce(divided.gpu_model, job_hours.gpu_model) as gpu_model,
        job_hours.cost_center,
        job_hours.team,
        job_hours.product,
        job_hours.feature,
        job_hours.use_case,
        job_hours.customer,
        job_hours.environment,
        job_hours.workload,
        divided.currency,
        {{ money_share(
            'divided.provisioned_gpu_hours',
            'job_hours.allocated_gpu_hours',
            'divided.divisor_gpu_hours'
        ) }} as provisioned_gpu_hours,
        job_hours.allocated_gpu_hours,
        {{ money_share(
            'divided.node_cost', 'job_hours.allocated_gpu_hours', 'divided.divisor_gpu_hours'
        ) }} as allocated_cost,
        job_hours.usage_hour
    from job_hours
    left join divided
        on
            job_hours.node_id = divided.node_id
            and job_hours.usage_hour = divided.usage_hour

),

shared_totals as (

    select
        node_id,
        sum(provisioned_gpu_hours) as provisioned_gpu_hours,
        sum(allocated_cost) as allocated_cost,
        usage_hour
    from allocated
    where node_id is not null
    group by
        node_id,
        usage_hour

),

-- What no job had, and the dust of rounding: the parts of a node's hour add up to the hour by
-- construction.
unallocated as (

    select
        divided.node_id,
        divided.gpu_model,
        divided.currency,
        {{ as_money(
            'divided.provisioned_gpu_hours - coalesce(shared_totals.provisioned_gpu_hours, 0)'
        ) }} as unallocated_gpu_hours,
        {{ as_money('divided.node_cost - coalesce(shared_totals.allocated_cost, 0)') }}
            as unallocated_cost,
        divided.usage_hour
    from divided
    left join shared_totals
        on
            divided.node_id = shared_totals.node_id
            and divided.usage_hour = shared_totals.usage_hour

),

parts as (

    select
        {{ text("'allocated'") }} as part,
        node_id,
        gpu_model,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        currency,
        provisioned_gpu_hours,
        allocated_gpu_hours,
        -- Unknown where the node is unknown.
        case when provisioned_gpu_hours is not null then {{ as_money('0') }} end
            as unallocated_gpu_hours,
        allocated_cost,
        case when allocated_cost is not null then {{ as_money('0') }} end as unallocated_cost,
        usage_hour
    from allocated
    union all
    select
        {{ text("'unallocated'") }} as part,
        node_id,
        gpu_model,
        {{ text('null') }} as cost_center,
        {{ text('null') }} as team,
        {{ text('null') }} as product,
        {{ text('null') }} as feature,
        {{ text('null') }} as use_case,
        {{ text('null') }} as customer,
        {{ text('null') }} as environment,
        {{ text('null') }} as workload,
        currency,
        unallocated_gpu_hours as provisioned_gpu_hours,
        {{ as_money('0') }} as allocated_gpu_hours,
        unallocated_gpu_hours,
        case when unallocated_cost is not null then {{ as_money('0') }} end as allocated_cost,
        unallocated_cost,
        usage_hour
    from unallocated
    where unallocated_gpu_hours <> 0 or unallocated_cost <> 0

),

-- No telemetry of what the GPUs did is landed yet: what is allocated is unmeasured, neither used
-- nor idle.
gpu_hours as (

    select
        -- A job without any key and the idle rest of its node share all columns but the part.
        {{ row_key(['part', 'node_id', 'gpu_model', hour_text('usage_hour')] + allocation_keys()) }}
            as gpu_hours_id,
        node_id,
        gpu_model,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        currency,
        provisioned_gpu_hours,
        allocated_gpu_hours,
        {{ as_money('null') }} as used_gpu_hours,
        {{ as_money('null') }} as allocated_idle_gpu_hours,
        unallocated_gpu_hours,
        allocated_gpu_hours as unmeasured_gpu_hours,
        allocated_cost,
        {{ as_money('null') }} as used_cost,
        {{ as_money('null') }} as allocated_idle_cost,
        unallocated_cost,
        allocated_cost as unmeasured_cost,
        usage_hour,
        {{ as_date('usage_hour') }} as usage_date
    from parts

)

select * from gpu_hours
