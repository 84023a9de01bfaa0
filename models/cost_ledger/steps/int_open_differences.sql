{{ config(materialized='view') }}

with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}

),

-- Both sides are known, and they are further apart than the bill's rounding.
int_open_differences as (

    select
        comparison_id,
        bill_source_name,
        usage_source_name,
        model_key,
        token_class,
        currency,
        rated_tokens,
        billed_tokens,
        coalesce(rated_cost, 0) as rated_cost,
        coalesce(billed_cost, 0) as billed_cost,
        coalesce(billed_cost, 0) - coalesce(rated_cost, 0) as gap,
        bill_rounding,
        usage_date
    from compared
    where
        is_first
        and not (has_usage and rated_cost is null)
        and not (has_bill_line and billed_cost is null)
        and abs(coalesce(billed_cost, 0) - coalesce(rated_cost, 0)) > bill_rounding

)

select * from int_open_differences
