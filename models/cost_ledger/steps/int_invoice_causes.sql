{# Cause → when it is one, its part of the difference, and what that says of the invoice. #}
{% set compared = "finding in ('none', 'tax', 'credit', 'tax_and_credit')" %}
{% set causes = {
    'tax': ["finding in ('tax', 'tax_and_credit')", 'tax', "'matched'"],
    'credit': ["finding in ('credit', 'tax_and_credit')", 'credit', "'matched'"],
    'rounding': [compared ~ ' and rest <> 0', 'rest', "'matched'"],
    'none': [compared ~ ' and difference = 0', 'difference', "'matched'"],
    'currency': [
        "finding = 'currency'", 'difference',
        "case when is_equal_converted then 'matched' else 'unknown' end",
    ],
    'billed_cost_unknown': ["finding = 'billed_cost_unknown'", 'difference', "'unknown'"],
    'open': ["finding = 'open'", 'difference', "'unknown'"],
    'unmatched': ["finding = 'unmatched'", 'difference', "'unmatched'"],
} %}

with

differences as (

    select
        *,
        difference
        - case when finding in ('tax', 'tax_and_credit') then tax else 0 end
        - case when finding in ('credit', 'tax_and_credit') then credit else 0 end as rest
    from {{ ref('int_invoice_differences') }}

),

billed as (

    select
        {{ invoice_match('source_name', 'invoice_id', 'period_start') }} as match_id,
        source_name,
        issuer,
        invoice_id,
        currency,
        sum(billed_cost) as billed_cost,
        {{ sum_bigint('paid_charges') }} as charges,
        period_start
    from {{ ref('int_bill_totals') }}
    where paid_charges > 0
    group by source_name, issuer, invoice_id, currency, period_start

),

compared as (
    {% for cause, (condition, part, status) in causes.items() %}
    select
        source_name,
        issuer,
        invoice_id,
        currency,
        '{{ cause }}' as cause,
        {{ status }} as status,
        amount as invoice_amount,
        billed_cost,
        {{ part }} as difference,
        charges,
        period_start
    from differences
    where has_invoice and {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Charges that stand elsewhere than their invoice, or have none that is known.
elsewhere as (

    select
        billed.source_name,
        billed.issuer,
        billed.invoice_id,
        billed.currency,
        case
            when not differences.has_invoice then differences.finding
            when billed.period_start <> differences.period_start then 'timing'
            else 'issuer'
        end as cause,
        case
            when differences.has_invoice or differences.is_equal_converted then 'matched'
            else 'unknown'
        end as status,
        billed.billed_cost,
        billed.charges,
        differences.has_invoice,
        differences.issuer as invoice_issuer,
        differences.period_start as invoice_month,
        billed.period_start
    from billed
    inner join differences
        on
            billed.match_id = differences.match_id
            and coalesce(billed.currency, '') = coalesce(differences.currency, '')
    where
        not differences.has_invoice
        or billed.period_start <> differences.period_start
        or billed.issuer <> differences.issuer

),

int_invoice_causes as (

    select * from compared

    union all

    select
        source_name,
        issuer,
        invoice_id,
        currency,
        cause,
        status,
        {{ as_money('null') }} as invoice_amount,
        billed_cost,
        billed_cost as difference,
        charges,
        period_start
    from elsewhere

    union all

    -- Where the invoice stands they are missing.
    select
        source_name,
        invoice_issuer as issuer,
        invoice_id,
        currency,
        cause,
        status,
        {{ as_money('null') }} as invoice_amount,
        sum(billed_cost) as billed_cost,
        -sum(billed_cost) as difference,
        {{ sum_bigint('charges') }} as charges,
        invoice_month as period_start
    from elsewhere
    where has_invoice
    group by source_name, invoice_issuer, invoice_id, currency, cause, status, invoice_month

)

select * from int_invoice_causes
