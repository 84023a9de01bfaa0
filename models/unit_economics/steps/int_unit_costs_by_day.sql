with

units_daily as (

    select
        metric,
        basis,
        entity_type,
        entity,
        units,
        unit_date
    from {{ ref('int_units_daily') }}

),

cost_bases_daily as (

    select
        basis,
        entity_type,
        entity,
        cost,
        counted_cost,
        allocations,
        unknown_cost_allocations,
        charge_date
    from {{ ref('int_cost_bases_daily') }}

),

metrics as (

    select
        metric,
        basis
    from units_daily
    group by metric, basis

),

-- Cost that no unit could carry, of a day or of a server whose units no one counted, is left out,
-- and completeness says so.
counted_days as (

    select
        metric,
        unit_date
    from units_daily
    group by metric, unit_date

),

costs as (

    select
        metrics.metric,
        cost_bases_daily.entity_type,
        cost_bases_daily.entity,
        sum(
            case
                when counted_days.unit_date is null then null
                when metrics.metric in ('cost_per_inference', 'cost_per_1m_tokens')
                    then cost_bases_daily.counted_cost
                else cost_bases_daily.cost
            end
        ) as cost,
        sum(cost_bases_daily.cost) as month_cost,
        {{ sum_bigint('cost_bases_daily.allocations') }} as allocations,
        {{ sum_bigint('cost_bases_daily.unknown_cost_allocations') }} as unknown_cost_allocations,
        {{ month_start('cost_bases_daily.charge_date') }} as period_start
    from metrics
    inner join cost_bases_daily
        on metrics.basis = cost_bases_daily.basis
    left join counted_days
        on
            metrics.metric = counted_days.metric
            and cost_bases_daily.charge_date = counted_days.unit_date
    group by
        metrics.metric, cost_bases_daily.entity_type, cost_bases_daily.entity,
        {{ month_start('cost_bases_daily.charge_date') }}

),

units as (

    select
        metric,
        entity_type,
        entity,
        sum(units) as units,
        {{ month_start('unit_date') }} as period_start
    from units_daily
    group by metric, entity_type, entity, {{ month_start('unit_date') }}

),

int_unit_costs_by_day as (

    select
        units.metric,
        units.entity_type,
        units.entity,
        costs.cost,
        costs.month_cost,
        units.units,
        costs.allocations,
        costs.unknown_cost_allocations,
        units.period_start
    from units
    left join costs
        on
            units.metric = costs.metric
            and units.entity_type = costs.entity_type
            and units.entity = costs.entity
            and units.period_start = costs.period_start
    where
        units.entity_type = 'all'
        or costs.metric is not null

)

select * from int_unit_costs_by_day
