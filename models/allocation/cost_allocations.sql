{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(),
    )
}}

{% set keys = allocation_keys() %}
{% set amounts = ['cost', 'billed_cost', 'list_cost'] %}

with

routes as (

    select * from {{ ref('int_charge_routes') }}

),

pool_targets as (

    select * from {{ ref('int_pool_targets') }}

),

workloads as (

    select
        workload,
        lifecycle
    from {{ ref('workloads') }}

),

shared as (

    select
        routes.origin_id,
        routes.source_name,
        routes.charge_category,
        routes.pricing_model,
        routes.ledger_category,
        routes.lifecycle,
        routes.evidence_level,
        routes.provider,
        routes.model,
        {%- for key in keys %}
        coalesce(pool_targets.{{ key }}, routes.{{ key }}) as {{ key }},
        {%- endfor %}
        case
            when routes.route = 'direct' then 'direct'
            else coalesce(pool_targets.method_id, 'unallocated')
        end as method_id,
        pool_targets.rule_id,
        pool_targets.driver,
        pool_targets.target_id,
        coalesce(pool_targets.step, case when routes.route = 'direct' then 1 else 4 end) as step,
        coalesce({{ divide('pool_targets.weight', 'pool_targets.pool_weight') }}, 1) as ratio,
        {%- for amount in amounts %}
        routes.{{ amount }},
        case
            when pool_targets.pool_id is null then routes.{{ amount }}
            else
                {{ money_share(
                    'routes.' ~ amount, 'pool_targets.weight', 'pool_targets.pool_weight'
                ) }}
        end as {{ amount }}_share,
        {%- endfor %}
        coalesce(pool_targets.is_largest, true) as takes_remainder,
        case when pool_targets.is_largest then routes.origin_id end as remainder_of,
        routes.is_ai,
        routes.charge_date
    from routes
    left join pool_targets
        on routes.pool_id = pool_targets.pool_id

),

given as (

    select
        {%- for amount in amounts %}
        sum({{ amount }}_share) as {{ amount }},
        {%- endfor %}
        origin_id
    from shared
    where not takes_remainder
    group by origin_id

),

-- Rounding never loses a digit: the target with the largest weight takes what the others leave of
-- the charge.
exact as (

    select
        {%- for amount in amounts %}
        case
            when shared.remainder_of is not null
                then shared.{{ amount }} - coalesce(given.{{ amount }}, 0)
            else shared.{{ amount }}_share
        end as {{ amount }}_part,
        {%- endfor %}
        shared.*
    from shared
    left join given
        on shared.remainder_of = given.origin_id

),

cost_allocations as (

    select
        {{ row_key(['exact.origin_id', 'exact.target_id']) }} as allocation_id,
        exact.origin_id,
        exact.source_name,
        exact.charge_category,
        exact.pricing_model,
        exact.ledger_category,
        case
            when exact.is_ai then coalesce(workloads.lifecycle, exact.lifecycle)
            else exact.lifecycle
        end as lifecycle,
        exact.evidence_level,
        exact.provider,
        exact.model,
        exact.method_id,
        exact.rule_id,
        exact.driver,
        {%- for key in keys %}
        {%- if key == 'cost_center' %}
        case
            when exact.method_id = 'unallocated' then 'unallocated'
            else exact.cost_center
        end as cost_center,
        {%- else %}
        exact.{{ key }},
        {%- endif %}
        {%- endfor %}
        cast(exact.step as {{ bigint_type() }}) as step,
        cast(exact.ratio as {{ float_type() }}) as ratio,
        {%- for amount in amounts %}
        {{ as_money('exact.' ~ amount ~ '_part') }} as {{ amount }},
        {%- endfor %}
        exact.is_ai,
        exact.charge_date
    from exact
    left join workloads
        on exact.workload = workloads.workload

)

select * from cost_allocations
