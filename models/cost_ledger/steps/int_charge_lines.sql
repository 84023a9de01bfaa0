{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['category_key', 'source_name']),
    )
}}

with

charge_lines as (

    select * from {{ ref('int_bill_lines') }}
    union all
    select * from {{ ref('int_rated_lines') }}
    union all
    select * from {{ ref('int_modelled_lines') }}
    union all
    select * from {{ ref('int_seat_lines') }}
    union all
    select * from {{ ref('int_invoice_lines') }}

),

int_charge_lines as (

    select
        *,
        {{ row_key([
            'source_name', 'service_provider_name', 'service_name', 'service_category',
            'sku_id', 'sku_price_id', 'sku_meter', 'charge_description',
            'resource_id', 'resource_name',
        ]) }} as category_key,
        {{ as_date('charge_period_start') }} as charge_date
    from charge_lines

)

select * from int_charge_lines
