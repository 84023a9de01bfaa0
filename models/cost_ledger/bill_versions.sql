with

deliveries as (

    select
        load_id,
        source_name,
        dataset,
        scope,
        period,
        status,
        totals,
        row_count,
        loaded_at
    from {{ source('landing', 'loads') }}
    where dataset in {{ bill_datasets() }} and status in ('accepted', 'superseded')

),

unpacked as (

    select
        deliveries.*,
        {{ unnested('currency') }} as currency,
        {{ json_member('deliveries.totals', unnested('currency')) }} as amounts
    from deliveries
    {{ cross_join_json_keys('deliveries.totals', 'currency') }}

),

-- Each kind of bill names its columns in its own way; the clouds' own state one cost a line, and
-- Google's credits stand beside it.
totals_by_currency as (

    select
        load_id,
        period,
        currency,
        coalesce(
            {{ safe_cast(json_text('amounts', 'BilledCost'), money_type()) }},
            {{ safe_cast(json_text('amounts', 'billed_cost'), money_type()) }},
            {{ safe_cast(json_text('amounts', 'line_item_unblended_cost'), money_type()) }},
            {{ safe_cast(json_text('amounts', 'cost_my_cost'), money_type()) }},
            {{ safe_cast(json_text('amounts', 'cost'), money_type()) }}
            + coalesce({{ safe_cast(json_text('amounts', 'credits_amount'), money_type()) }}, 0)
        ) as billed_cost,
        coalesce(
            {{ safe_cast(json_text('amounts', 'EffectiveCost'), money_type()) }},
            {{ safe_cast(json_text('amounts', 'effective_cost'), money_type()) }}
        ) as effective_cost
    from unpacked

),

currencies as (

    select
        deliveries.source_name,
        deliveries.dataset,
        deliveries.scope,
        deliveries.period,
        totals_by_currency.currency
    from deliveries
    inner join totals_by_currency
        on
            deliveries.load_id = totals_by_currency.load_id
            and deliveries.period = totals_by_currency.period
    group by
        deliveries.source_name,
        deliveries.dataset,
        deliveries.scope,
        deliveries.period,
        totals_by_currency.currency

),

-- Every version shows every currency the bill ever had: one that a new version drops is a
-- difference, not a gap.
versions as (

    select
        deliveries.load_id,
        deliveries.source_name,
        deliveries.dataset,
        deliveries.scope,
        deliveries.period,
        deliveries.status,
        deliveries.row_count,
        deliveries.loaded_at,
        currencies.currency,
        coalesce(totals_by_currency.billed_cost, 0) as billed_cost,
        coalesce(totals_by_currency.effective_cost, 0) as effective_cost
    from deliveries
    inner join currencies
        on
            deliveries.source_name = currencies.source_name
            and deliveries.dataset = currencies.dataset
            and deliveries.scope = currencies.scope
            and deliveries.period = currencies.period
    left join totals_by_currency
        on
            deliveries.load_id = totals_by_currency.load_id
            and deliveries.period = totals_by_currency.period
            and currencies.currency = totals_by_currency.currency

),

compared as (

    select
        *,
        row_number() over (
            partition by source_name, dataset, scope, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as version,
        lag(billed_cost) over (
            partition by source_name, dataset, scope, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as former_billed_cost,
        lag(effective_cost) over (
            partition by source_name, dataset, scope, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as former_effective_cost
    from versions

),

bill_versions as (

    select
        {{ row_key(['load_id', 'period', 'currency']) }} as bill_version_id,
        load_id,
        source_name,
        dataset,
        scope,
        period,
        currency,
        case
            when former_billed_cost <> billed_cost or former_effective_cost <> effective_cost
                then 'restated'
            -- Delivered before its month was over.
            when {{ as_date('loaded_at') }} < {{ next_month_start(period_day('period')) }}
                then 'estimated'
            else 'final'
        end as bill_status,
        version,
        row_count,
        {{ as_money('billed_cost') }} as billed_cost,
        {{ as_money('effective_cost') }} as effective_cost,
        {{ as_money('former_billed_cost') }} as former_billed_cost,
        {{ as_money('billed_cost - former_billed_cost') }} as billed_cost_difference,
        {{ as_money('effective_cost - former_effective_cost') }} as effective_cost_difference,
        status = 'accepted' as is_current,
        loaded_at
    from compared

)

select * from bill_versions
