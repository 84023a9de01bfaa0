with

rated_usage as (

    select
        source_name,
        provider,
        model,
        service_tier,
        geography,
        token_class,
        unpriced_reason,
        requests,
        quantity,
        usage_date
    from {{ ref('int_rated_usage') }}
    where unpriced_reason is not null

),

summed as (

    select
        source_name,
        provider,
        model,
        service_tier,
        geography,
        token_class,
        unpriced_reason,
        -- A number that one row does not tell is not known of all.
        case when count(requests) = count(*) then {{ sum_bigint('requests') }} end as requests,
        case when count(quantity) = count(*) then {{ as_money('sum(quantity)') }} end as quantity,
        usage_date
    from rated_usage
    group by
        source_name,
        provider,
        model,
        service_tier,
        geography,
        token_class,
        unpriced_reason,
        usage_date

),

unpriced_usage as (

    select
        {{ row_key([
            'source_name', 'provider', 'model', 'service_tier', 'geography', 'token_class',
            'unpriced_reason', 'usage_date',
        ]) }} as unpriced_usage_id,
        source_name,
        provider,
        model,
        service_tier,
        geography,
        token_class,
        unpriced_reason,
        requests,
        quantity,
        usage_date
    from summed

)

select * from unpriced_usage
