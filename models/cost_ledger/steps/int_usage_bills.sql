{{ config(materialized='view') }}

with

sources as (

    select
        source_name,
        dataset,
        billed_by
    from {{ source('landing', 'sources') }}
    where dataset in {{ token_datasets() }}

),

usage_days as (

    select
        source_name,
        sampling_rate
    from {{ ref('int_token_usage_days') }}

),

sampled_sources as (

    select source_name
    from usage_days
    where sampling_rate < 1
    group by source_name

),

-- The vendors' reports bring their bill.
int_usage_bills as (

    select
        sources.source_name as usage_source_name,
        coalesce(nullif(sources.billed_by, ''), sources.source_name) as bill_source_name,
        sources.dataset,
        sources.dataset in {{ token_datasets('vendors') }} as is_vendor_report,
        sampled_sources.source_name is not null as is_sampled
    from sources
    left join sampled_sources
        on sources.source_name = sampled_sources.source_name
    where
        sources.billed_by <> ''
        or sources.dataset in {{ token_datasets('vendors') }}

)

select * from int_usage_bills
