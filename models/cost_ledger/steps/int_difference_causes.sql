{{ config(materialized='view') }}

{# The order in which causes are tried; the first whose arithmetic fits is given. What is known of
   the row itself comes first, then its class, then its model's day, then other models and days. #}
with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}

),

bills as (

    select *
    from {{ ref('int_usage_bills') }}

),

-- One row each: what is known without any computing, or what is left when nothing else fits.
stated as (

    select
        compared.comparison_id,
        compared.unpriced_reason,
        compared.counted_in,
        compared.is_bill_day,
        case
            when compared.counted_in is not null then 'duplicate_logs'
            when
                compared.is_all_provisioned
                and not compared.has_bill_line
                and bills.dataset = 'anthropic_reports'
                then 'priority_not_billed'
            when compared.has_usage and compared.rated_cost is null then 'unpriced'
            when
                abs(coalesce(compared.billed_cost, 0) - coalesce(compared.rated_cost, 0))
                <= compared.bill_rounding
                then 'none'
            when
                abs(
                    coalesce(compared.billed_cost, 0)
                    - compared.credit_cost
                    - coalesce(compared.rated_cost, 0)
                ) <= compared.bill_rounding
                then 'credit'
            when bills.is_sampled and compared.rated_cost < compared.billed_cost then 'sampling'
            when not compared.has_bill_line then 'unbilled'
            else 'unmatched'
        end as cause
    from compared
    left join bills
        on compared.usage_source_name = bills.usage_source_name

),

redirects as (

    select *
    from {{ ref('int_redirects') }}

),

model_names as (

    select
        model_key,
        min(model) as model
    from compared
    group by model_key

),

found as (

    select
        comparison_id,
        cause,
        case cause
            when 'duplicate_logs' then concat('counted in ', counted_in, ' too')
            when 'unpriced' then unpriced_reason
            when 'unbilled' then case when not is_bill_day then 'no bill of the day' end
        end as cause_detail,
        case
            when cause in ('duplicate_logs', 'priority_not_billed', 'none', 'credit') then 10
            else 90
        end as cause_order
    from stated

    union all

    select
        comparison_id,
        cause,
        cause_detail,
        case when is_of_whole_model then 40 else 20 end + cause_order as cause_order
    from {{ ref('int_causes_by_price') }}

    union all

    select
        comparison_id,
        cause,
        cause_detail,
        case cause when 'timing' then 60 when 'failed_calls' then 30 else 31 end as cause_order
    from {{ ref('int_causes_by_quantity') }}

    union all

    select
        redirects.comparison_id,
        'redirect' as cause,
        concat(used_models.model, ' → ', billed_models.model) as cause_detail,
        50 as cause_order
    from redirects
    inner join model_names as used_models
        on redirects.used_model_key = used_models.model_key
    inner join model_names as billed_models
        on redirects.billed_model_key = billed_models.model_key

),

ranked as (

    select
        comparison_id,
        cause,
        cause_detail,
        row_number() over (
            partition by comparison_id
            order by cause_order asc nulls last, cause asc nulls last, cause_detail asc nulls last
        ) as preference
    from found

),

int_difference_causes as (

    select
        comparison_id,
        cause,
        cause_detail
    from ranked
    where preference = 1

)

select * from int_difference_causes
