{# Days by whose mean a credit's burn is told: as long as the longest month, so that a credit that
   comes once a month is in it. #}
{% set window_days = 31 %}

with

uses as (

    select *
    from {{ ref('int_credit_uses') }}

),

grants as (

    select *
    from {{ ref('credit_grants') }}

),

charges as (

    select
        source_name,
        lower(service_provider_name) as provider_key,
        lower(invoice_issuer_name) as issuer_key,
        sub_account_id,
        service_name,
        billing_currency as currency,
        charge_category,
        list_cost,
        charge_date
    from {{ ref('charges') }}
    where evidence_level = 'billed'

),

credits as (

    select
        issuer,
        credit_id,
        currency,
        amount as granted,
        valid_from,
        valid_to
    from grants
    union all
    -- Used, and granted by nobody that is known.
    select
        issuer,
        {{ text('null') }} as credit_id,
        currency,
        {{ as_money('null') }} as granted,
        cast(null as {{ date_type() }}) as valid_from,
        cast(null as {{ date_type() }}) as valid_to
    from uses
    where credit_id is null
    group by
        issuer,
        currency

),

issuers as (

    select
        issuer,
        currency
    from credits
    group by
        issuer,
        currency

),

issuers_days as (

    select
        issuers.issuer,
        issuers.currency,
        charges.charge_date
    from issuers
    inner join charges
        on
            issuers.currency = charges.currency
            and lower(issuers.issuer) in (charges.provider_key, charges.issuer_key)

),

-- What the issuer's bills speak of: a credit burns by the bill's clock, not by today's.
bills as (

    select
        issuer,
        currency,
        min(charge_date) as first_date,
        max(charge_date) as last_date
    from issuers_days
    group by
        issuer,
        currency

),

windows as (

    select
        credits.*,
        bills.last_date,
        greatest(
            bills.first_date,
            {{ date_add_days('bills.last_date', 1 - window_days) }},
            coalesce(credits.valid_from, bills.first_date)
        ) as window_start
    from credits
    left join bills
        on
            credits.issuer = bills.issuer
            and credits.currency = bills.currency

),

used as (

    select
        windows.issuer,
        windows.credit_id,
        windows.currency,
        sum(uses.used) as used,
        sum(case when uses.charge_date >= windows.window_start then uses.used end) as used_in_window
    from windows
    inner join uses
        on
            windows.issuer = uses.issuer
            and coalesce(windows.credit_id, '') = coalesce(uses.credit_id, '')
            and windows.currency = uses.currency
    group by
        windows.issuer,
        windows.credit_id,
        windows.currency

),

credited_scopes as (

    select
        windows.issuer,
        windows.credit_id,
        windows.currency,
        uses.source_name,
        uses.sub_account_id,
        uses.service_name,
        windows.window_start,
        windows.last_date
    from windows
    inner join uses
        on
            windows.issuer = uses.issuer
            and coalesce(windows.credit_id, '') = coalesce(uses.credit_id, '')
            and windows.currency = uses.currency
            and windows.window_start <= uses.charge_date
    group by
        windows.issuer,
        windows.credit_id,
        windows.currency,
        uses.source_name,
        uses.sub_account_id,
        uses.service_name,
        windows.window_start,
        windows.last_date

),

daily_list_costs as (

    select
        source_name,
        provider_key,
        issuer_key,
        sub_account_id,
        service_name,
        currency,
        sum(list_cost) as list_cost,
        {{ count_if('list_cost is null') }} as unknown_charges,
        charge_date
    from charges
    where charge_category = 'Usage'
    group by
        source_name,
        provider_key,
        issuer_key,
        sub_account_id,
        service_name,
        currency,
        charge_date

),

-- Several scopes of a credit may overlap: what a day's service costs counts once.
credited_days as (

    select
        credited_scopes.issuer,
        credited_scopes.credit_id,
        credited_scopes.currency,
        max(daily_list_costs.list_cost) as list_cost,
        max(daily_list_costs.unknown_charges) as unknown_charges
    from credited_scopes
    inner join daily_list_costs
        on
            credited_scopes.source_name = daily_list_costs.source_name
            and lower(credited_scopes.issuer)
            in (daily_list_costs.provider_key, daily_list_costs.issuer_key)
            and credited_scopes.currency = daily_list_costs.currency
            and credited_scopes.window_start <= daily_list_costs.charge_date
            and coalesce(credited_scopes.service_name, daily_list_costs.service_name, '')
            = coalesce(daily_list_costs.service_name, '')
            and coalesce(credited_scopes.sub_account_id, daily_list_costs.sub_account_id, '')
            = coalesce(daily_list_costs.sub_account_id, '')
    group by
        credited_scopes.issuer,
        credited_scopes.credit_id,
        credited_scopes.currency,
        daily_list_costs.source_name,
        daily_list_costs.provider_key,
        daily_list_costs.issuer_key,
        daily_list_costs.sub_account_id,
        daily_list_costs.service_name,
        daily_list_costs.charge_date

),

credited as (

    select
        issuer,
        credit_id,
        currency,
        -- A part of the list cost would pass for the whole.
        case when sum(unknown_charges) = 0 then sum(list_cost) end as list_cost
    from credited_days
    group by
        issuer,
        credit_id,
        currency

),

measured as (

    select
        windows.*,
        {{ days_between('windows.window_start', 'windows.last_date') }} + 1 as window_days,
        -- No bill of the issuer: nobody knows what was used. A bill without a credit: nothing was.
        case when windows.last_date is not null then coalesce(used.used, 0) end as used,
        case
            when windows.window_start <= windows.last_date then coalesce(used.used_in_window, 0)
        end as used_in_window,
        credited.list_cost as credited_list_cost
    from windows
    left join used
        on
            windows.issuer = used.issuer
            and coalesce(windows.credit_id, '') = coalesce(used.credit_id, '')
            and windows.currency = used.currency
    left join credited
        on
            windows.issuer = credited.issuer
            and coalesce(windows.credit_id, '') = coalesce(credited.credit_id, '')
            and windows.currency = credited.currency

),

burning as (

    select
        *,
        granted - used as remaining,
        {{ divide('granted - used', 'used_in_window') }} * window_days as days_until_exhausted
    from measured

),

credit_balances as (

    select
        {{ row_key(['issuer', 'credit_id', 'currency']) }} as credit_balance_id,
        issuer,
        credit_id,
        currency,
        {{ as_money('granted') }} as granted,
        {{ as_money('used') }} as used,
        {{ as_money('remaining') }} as remaining,
        {{ divide('used_in_window', 'window_days') }} as burn_per_day,
        days_until_exhausted,
        {{ divide('credited_list_cost', 'window_days') }} as run_rate_after_credit_per_day,
        last_date < valid_to
        and days_until_exhausted > {{ days_between('last_date', 'valid_to') }} as expires_unused,
        valid_from as granted_date,
        valid_to as expiry_date,
        last_date as as_of_date
    from burning

)

select * from credit_balances
