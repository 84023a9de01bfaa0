with

invoice_causes as (

    select *
    from {{ ref('int_invoice_causes') }}

),

bill_totals as (

    select *
    from {{ ref('int_bill_totals') }}

),

reconciled_costs as (

    select
        issuer,
        currency,
        cost,
        is_ai,
        is_in_unit_costs,
        period_start
    from {{ ref('int_reconciled_costs_daily') }}

),

-- Billed to effective: what was paid for later, what was paid before, what no bill says.
bridge as (

    select
        source_name,
        issuer,
        currency,
        bridge as cause,
        case
            when bridge in ('effective_cost_unknown', 'billed_cost_unknown') then 'unknown'
            else 'matched'
        end as status,
        coalesce(sum(effective_cost), 0) - coalesce(sum(billed_cost), 0) as difference,
        {{ sum_bigint('charges') }} as charges,
        period_start
    from bill_totals
    where bridge <> 'none'
    group by source_name, issuer, currency, bridge, period_start

),

charged as (

    select
        issuer,
        currency,
        coalesce(sum(cost), 0) as cost,
        {{ as_money('0') }} as allocated_cost,
        {{ sum_bigint('without_rate') }} as without_rate,
        period_start
    from bill_totals
    group by issuer, currency, period_start

),

allocated as (

    select
        issuer,
        currency,
        {{ as_money('0') }} as cost,
        coalesce(sum(cost), 0) as allocated_cost,
        cast(0 as {{ bigint_type() }}) as without_rate,
        period_start
    from reconciled_costs
    group by issuer, currency, period_start

),

allocations as (

    select
        issuer,
        currency,
        sum(allocated_cost) - sum(cost) as difference,
        {{ sum_bigint('without_rate') }} as without_rate,
        period_start
    from (
        select * from charged
        union all
        select * from allocated
    ) as sides
    group by issuer, currency, period_start

),

-- Allocated to unit costs: what no unit is counted from.
without_unit as (

    select
        issuer,
        currency,
        case when is_ai then 'no_unit_counted' else 'not_ai' end as cause,
        -sum(cost) as difference,
        period_start
    from reconciled_costs
    where not is_in_unit_costs
    group by
        issuer, currency, case when is_ai then 'no_unit_counted' else 'not_ai' end, period_start

),

causes as (

    select
        'billed' as step,
        source_name,
        issuer,
        invoice_id,
        currency,
        cause,
        status,
        invoice_amount,
        billed_cost,
        difference,
        charges,
        period_start
    from invoice_causes

    union all

    select
        'effective' as step,
        source_name,
        issuer,
        {{ text('null') }} as invoice_id,
        currency,
        cause,
        status,
        {{ as_money('null') }} as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        difference,
        charges,
        period_start
    from bridge

    union all

    -- No rate, no amount in the reporting currency: the charges are counted apart.
    select
        'allocated' as step,
        {{ text('null') }} as source_name,
        issuer,
        {{ text('null') }} as invoice_id,
        currency,
        'no_exchange_rate' as cause,
        'unknown' as status,
        {{ as_money('null') }} as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('null') }} as difference,
        without_rate as charges,
        period_start
    from allocations
    where without_rate > 0

    union all

    select
        'allocated' as step,
        {{ text('null') }} as source_name,
        issuer,
        {{ text('null') }} as invoice_id,
        currency,
        'unmatched' as cause,
        'unmatched' as status,
        {{ as_money('null') }} as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        difference,
        cast(null as {{ bigint_type() }}) as charges,
        period_start
    from allocations
    where difference <> 0

    union all

    select
        'unit_costs' as step,
        {{ text('null') }} as source_name,
        issuer,
        {{ text('null') }} as invoice_id,
        currency,
        cause,
        'matched' as status,
        {{ as_money('null') }} as invoice_amount,
        {{ as_money('null') }} as billed_cost,
        difference,
        cast(null as {{ bigint_type() }}) as charges,
        period_start
    from without_unit
    where difference <> 0

),

bill_reconciliation_causes as (

    select
        {{ row_key([
            'step', 'source_name', 'issuer', 'invoice_id', 'currency', 'cause', 'period_start',
        ]) }} as bill_reconciliation_cause_id,
        source_name,
        issuer,
        substr({{ text('period_start') }}, 1, 7) as period,
        currency,
        step,
        invoice_id,
        cause,
        status,
        {{ as_money('invoice_amount') }} as invoice_amount,
        {{ as_money('billed_cost') }} as billed_cost,
        {{ as_money('difference') }} as difference,
        charges
    from causes

)

select * from bill_reconciliation_causes
