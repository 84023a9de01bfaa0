{# Step → its amount, what it is compared with, its currency, what it is called when unknown. #}
{% set steps = {
    'invoice': ['invoice_amount', 'invoice_amount', 'currency', 'no_invoice'],
    'billed': ['billed_cost', 'invoice_amount', 'currency', 'not_billed'],
    'effective': [
        'effective_cost',
        'case when effective_cost is not null or billed_cost is not null'
        ~ ' then coalesce(billed_cost, 0) end',
        'currency', 'cost_unknown',
    ],
    'allocated': ['allocated_cost', 'cost', reporting_currency(), 'cost_unknown'],
    'unit_costs': ['unit_cost', 'allocated_cost', reporting_currency(), 'cost_unknown'],
} %}

with

invoices as (

    select
        issuer,
        currency,
        amount,
        period_start
    from {{ ref('int_invoice_differences') }}
    where has_invoice

),

bill_totals as (

    select
        issuer,
        currency,
        billed_cost,
        effective_cost,
        cost,
        period_start
    from {{ ref('int_bill_totals') }}

),

reconciled_costs as (

    select
        issuer,
        currency,
        cost,
        is_in_unit_costs,
        period_start
    from {{ ref('int_reconciled_costs_daily') }}

),

causes as (

    select
        issuer,
        period,
        currency,
        step,
        cause,
        status,
        difference
    from {{ ref('bill_reconciliation_causes') }}

),

sides as (

    select
        issuer,
        currency,
        amount as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('null') }} as effective_cost,
        {{ as_money('null') }} as cost,
        {{ as_money('null') }} as allocated_cost,
        {{ as_money('null') }} as unit_cost,
        period_start
    from invoices

    union all

    select
        issuer,
        currency,
        {{ as_money('null') }} as invoice_amount,
        billed_cost,
        effective_cost,
        cost,
        {{ as_money('null') }} as allocated_cost,
        {{ as_money('null') }} as unit_cost,
        period_start
    from bill_totals

    union all

    select
        issuer,
        currency,
        {{ as_money('null') }} as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('null') }} as effective_cost,
        {{ as_money('null') }} as cost,
        cost as allocated_cost,
        case
            when is_in_unit_costs then cost
            when cost is not null then {{ as_money('0') }}
        end as unit_cost,
        period_start
    from reconciled_costs

),

bills as (

    select
        issuer,
        currency,
        sum(invoice_amount) as invoice_amount,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        sum(cost) as cost,
        sum(allocated_cost) as allocated_cost,
        sum(unit_cost) as unit_cost,
        substr({{ text('period_start') }}, 1, 7) as period
    from sides
    group by issuer, currency, substr({{ text('period_start') }}, 1, 7)

),

chain as (
    {% for step, (amount, former, amount_currency, unknown_cause) in steps.items() %}
    select
        issuer,
        period,
        currency,
        '{{ step }}' as step,
        {{ amount_currency }} as amount_currency,
        '{{ unknown_cause }}' as unknown_cause,
        {{ amount }} as amount,
        coalesce({{ amount }}, 0) - {{ former }} as difference
    from bills
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ranked_causes as (

    select
        causes.*,
        row_number() over (
            partition by causes.issuer, causes.period, causes.currency, causes.step
            order by
                case when causes.status = 'unmatched' then 0 else 1 end asc nulls last,
                abs(causes.difference) desc nulls last,
                causes.cause asc nulls last
        ) as size_rank
    from causes

),

explained as (

    select
        issuer,
        period,
        currency,
        step,
        max(case when size_rank = 1 then cause end) as cause,
        sum(case when status <> 'unmatched' then difference end) as difference,
        {{ count_if("status = 'unknown'") }} as unknown_causes
    from ranked_causes
    group by issuer, period, currency, step

),

measured as (

    select
        chain.*,
        chain.difference - coalesce(explained.difference, 0) as residual,
        coalesce(
            explained.cause, case when chain.amount is null then chain.unknown_cause else 'none' end
        ) as cause,
        coalesce(explained.unknown_causes, 0) as unknown_causes
    from chain
    left join explained
        on
            chain.issuer = explained.issuer
            and chain.period = explained.period
            and coalesce(chain.currency, '') = coalesce(explained.currency, '')
            and chain.step = explained.step

),

bill_reconciliation as (

    select
        {{ row_key(['issuer', 'period', 'currency', 'step']) }} as bill_reconciliation_id,
        issuer,
        period,
        currency,
        step,
        cause,
        case
            when residual <> 0 then 'unmatched'
            when amount is null or difference is null or unknown_causes > 0 then 'unknown'
            else 'matched'
        end as status,
        amount_currency,
        {{ as_money('amount') }} as amount,
        {{ as_money('difference') }} as difference,
        {{ as_money('residual') }} as residual
    from measured

)

select * from bill_reconciliation
