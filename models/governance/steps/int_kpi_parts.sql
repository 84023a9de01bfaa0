{# Every KPI is a share of sums, and adds up over scopes that way: never a mean of shares. #}
{% set scopes = [
    ('tag_coverage', "'total'"),
    ('tag_coverage', "'source=' || source_name"),
    ('tag_coverage', "'cost_center=' || cost_center"),
    ('allocated_share', "'total'"),
    ('allocated_share', "'source=' || source_name"),
    ('category_unknown_cost', "'total'"),
    ('category_unknown_cost', "'source=' || source_name"),
    ('data_transfer_share', "'total'"),
    ('data_transfer_share', "'source=' || source_name"),
    ('unpriced_share', "'total'"),
    ('unpriced_share', "'source=' || source_name"),
] %}

with

tag_coverage as (

    select
        source_name,
        cost_center,
        tagged_cost as part,
        taggable_cost as whole,
        taggable_charges as row_count,
        unknown_cost_charges as unknown_count,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('tag_coverage_daily') }}
    where tag_key = 'all_required'

),

allocated_share as (

    select
        source_name,
        sum(case when method_id <> 'unallocated' then cost else 0 end) as part,
        sum(cost) as whole,
        count(*) as row_count,
        {{ count_if('cost is null') }} as unknown_count,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('cost_allocations') }}
    where is_ai
    group by source_name, {{ month_start('charge_date') }}

),

-- No rule knew the charge and its bill did not say: it stands under non_ai for want of knowledge.
category_unknown_cost as (

    select
        source_name,
        sum(
            case
                when category_rule_id is null and ledger_category = 'non_ai' then abs(cost)
                else 0
            end
        ) as part,
        sum(abs(cost)) as whole,
        count(*) as row_count,
        {{ count_if('cost is null') }} as unknown_count,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('charges') }}
    group by source_name, {{ month_start('charge_date') }}

),

data_transfer_share as (

    select
        source_name,
        sum(case when data_transfer_kind is not null then abs(cost) else 0 end) as part,
        sum(abs(cost)) as whole,
        count(*) as row_count,
        {{ count_if('cost is null') }} as unknown_count,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('charges') }}
    group by source_name, {{ month_start('charge_date') }}

),

unpriced_share as (

    select
        source_name,
        {{ as_money('sum(unpriced_tokens)') }} as part,
        {{ as_money('sum(total_tokens)') }} as whole,
        count(*) as row_count,
        cast(0 as {{ bigint_type() }}) as unknown_count,
        {{ month_start('usage_date') }} as period_start
    from {{ ref('token_usage_daily') }}
    group by source_name, {{ month_start('usage_date') }}

),

int_kpi_parts as (
    {% for kpi, scope in scopes %}
    select
        '{{ kpi }}' as kpi,
        {{ scope }} as scope,
        sum(part) as part,
        sum(whole) as whole,
        {{ sum_bigint('row_count') }} as row_count,
        {{ sum_bigint('unknown_count') }} as unknown_count,
        period_start
    from {{ kpi }}
    where {{ scope }} is not null
    group by {{ scope ~ ', ' if scope != "'total'" }}period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from int_kpi_parts
