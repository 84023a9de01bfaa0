{{ config(materialized='view') }}

with

sources as (

    select
        source_name,
        billed_by,
        dataset in {{ token_datasets('vendors') }} as is_vendor_report
    from {{ source('landing', 'sources') }}

),

usage_days as (

    select
        source_name,
        usage_date
    from {{ ref('int_token_usage_days') }}
    group by source_name, usage_date

),

reports as (

    select source_name
    from sources
    where is_vendor_report

),

-- A vendor's report counts what a log of the same requests counts again; the log names the source
-- of the report as its bill.
int_logged_report_days as (

    select
        reports.source_name,
        usage_days.usage_date
    from usage_days
    inner join sources
        on usage_days.source_name = sources.source_name
    inner join reports
        on sources.billed_by = reports.source_name
    where not sources.is_vendor_report
    group by reports.source_name, usage_days.usage_date

)

select * from int_logged_report_days
