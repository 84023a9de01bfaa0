{% set decimals = invoice_decimals() %}

with

invoices as (

    select *
    from {{ ref('int_invoices') }}

),

billed as (

    select
        *,
        {{ invoice_match('source_name', 'invoice_id', 'period_start') }} as match_id
    from {{ ref('int_bill_totals') }}
    -- What costs nothing needs no invoice.
    where paid_charges > 0

),

billing_periods as (

    select
        invoice_issuer_name as issuer,
        {{ month_start(as_date('billing_period_start')) }} as period_start
    from {{ ref('stg_focus__billing_periods') }}
    where billing_period_status = 'Open'
    group by invoice_issuer_name, {{ month_start(as_date('billing_period_start')) }}

),

rates as (

    select
        from_currency,
        rate,
        rate_date
    from {{ ref('exchange_rates_daily') }}
    where to_currency = {{ reporting_currency() }}

),

named_invoices as (

    select
        source_name,
        invoice_id
    from billed
    where invoice_id is not null
    group by source_name, invoice_id

),

matched_invoices as (

    select
        invoices.*,
        named_invoices.invoice_id as named_invoice_id
    from invoices
    left join named_invoices
        on
            invoices.bill_source_name = named_invoices.source_name
            and invoices.invoice_id = named_invoices.invoice_id

),

-- An invoice is compared with the charges that name it. One that no charge names is compared with
-- the charges of its month that name none, together with others like it.
stated as (

    select
        {{ invoice_match('bill_source_name', 'named_invoice_id', 'period_start') }} as match_id,
        bill_source_name as source_name,
        case when count(*) = 1 then min(invoice_id) end as invoice_id,
        max(issuer) as issuer,
        currency,
        sum(amount) as amount,
        sum(tax) as tax,
        sum(credit) as credit,
        -- Each line was rounded once: half a unit of its last decimal is all that this explains.
        {%- for name, lines in [
            ('rounding', 'line_count'), ('untaxed_rounding', 'untaxed_line_count')
        ] %}
        sum(
            case decimals
                {%- for places in decimals %}
                when {{ places }}
                    then {{ money_product(lines, "'0." ~ '0' * places ~ "5'", 0, 5) }}
                {%- endfor %}
                else {{ as_money('0') }}
            end
        ) as {{ name }},
        {%- endfor %}
        max(coalesce(decimals, {{ decimals[-1] }})) as decimals,
        max(case when is_open then 1 else 0 end) = 1 as is_open,
        period_start
    from matched_invoices
    group by
        {{ invoice_match('bill_source_name', 'named_invoice_id', 'period_start') }},
        bill_source_name,
        currency,
        period_start

),

charged as (

    select
        match_id,
        max(source_name) as source_name,
        max(invoice_id) as invoice_id,
        max(issuer) as issuer,
        currency,
        sum(billed_cost) as billed_cost,
        coalesce(sum(billed_tax), 0) as billed_tax,
        coalesce(sum(billed_credit), 0) as billed_credit,
        case when sum(unknown_billed_reporting) = 0 then sum(billed_cost_reporting) end
            as billed_cost_reporting,
        {{ sum_bigint('paid_charges') }} as charges,
        {{ sum_bigint('unknown_billed') }} as unknown_billed,
        {%- for places in decimals %}
        {{ sum_bigint('finer_than_' ~ places) }} as finer_than_{{ places }},
        {%- endfor %}
        min(period_start) as period_start
    from billed
    group by match_id, currency

),

sides as (

    select
        coalesce(stated.match_id, charged.match_id) as match_id,
        coalesce(stated.source_name, charged.source_name) as source_name,
        coalesce(stated.invoice_id, charged.invoice_id) as invoice_id,
        coalesce(charged.issuer, stated.issuer) as issuer,
        coalesce(stated.currency, charged.currency) as currency,
        stated.amount,
        charged.billed_cost,
        charged.charges,
        coalesce(charged.billed_cost, 0) - stated.amount as difference,
        coalesce(charged.billed_tax, 0) - stated.tax as tax,
        coalesce(charged.billed_credit, 0) - stated.credit as credit,
        stated.rounding as unit_rounding,
        -- Charges with no more decimals than the invoice were not rounded on it: a cent is a cent.
        {%- for name in ['rounding', 'untaxed_rounding'] %}
        case
            {%- for places in decimals %}
            when stated.decimals = {{ places }} and charged.finer_than_{{ places }} > 0
                then stated.{{ name }}
            {%- endfor %}
            else {{ as_money('0') }}
        end as {{ name }},
        {%- endfor %}
        charged.billed_cost_reporting,
        coalesce(charged.unknown_billed > 0, false) as is_billed_unknown,
        coalesce(stated.is_open, false) as is_open,
        stated.match_id is not null as has_invoice,
        charged.match_id is not null as has_charges,
        coalesce(stated.period_start, charged.period_start) as period_start
    from stated
    full outer join charged
        on
            stated.match_id = charged.match_id
            and stated.currency = charged.currency

),

converted as (

    select
        sides.*,
        {{ in_reporting_currency('sides.amount', 'sides.currency', 'rates.rate') }}
            as amount_reporting,
        {{ in_reporting_currency('sides.unit_rounding', 'sides.currency', 'rates.rate') }}
            as rounding_reporting,
        sides.is_open or billing_periods.issuer is not null as is_provisional
    from sides
    left join rates
        on
            sides.currency = rates.from_currency
            -- The last day of the invoice's month.
            and {{ date_add_days(next_month_start('sides.period_start'), -1) }} = rates.rate_date
    left join billing_periods
        on
            sides.issuer = billing_periods.issuer
            and sides.period_start = billing_periods.period_start

),

matches as (

    select
        match_id,
        {{ count_if('has_invoice') }} > 0 as match_has_invoice,
        {{ count_if('has_charges') }} > 0 as match_has_charges,
        -- The issuer's rate is not known to be ours: only what fits is believed.
        coalesce(
            {{ count_if('has_invoice and amount_reporting is null') }} = 0
            and {{ count_if('has_charges and billed_cost_reporting is null') }} = 0
            and abs(sum(billed_cost_reporting) - sum(amount_reporting))
            <= sum(rounding_reporting),
            false
        ) as is_equal_converted
    from converted
    group by match_id

),

int_invoice_differences as (

    select
        converted.match_id,
        converted.source_name,
        converted.invoice_id,
        converted.issuer,
        converted.currency,
        case
            when not matches.match_has_invoice then 'no_invoice'
            when
                matches.match_has_charges
                and not (converted.has_invoice and converted.has_charges)
                then 'currency'
            when converted.is_billed_unknown then 'billed_cost_unknown'
            when abs(converted.difference) <= converted.rounding then 'none'
            when
                abs(converted.difference - converted.tax) <= converted.untaxed_rounding
                then 'tax'
            when abs(converted.difference - converted.credit) <= converted.rounding then 'credit'
            when
                abs(converted.difference - converted.tax - converted.credit)
                <= converted.untaxed_rounding
                then 'tax_and_credit'
            when converted.is_provisional then 'open'
            else 'unmatched'
        end as finding,
        converted.amount,
        converted.billed_cost,
        converted.charges,
        converted.difference,
        converted.tax,
        converted.credit,
        converted.has_invoice,
        matches.is_equal_converted,
        converted.period_start
    from converted
    inner join matches
        on converted.match_id = matches.match_id

)

select * from int_invoice_differences
