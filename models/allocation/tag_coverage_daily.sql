{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['source_name', 'tag_key', 'cost_center']),
    )
}}

{% set keys = allocation_keys() %}
{% set flags = [] %}
{% for key in keys %}{% do flags.append('has_' ~ key) %}{% endfor %}

with

taggable_charges as (

    select
        source_name,
        ledger_category,
        cost_center,
        owner,
        {{ flags | join(',\n        ') }},
        is_undirected,
        cast(count(*) as {{ bigint_type() }}) as charges,
        {{ count_if('cost is null') }} as unknown_cost_charges,
        sum(cost) as cost,
        cast(null as {{ money_type() }}) as known_cost,
        charge_date
    from {{ ref('int_taggable_charges') }}
    group by
        source_name, ledger_category, cost_center, owner, {{ flags | join(', ') }},
        is_undirected, charge_date

),

cost_allocations as (

    select
        source_name,
        ledger_category,
        {{ keys | join(',\n        ') }},
        cost,
        charge_date
    from {{ ref('cost_allocations') }}
    where
        is_ai
        and charge_category in ('Usage', 'Purchase')
        and method_id <> 'direct'

),

-- What the later steps found out about charges without an owner: inferred, never tagged.
inferred_charges as (

    select
        cost_allocations.source_name,
        cost_allocations.ledger_category,
        cast(null as {{ string_type() }}) as cost_center,
        cast(null as {{ string_type() }}) as owner,
        {%- for key in keys %}
        cost_allocations.{{ key }} is not null and cost_allocations.{{ key }} <> 'unallocated'
            as has_{{ key }},
        {%- endfor %}
        true as is_undirected,
        cast(0 as {{ bigint_type() }}) as charges,
        cast(0 as {{ bigint_type() }}) as unknown_cost_charges,
        cast(null as {{ money_type() }}) as cost,
        sum(cost_allocations.cost) as known_cost,
        cost_allocations.charge_date
    from cost_allocations
    group by
        cost_allocations.source_name,
        cost_allocations.ledger_category,
        {%- for key in keys %}
        cost_allocations.{{ key }},
        {%- endfor %}
        cost_allocations.charge_date

),

charges as (

    select * from taggable_charges

    union all

    select * from inferred_charges

),

required_tags as (

    select
        tag_key,
        applies_to,
        valid_from,
        valid_to
    from {{ ref('required_tags') }}

),

-- Which keys the law of the day asks of which kind of charge.
requirements as (

    select
        charges.ledger_category,
        {%- for key in keys %}
        max(case when required_tags.tag_key = '{{ key }}' then 1 else 0 end) as needs_{{ key }},
        {%- endfor %}
        charges.charge_date
    from charges
    inner join required_tags
        on
            (
                required_tags.applies_to is null
                or required_tags.applies_to in ('all', charges.ledger_category)
            )
            and {{ valid_on('charges.charge_date', 'required_tags') }}
    group by charges.ledger_category, charges.charge_date

),

required as (

    select
        charges.*,
        {%- for key in keys %}
        requirements.needs_{{ key }} = 1 as needs_{{ key }},
        {%- endfor %}
        -- Required and missing adds one: nothing may be left.
        0
        {%- for key in keys %}
        + case when charges.has_{{ key }} then 0 else requirements.needs_{{ key }} end
        {%- endfor %}
        = 0 as has_all_required,
        true as needs_all_required
    from charges
    inner join requirements
        on
            charges.ledger_category = requirements.ledger_category
            and charges.charge_date = requirements.charge_date

),

judged as (
    {% for key in keys + ['all_required'] %}
    select
        source_name,
        '{{ key }}' as tag_key,
        cost_center,
        owner,
        charges,
        unknown_cost_charges,
        cost,
        known_cost,
        has_{{ key }} as is_tagged,
        is_undirected,
        charge_date
    from required
    where needs_{{ key }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

summed as (

    select
        source_name,
        tag_key,
        cost_center,
        owner,
        sum(cost) as taggable_cost,
        coalesce(sum(case when is_tagged then cost end), 0) as tagged_cost,
        coalesce(sum(case when is_tagged then known_cost end), 0)
        - coalesce(sum(case when is_tagged and is_undirected then cost end), 0) as inferred_cost,
        {{ sum_bigint('charges') }} as taggable_charges,
        {{ sum_bigint('case when is_tagged then charges else 0 end') }} as tagged_charges,
        {{ sum_bigint('unknown_cost_charges') }} as unknown_cost_charges,
        charge_date
    from judged
    group by source_name, tag_key, cost_center, owner, charge_date

),

tag_coverage_daily as (

    select
        {{ row_key(['source_name', 'tag_key', 'cost_center', 'owner', 'charge_date']) }}
            as tag_coverage_daily_id,
        source_name,
        tag_key,
        cost_center,
        owner,
        {{ as_money('taggable_cost') }} as taggable_cost,
        {{ as_money('tagged_cost') }} as tagged_cost,
        {{ as_money('inferred_cost') }} as inferred_cost,
        {{ as_money('taggable_cost - tagged_cost') }} as untagged_cost,
        {{ divide('tagged_cost', 'taggable_cost') }} as coverage,
        taggable_charges,
        tagged_charges,
        {{ divide('tagged_charges', 'taggable_charges') }} as charge_coverage,
        unknown_cost_charges,
        charge_date
    from summed

)

select * from tag_coverage_daily
