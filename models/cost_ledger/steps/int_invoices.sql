{% set decimals = invoice_decimals() %}

with

invoice_lines as (

    select
        source_name,
        1 as preference,
        invoice_id,
        issuer,
        currency,
        charge_category,
        amount,
        -- A line that a closed month's invoice no longer has takes one away.
        case when adjustment < 0 then -1 else 1 end as line_count,
        false as is_open,
        invoice_month
    from {{ ref('stg_invoices__lines') }}

),

invoice_details as (

    select
        source_name,
        0 as preference,
        invoice_id,
        invoice_issuer_name as issuer,
        billing_currency as currency,
        charge_category,
        billed_cost as amount,
        1 as line_count,
        coalesce(invoice_issue_status = 'Open', false) as is_open,
        {{ month_start(as_date('billing_period_start')) }} as invoice_month
    from {{ ref('stg_focus__invoice_details') }}
    where invoice_issue_status is distinct from 'Voided'

),

lines as (

    select * from invoice_lines
    union all
    select * from invoice_details

),

sources as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}

),

currency_decimals as (

    select
        currency,
        decimals
    from {{ ref('currency_decimals') }}

),

stated as (

    select
        sources.bill_source_name,
        lines.source_name,
        lines.invoice_id,
        max(lines.issuer) as issuer,
        lines.currency,
        sum(lines.amount) as amount,
        coalesce(sum(case when lines.charge_category = 'Tax' then lines.amount end), 0) as tax,
        coalesce(sum(case when lines.charge_category = 'Credit' then lines.amount end), 0)
            as credit,
        {{ sum_bigint('lines.line_count') }} as line_count,
        {{ sum_bigint(
            "case when lines.charge_category = 'Tax' then 0 else lines.line_count end"
        ) }} as untaxed_line_count,
        {%- for places in decimals %}
        {{ count_if(finer_than('lines.amount', places)) }} as finer_than_{{ places }},
        {%- endfor %}
        max(case when lines.is_open then 1 else 0 end) = 1 as is_open,
        min(lines.invoice_month) as period_start,
        -- An invoice that two sources state is one invoice; the issuer's own details tell more.
        row_number() over (
            partition by sources.bill_source_name, lines.invoice_id, lines.currency
            order by min(lines.preference) asc nulls last, lines.source_name asc nulls last
        ) as preference
    from lines
    inner join sources
        on lines.source_name = sources.source_name
    group by sources.bill_source_name, lines.source_name, lines.invoice_id, lines.currency

),

int_invoices as (

    select
        stated.bill_source_name,
        stated.source_name,
        stated.invoice_id,
        stated.issuer,
        stated.currency,
        stated.amount,
        stated.tax,
        stated.credit,
        stated.line_count,
        stated.untaxed_line_count,
        -- To how many decimals its lines are rounded; null where they are not.
        case
            {%- for places in decimals %}
            when
                stated.finer_than_{{ places }} = 0
                and coalesce(currency_decimals.decimals, 2) <= {{ places }}
                then {{ places }}
            {%- endfor %}
        end as decimals,
        stated.is_open,
        stated.period_start
    from stated
    left join currency_decimals
        on stated.currency = currency_decimals.currency
    where stated.preference = 1

)

select * from int_invoices
