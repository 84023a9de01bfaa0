with

loads as (

    select
        load_id,
        source_name,
        dataset,
        scope,
        period,
        status,
        files,
        totals,
        row_count,
        loaded_at
    from {{ source('landing', 'loads') }}
    where dataset in {{ bill_datasets() }} and status in ('accepted', 'superseded')

),

sources_that_add_up as (

    select source_name
    from {{ source('landing', 'sources') }}
    where delivery = 'append'

),

-- Files that add up are bills of their own: a version of one replaces none of the others.
deliveries as (

    select
        loads.*,
        case when sources_that_add_up.source_name is null then '' else loads.files end as bill
    from loads
    left join sources_that_add_up
        on loads.source_name = sources_that_add_up.source_name

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
        deliveries.bill,
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
        deliveries.bill,
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
        deliveries.bill,
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
            and deliveries.bill = currencies.bill
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
            partition by source_name, dataset, scope, bill, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as version,
        lag(billed_cost) over (
            partition by source_name, dataset, scope, bill, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as former_billed_cost,
        lag(effective_cost) over (
            partition by source_name, dataset, scope, bill, period, currency
            order by loaded_at asc nulls first, load_id asc nulls first
        ) as former_effective_cost
    from versions

),

bookings as (

    select
        period,
        closed_at,
        since,
        until,
        booked_in
    from {{ source('landing', 'bookings') }}

),

closed_months as (

    select
        period,
        max(closed_at) as closed_at
    from bookings
    group by period

),

bill_versions as (

    select
        {{ row_key(['compared.load_id', 'compared.period', 'compared.currency']) }}
            as bill_version_id,
        compared.load_id,
        compared.source_name,
        compared.dataset,
        compared.scope,
        compared.period,
        compared.currency,
        case
            when
                compared.former_billed_cost <> compared.billed_cost
                or compared.former_effective_cost <> compared.effective_cost
                then 'restated'
            -- Delivered before its month was over.
            when
                {{ as_date('compared.loaded_at') }}
                < {{ next_month_start(period_day('compared.period')) }}
                then 'estimated'
            else 'final'
        end as bill_status,
        compared.version,
        compared.row_count,
        {{ as_money('compared.billed_cost') }} as billed_cost,
        {{ as_money('compared.effective_cost') }} as effective_cost,
        {{ as_money('compared.former_billed_cost') }} as former_billed_cost,
        {{ as_money('compared.billed_cost - compared.former_billed_cost') }}
            as billed_cost_difference,
        {{ as_money('compared.effective_cost - compared.former_effective_cost') }}
            as effective_cost_difference,
        compared.status = 'accepted' as is_current,
        compared.loaded_at,
        closed_months.closed_at,
        {{ period_day('coalesce(bookings.booked_in, compared.period)') }} as booked_in
    from compared
    left join closed_months
        on compared.period = closed_months.period
    left join bookings
        on
            compared.period = bookings.period
            and compared.loaded_at > bookings.since
            and compared.loaded_at <= coalesce(bookings.until, compared.loaded_at)

)

select * from bill_versions
