with

compared_usage as (

    select *
    from {{ ref('int_compared_usage') }}

),

token_charges as (

    select *
    from {{ ref('int_token_charges') }}

),

whole_models as (

    select
        bill_source_name,
        model_key
    from token_charges
    where not is_credit and token_class = 'all'
    group by bill_source_name, model_key

),

billed as (

    select
        token_charges.bill_source_name,
        max(token_charges.provider) as provider,
        max(token_charges.model) as model,
        token_charges.model_key,
        case when whole_models.model_key is null then token_charges.token_class else 'all' end
            as token_class,
        token_charges.currency,
        case
            when {{ count_if('token_charges.tokens is null and not token_charges.is_credit') }} = 0
                then sum(case when not token_charges.is_credit then token_charges.tokens end)
        end as billed_tokens,
        case
            when count(*) = count(token_charges.billed_cost) then sum(token_charges.billed_cost)
        end as billed_cost,
        sum(case when token_charges.is_credit then token_charges.billed_cost end) as credit_cost,
        {{ sum_bigint('token_charges.charge_count') }} as charge_count,
        -- Each line may be off by its own rounding.
        {{ money_product(
            sum_bigint('token_charges.charge_count'), 'max(token_charges.rounding)', 0, 18
        ) }} as bill_rounding,
        token_charges.charge_date as usage_date
    from token_charges
    left join whole_models
        on
            token_charges.bill_source_name = whole_models.bill_source_name
            and token_charges.model_key = whole_models.model_key
    group by
        token_charges.bill_source_name,
        token_charges.model_key,
        case when whole_models.model_key is null then token_charges.token_class else 'all' end,
        token_charges.currency,
        token_charges.charge_date

),

-- Before its first day and after its last one a bill may have more than has come; what was used
-- the day before may stand on its first.
bill_days as (

    select
        bill_source_name,
        {{ date_add_days('min(charge_date)', -1) }} as first_date,
        max(charge_date) as last_date
    from token_charges
    group by bill_source_name

),

rated as (

    select
        bill_source_name,
        usage_source_name,
        min(provider) as provider,
        min(model) as model,
        model_key,
        billed_class as token_class,
        currency,
        max(unpriced_reason) as unpriced_reason,
        sum(tokens) as rated_tokens,
        case when count(*) = count(rated_cost) then sum(rated_cost) end as rated_cost,
        max(case when is_vendor_report then 1 else 0 end) = 1 as is_vendor_report,
        {{ count_if("service_tier <> 'provisioned'") }} = 0 as is_all_provisioned,
        usage_date
    from compared_usage
    group by
        bill_source_name,
        usage_source_name,
        model_key,
        billed_class,
        currency,
        usage_date

),

-- Of several sources of usage, the one that equals the bill comes first, then a vendor's own count,
-- then the largest.
ranked as (

    select
        rated.*,
        billed.billed_cost,
        billed.bill_source_name is not null as has_bill_line,
        coalesce(abs(billed.billed_cost - rated.rated_cost) <= billed.bill_rounding, false)
            as equals_bill,
        row_number() over (
            partition by
                rated.bill_source_name,
                rated.model_key,
                rated.token_class,
                rated.currency,
                rated.usage_date
            order by
                case
                    when abs(billed.billed_cost - rated.rated_cost) <= billed.bill_rounding then 0
                    else 1
                end asc nulls last,
                case when rated.is_vendor_report then 0 else 1 end asc nulls last,
                rated.rated_cost desc nulls last,
                rated.usage_source_name asc nulls last
        ) as position
    from rated
    left join billed
        on
            rated.bill_source_name = billed.bill_source_name
            and rated.model_key = billed.model_key
            and rated.token_class = billed.token_class
            and rated.currency = billed.currency
            and rated.usage_date = billed.usage_date

),

firsts as (

    select
        bill_source_name,
        model_key,
        token_class,
        currency,
        usage_date,
        max(case when position = 1 then usage_source_name end) as first_source,
        max(case when is_vendor_report then 1 else 0 end) = 1 as has_vendor_report,
        max(case when position = 1 then rated_cost end) as first_cost,
        max(case when position = 1 then rated_tokens end) as first_tokens,
        max(case when equals_bill or is_vendor_report then 1 else 0 end) = 0
        and count(*) = count(rated_cost)
        and sum(case when position > 1 then rated_cost else 0 end) <= max(billed_cost) as adds_up,
        sum(case when position > 1 then rated_cost else 0 end) as other_cost
    from ranked
    group by
        bill_source_name,
        model_key,
        token_class,
        currency,
        usage_date

),

-- The bill's money stands once: with the first source, less what other sources of other requests
-- rated. Sources of the same requests have none of it.
usage_rows as (

    select
        ranked.bill_source_name,
        ranked.usage_source_name,
        ranked.provider,
        ranked.model,
        ranked.model_key,
        ranked.token_class,
        ranked.currency,
        ranked.unpriced_reason,
        case
            when
                ranked.position > 1
                and not coalesce(firsts.adds_up, false)
                and (
                    firsts.has_vendor_report
                    or ranked.rated_cost = firsts.first_cost
                    or ranked.rated_tokens = firsts.first_tokens
                )
                then firsts.first_source
        end as counted_in,
        ranked.rated_tokens,
        ranked.rated_cost,
        case
            when coalesce(firsts.adds_up, false)
                then
                    case
                        when ranked.position = 1 then ranked.billed_cost - firsts.other_cost
                        else ranked.rated_cost
                    end
            when ranked.position = 1 then ranked.billed_cost
        end as billed_cost,
        ranked.position,
        ranked.has_bill_line and (ranked.position = 1 or coalesce(firsts.adds_up, false))
            as has_bill_line,
        ranked.is_all_provisioned,
        ranked.usage_date
    from ranked
    inner join firsts
        on
            ranked.bill_source_name = firsts.bill_source_name
            and ranked.model_key = firsts.model_key
            and ranked.token_class = firsts.token_class
            and ranked.currency = firsts.currency
            and ranked.usage_date = firsts.usage_date

),

both_sides as (

    select
        billed.bill_source_name,
        usage_rows.usage_source_name,
        coalesce(nullif(usage_rows.provider, ''), billed.provider) as provider,
        coalesce(billed.model, nullif(usage_rows.model, '')) as model,
        billed.model_key,
        billed.token_class,
        billed.currency,
        usage_rows.unpriced_reason,
        usage_rows.counted_in,
        usage_rows.rated_tokens,
        case when coalesce(usage_rows.position, 1) = 1 then billed.billed_tokens end
            as billed_tokens,
        usage_rows.rated_cost,
        case
            when usage_rows.usage_source_name is null then billed.billed_cost
            else usage_rows.billed_cost
        end as billed_cost,
        case when coalesce(usage_rows.position, 1) = 1 then billed.credit_cost end as credit_cost,
        billed.bill_rounding,
        coalesce(usage_rows.position, 1) = 1 as is_first,
        coalesce(usage_rows.has_bill_line, true) as has_bill_line,
        usage_rows.usage_source_name is not null as has_usage,
        true as is_bill_day,
        coalesce(usage_rows.is_all_provisioned, false) as is_all_provisioned,
        billed.usage_date
    from billed
    left join usage_rows
        on
            billed.bill_source_name = usage_rows.bill_source_name
            and billed.model_key = usage_rows.model_key
            and billed.token_class = usage_rows.token_class
            and billed.currency = usage_rows.currency
            and billed.usage_date = usage_rows.usage_date

    union all

    select
        usage_rows.bill_source_name,
        usage_rows.usage_source_name,
        nullif(usage_rows.provider, '') as provider,
        nullif(usage_rows.model, '') as model,
        usage_rows.model_key,
        usage_rows.token_class,
        usage_rows.currency,
        usage_rows.unpriced_reason,
        usage_rows.counted_in,
        usage_rows.rated_tokens,
        {{ as_money('null') }} as billed_tokens,
        usage_rows.rated_cost,
        {{ as_money('null') }} as billed_cost,
        {{ as_money('null') }} as credit_cost,
        {{ as_money('0') }} as bill_rounding,
        usage_rows.position = 1 as is_first,
        false as has_bill_line,
        true as has_usage,
        coalesce(usage_rows.usage_date between bill_days.first_date and bill_days.last_date, false)
            as is_bill_day,
        usage_rows.is_all_provisioned,
        usage_rows.usage_date
    from usage_rows
    left join billed
        on
            usage_rows.bill_source_name = billed.bill_source_name
            and usage_rows.model_key = billed.model_key
            and usage_rows.token_class = billed.token_class
            and usage_rows.currency = billed.currency
            and usage_rows.usage_date = billed.usage_date
    left join bill_days
        on usage_rows.bill_source_name = bill_days.bill_source_name
    where billed.bill_source_name is null

),

-- A side that is not there counts as nothing in the difference; what is unknown leaves it unknown.
int_billed_and_rated as (

    select
        {{ row_key([
            'bill_source_name', 'usage_source_name', 'model_key', 'token_class', 'currency',
            'usage_date',
        ]) }} as comparison_id,
        *,
        case
            when has_usage and rated_cost is null then null
            when has_bill_line and billed_cost is null then null
            when not is_bill_day then null
            else coalesce(billed_cost, 0) - coalesce(rated_cost, 0)
        end as difference
    from both_sides

)

select * from int_billed_and_rated
