{{ config(cluster_by=cluster_by_columns(['provider', 'service_name'])) }}

with

usage_lines as (

    select
        *,
        coverage in ('covered', 'uncovered') and is_eligible as is_eligible_usage,
        -- Known are: whether it is eligible and, if so, its price.
        coverage = 'unused'
        or is_eligible is not null and (not is_eligible or list_cost is not null)
            as is_coverage_known,
        {{ month_start('charge_date') }} as period_start
    from {{ ref('int_eligible_usage') }}

),

compared as (

    select
        *,
        case
            when is_eligible_usage then list_cost is not null and effective_cost is not null
            when coverage = 'unused' then effective_cost is not null
            else is_eligible is not null
        end as is_list_saving_known,
        case
            when is_eligible_usage then contracted_cost is not null and effective_cost is not null
            when coverage = 'unused' then effective_cost is not null
            else is_eligible is not null
        end as is_contracted_saving_known
    from usage_lines

),

summed as (

    select
        provider,
        service_name,
        currency,
        count(*) as charges,
        sum(weight) as weight,
        {{ count_if("coverage = 'untold'") }} as untold_charges,
        {{ count_if('is_coverage_known') }} as known_charges,
        sum(case when is_coverage_known then weight end) as known_weight,
        coalesce(sum(case when is_eligible_usage then list_cost end), 0) as eligible_list_cost,
        coalesce(sum(case when coverage = 'covered' then list_cost end), 0) as covered_list_cost,
        coalesce(sum(case when coverage = 'covered' then effective_cost end), 0) as used_cost,
        coalesce(sum(case when coverage = 'unused' then effective_cost end), 0) as unused_cost,
        {{ count_if("coverage in ('covered', 'unused') and effective_cost is null") }}
            as unknown_commitment_costs,
        {% for price in ['list', 'contracted'] -%}
        {{ count_if('is_' ~ price ~ '_saving_known') }} as {{ price }}_saving_charges,
        sum(case when is_{{ price }}_saving_known then weight end) as {{ price }}_saving_weight,
        coalesce(
            sum(
                case
                    when is_eligible_usage and is_{{ price }}_saving_known then {{ price }}_cost
                end
            ),
            0
        ) as compared_{{ price }}_cost,
        coalesce(
            sum(
                case
                    when
                        (is_eligible_usage or coverage = 'unused')
                        and is_{{ price }}_saving_known
                        then effective_cost
                end
            ),
            0
        ) as compared_{{ price }}_effective_cost,
        {% endfor -%}
        period_start
    from compared
    group by
        provider,
        service_name,
        currency,
        period_start

),

told as (

    select
        *,
        -- A credit says what a commitment took off, and not which usage it covered.
        untold_charges = 0 and known_charges > 0 as is_coverage_told,
        untold_charges = 0 and list_saving_charges > 0 as is_list_saving_told,
        untold_charges = 0 and contracted_saving_charges > 0 as is_contracted_saving_told
    from summed

),

commitment_coverage_monthly as (

    select
        {{ row_key(['provider', 'service_name', 'currency', 'period_start']) }}
            as commitment_coverage_monthly_id,
        provider,
        service_name,
        currency,
        charges,
        {{ as_money('case when known_charges > 0 then eligible_list_cost end') }}
            as eligible_list_cost,
        {{ as_money('case when is_coverage_told then covered_list_cost end') }}
            as covered_list_cost,
        case
            when is_coverage_told then {{ divide('covered_list_cost', 'eligible_list_cost') }}
        end as commitment_coverage,
        case
            when untold_charges > 0 then {{ as_float('0') }}
            else {{ known_share('known_weight', 'weight', 'known_charges', 'charges') }}
        end as coverage_completeness,
        {% for kind in ['used', 'unused'] -%}
        {{ as_money(
            'case when unknown_commitment_costs = 0 and untold_charges = 0 then ' ~ kind
            ~ '_cost end'
        ) }} as {{ kind }}_commitment_cost,
        {% endfor -%}
        {% for price in ['list', 'contracted'] -%}
        {%- set saving = 'compared_' ~ price ~ '_cost - compared_' ~ price ~ '_effective_cost' -%}
        {{ as_money(
            'case when is_' ~ price ~ '_saving_told then compared_' ~ price ~ '_cost end'
        ) }} as compared_{{ price }}_cost,
        {{ as_money('case when is_' ~ price ~ '_saving_told then ' ~ saving ~ ' end') }}
            as {{ price }}_saving,
        case
            when is_{{ price }}_saving_told
                then {{ divide(saving, 'compared_' ~ price ~ '_cost') }}
        end as effective_savings_rate_{{ price }},
        case
            when untold_charges > 0 then {{ as_float('0') }}
            else {{ known_share(
                price ~ '_saving_weight', 'weight', price ~ '_saving_charges', 'charges'
            ) }}
        end as {{ price }}_saving_completeness,
        {% endfor -%}
        period_start
    from told

)

select * from commitment_coverage_monthly
