with

usage as (

    select
        workload,
        model,
        case when min(case when is_counted then 1 else 0 end) = 1 then sum(input_tokens) end
            as input_tokens,
        case
            when min(case when is_counted and is_cache_counted then 1 else 0 end) = 1
                then sum(input_uncached_tokens)
        end as input_uncached_tokens,
        case
            when min(case when is_counted then 1 else 0 end) = 1 then sum(output_visible_tokens)
        end as output_tokens,
        case when count(prefill_seconds) = count(*) then sum(prefill_seconds) end
            as prefill_seconds,
        case when count(decode_seconds) = count(*) then sum(decode_seconds) end as decode_seconds,
        usage_date
    from {{ ref('stg_vllm__usage') }}
    where model is not null
    group by workload, model, usage_date

),

-- What the GPUs of a workload cost on a day; a part of it would pass for the whole.
costs as (

    select
        workload,
        case when count(cost) = count(*) then sum(cost) end as cost,
        cast(count(*) as {{ bigint_type() }}) as allocations,
        {{ count_if('cost is null') }} as unknown_cost_allocations,
        max({{ evidence_rank('evidence_level') }}) as evidence_rank,
        charge_date
    from {{ ref('cost_allocations') }}
    where
        workload is not null
        and (ledger_category = 'self_hosted_inference' or driver = 'gpu_hours')
    group by workload, charge_date

),

-- Several models on the GPUs of one workload share its cost by their processing time, or by their
-- tokens where a time is not known.
totals as (

    select
        *,
        count(*) over (partition by workload, usage_date) as models,
        count(*) over (partition by workload, usage_date)
        = count(prefill_seconds + decode_seconds) over (partition by workload, usage_date)
            as has_times,
        sum(prefill_seconds + decode_seconds) over (partition by workload, usage_date)
            as all_seconds,
        case
            when
                count(input_tokens + output_tokens) over (partition by workload, usage_date)
                = count(*) over (partition by workload, usage_date)
                then sum(input_tokens + output_tokens) over (partition by workload, usage_date)
        end as all_tokens,
        sum(case when decode_seconds is not null then prefill_seconds end) over (
            partition by workload, model, {{ month_start('usage_date') }}
        ) as month_prefill_seconds,
        sum(case when prefill_seconds is not null then decode_seconds end) over (
            partition by workload, model, {{ month_start('usage_date') }}
        ) as month_decode_seconds
    from usage

),

shared as (

    select
        totals.*,
        case
            when totals.models = 1 then costs.cost
            when totals.has_times
                then {{ money_share(
                    'costs.cost', 'totals.prefill_seconds + totals.decode_seconds',
                    'totals.all_seconds'
                ) }}
            else
                {{ money_share(
                    'costs.cost', 'totals.input_tokens + totals.output_tokens', 'totals.all_tokens'
                ) }}
        end as cost,
        -- A day without requests is split as its month.
        case
            when totals.prefill_seconds + totals.decode_seconds > 0 then totals.prefill_seconds
            else totals.month_prefill_seconds
        end as input_weight,
        case
            when totals.prefill_seconds + totals.decode_seconds > 0 then totals.decode_seconds
            else totals.month_decode_seconds
        end as output_weight,
        coalesce(costs.allocations, 1) as allocations,
        coalesce(costs.unknown_cost_allocations, 1) as unknown_cost_allocations,
        costs.evidence_rank
    from totals
    left join costs
        on
            totals.workload = costs.workload
            and totals.usage_date = costs.charge_date

),

split as (

    select
        *,
        case
            when prefill_seconds is not null and decode_seconds is not null
                then {{ money_share('cost', 'input_weight', 'input_weight + output_weight') }}
        end as input_cost
    from shared

),

int_self_hosted_days as (

    select
        workload,
        model,
        {{ as_money('input_tokens + output_tokens') }} as tokens,
        {{ as_money('input_uncached_tokens') }} as input_uncached_tokens,
        {{ as_money('output_tokens') }} as output_tokens,
        {{ as_money('cost') }} as cost,
        {{ as_money('input_cost') }} as input_cost,
        {{ as_money('cost - input_cost') }} as output_cost,
        allocations,
        unknown_cost_allocations,
        evidence_rank,
        usage_date
    from split

)

select * from int_self_hosted_days
