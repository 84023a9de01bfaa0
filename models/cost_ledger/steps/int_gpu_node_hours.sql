with

nodes as (

    select
        source_name,
        node,
        gpu_model,
        currency,
        gpus,
        hourly_price,
        available_from,
        available_to
    from {{ ref('stg_gpu_nodes__nodes') }}

),

horizon as (

    select seen_until
    from {{ ref('int_usage_horizon') }}

),

-- A node whose beginning is not known has no known hours.
bounded as (

    select
        nodes.source_name,
        nodes.node,
        nodes.gpu_model,
        nodes.currency,
        nodes.gpus,
        nodes.hourly_price,
        nodes.available_from,
        coalesce(nodes.available_to, horizon.seen_until) as available_to
    from nodes
    cross join horizon
    where
        nodes.available_from is not null
        and nodes.available_from < coalesce(nodes.available_to, horizon.seen_until)

),

spans as (

    select
        *,
        {{ hour_start('available_from') }} as first_hour,
        {{ hours_spanned(hour_start('available_from'), hour_start('available_to')) }}
            as last_hour_number
    from bounded

),

hours as (

    select
        spans.*,
        {{ add_hours('spans.first_hour', 'hour_number') }} as usage_hour
    from spans
    {{ cross_join_numbers('spans.last_hour_number', 'hour_number') }}

),

shares as (

    select
        *,
        {{ micros_between(
            'case when available_from > usage_hour then available_from else usage_hour end',
            'case when available_to < ' ~ add_hours('usage_hour', 1)
            ~ ' then available_to else ' ~ add_hours('usage_hour', 1) ~ ' end'
        ) }} as micros
    from hours

),

int_gpu_node_hours as (

    select
        source_name,
        node as node_id,
        max(gpu_model) as gpu_model,
        max(currency) as currency,
        sum({{ money_share('gpus', 'micros', 3600000000) }}) as provisioned_gpu_hours,
        sum({{ money_share('1', 'micros', 3600000000) }}) as node_hours,
        sum({{ money_share('hourly_price', 'micros', 3600000000) }}) as node_cost,
        usage_hour,
        {{ as_date('usage_hour') }} as usage_date
    from shares
    where micros > 0
    group by
        source_name,
        node,
        usage_hour

)

select * from int_gpu_node_hours
