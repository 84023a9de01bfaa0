with

kpi_parts as (

    select
        kpi,
        scope,
        {{ divide('part', 'case when whole > 0 then whole end') }} as value,
        part,
        whole,
        {{ divide('row_count - unknown_count', 'row_count') }} as completeness,
        period_start
    from {{ ref('int_kpi_parts') }}

),

-- The last forecast that covered the whole month, made in the month before or on its first day.
forecast_vintages as (

    select
        'forecast_accuracy' as kpi,
        series as scope,
        1 - wape as value,
        target_month as period_start,
        row_number() over (
            partition by series, target_month
            order by vintage desc nulls last
        ) as vintage_rank
    from {{ ref('forecast_accuracy') }}
    where horizon_months = 1

),

measured as (

    select
        kpi,
        scope,
        value,
        part,
        whole,
        completeness,
        period_start
    from kpi_parts

    union all

    select
        kpi,
        scope,
        value,
        {{ as_money('null') }} as part,
        {{ as_money('null') }} as whole,
        case when value is null then 0 else 1 end as completeness,
        period_start
    from forecast_vintages
    where vintage_rank = 1

),

horizon as (

    select first_open_month
    from {{ ref('int_cost_horizon') }}

),

closable as (

    select
        measured.*,
        coalesce(measured.period_start < horizon.first_open_month, false) as is_closed
    from measured
    cross join horizon

),

-- Older months are history. Where no month is closed yet, the open one is the best to guard.
ranked as (

    select
        closable.*,
        row_number() over (
            partition by closable.kpi, closable.scope
            order by
                case when closable.is_closed then 0 else 1 end asc nulls last,
                closable.period_start desc nulls last
        ) as period_rank
    from closable

),

thresholds as (

    select
        kpi,
        scope,
        direction,
        {{ as_float('warn_at') }} as warn_at,
        {{ as_float('block_at') }} as block_at,
        owner,
        threshold_source,
        valid_from,
        valid_to
    from {{ ref('kpi_thresholds') }}

),

levelled as (

    select
        ranked.*,
        {{ kpi_level(
            'ranked.value', 'thresholds.direction', 'thresholds.warn_at', 'thresholds.block_at'
        ) }} as level,
        thresholds.direction,
        thresholds.warn_at,
        thresholds.block_at,
        thresholds.owner,
        thresholds.threshold_source
    from ranked
    left join thresholds
        on
            ranked.kpi = thresholds.kpi
            and ranked.scope = thresholds.scope
            and {{ valid_on('ranked.period_start', 'thresholds') }}

),

kpi_values as (

    select
        {{ row_key(['kpi', 'scope', 'period_start']) }} as kpi_values_id,
        kpi,
        scope,
        level,
        direction,
        owner,
        threshold_source,
        value,
        case when level = 'block' then block_at else coalesce(warn_at, block_at) end as threshold,
        warn_at,
        block_at,
        part,
        whole,
        cast(completeness as {{ float_type() }}) as completeness,
        is_closed,
        period_rank = 1 as is_guarded,
        period_start
    from levelled

)

select * from kpi_values
