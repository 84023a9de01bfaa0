with

billed_usage as (

    select *
    from {{ ref('int_billed_usage') }}

),

-- How finely a bill tells its tokens apart, by model: a line of all tokens makes all of the model's
-- lines be compared as one.
told as (

    select
        bill_source_name,
        model_key,
        min(currency) as currency,
        {{ count_if("token_class = 'all'") }} = 0 as tells_classes,
        {{ count_if("token_class in ('input_cache_write_5m', 'input_cache_write_1h')") }} > 0
            as tells_lifetimes,
        {{ count_if("token_class = 'input_audio'") }} > 0 as tells_input_audio,
        {{ count_if("token_class = 'input_image'") }} > 0 as tells_input_image,
        {{ count_if("token_class = 'output_audio'") }} > 0 as tells_output_audio,
        {{ count_if("token_class = 'output_image'") }} > 0 as tells_output_image
    from {{ ref('int_token_charges') }}
    where not is_credit
    group by bill_source_name, model_key

),

-- Of a model that the bill does not name, what it tells of the others.
told_of_others as (

    select
        bill_source_name,
        max(case when tells_classes then 1 else 0 end) = 1 as tells_classes,
        max(case when tells_lifetimes then 1 else 0 end) = 1 as tells_lifetimes,
        min(currency) as currency
    from told
    group by bill_source_name

),

named as (

    select
        billed_usage.*,
        -- What has no price has no currency of its own.
        coalesce(
            billed_usage.currency, own.currency, listed.currency, told_of_others.currency,
            {{ reporting_currency() }}
        ) as billed_currency,
        -- The bill's name for it: its own, or that of the price lists.
        case
            when own.model_key is null and listed.model_key is not null
                then billed_usage.listed_model_key
            else billed_usage.model_key
        end as billed_model_key,
        coalesce(own.tells_classes, listed.tells_classes, told_of_others.tells_classes, false)
            as tells_classes,
        coalesce(own.tells_lifetimes, listed.tells_lifetimes, told_of_others.tells_lifetimes, false)
            as tells_lifetimes,
        coalesce(own.tells_input_audio, listed.tells_input_audio, false) as tells_input_audio,
        coalesce(own.tells_input_image, listed.tells_input_image, false) as tells_input_image,
        coalesce(own.tells_output_audio, listed.tells_output_audio, false) as tells_output_audio,
        coalesce(own.tells_output_image, listed.tells_output_image, false) as tells_output_image
    from billed_usage
    left join told as own
        on
            billed_usage.bill_source_name = own.bill_source_name
            and billed_usage.model_key = own.model_key
    left join told as listed
        on
            billed_usage.bill_source_name = listed.bill_source_name
            and billed_usage.listed_model_key = listed.model_key
    left join told_of_others
        on billed_usage.bill_source_name = told_of_others.bill_source_name

),

int_compared_usage as (

    select
        bill_source_name,
        usage_source_name,
        provider,
        model,
        billed_model_key as model_key,
        case
            when not tells_classes then 'all'
            when token_class in ('input_uncached', 'input_audio', 'input_image')
                then
                    case
                        when token_class = 'input_audio' and tells_input_audio then token_class
                        when token_class = 'input_image' and tells_input_image then token_class
                        else 'input_uncached'
                    end
            when token_class in ('input_cache_read', 'input_cache_read_audio')
                then 'input_cache_read'
            when token_class = 'input_cache_write_1h' and tells_lifetimes then token_class
            -- A write of unknown lifetime has the usual one, as its price has.
            when
                token_class in ('input_cache_write_5m', 'input_cache_write_other')
                and tells_lifetimes
                then 'input_cache_write_5m'
            when {{ starts_with('token_class', "'input_cache_write'") }} then 'input_cache_write'
            when token_class = 'output_audio' and tells_output_audio then token_class
            when token_class = 'output_image' and tells_output_image then token_class
            when {{ starts_with('token_class', "'output'") }} then 'output'
            else token_class
        end as billed_class,
        token_class,
        service_tier,
        billed_currency as currency,
        price_id,
        context_from_tokens,
        unpriced_reason,
        tokens,
        rated_cost,
        rated_cost_as_known_now,
        is_failed,
        is_vendor_report,
        tells_classes,
        usage_date
    from named

)

select * from int_compared_usage
