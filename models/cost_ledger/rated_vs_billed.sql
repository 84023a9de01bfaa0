{{
    config(
        partition_by=partition_by_day('usage_date'),
        cluster_by=cluster_by_columns(['bill_source_name', 'usage_source_name', 'model']),
    )
}}

with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}

),

causes as (

    select *
    from {{ ref('int_difference_causes') }}

),

rated_vs_billed as (

    select
        compared.comparison_id as rated_vs_billed_id,
        compared.bill_source_name,
        compared.usage_source_name,
        compared.provider,
        compared.model,
        compared.token_class,
        compared.currency,
        causes.cause,
        causes.cause_detail,
        compared.rated_tokens,
        compared.billed_tokens,
        compared.rated_cost,
        compared.billed_cost,
        compared.difference,
        compared.bill_rounding,
        compared.usage_date
    from compared
    inner join causes
        on compared.comparison_id = causes.comparison_id

)

select * from rated_vs_billed
