{{ config(materialized='view') }}

{# The order in which prices are tried where several fit. #}
{% set causes_in_order = [
    'priority_not_billed', 'failed_calls', 'cache_class', 'tier', 'context_band', 'promotion',
] %}
with

compared as (

    select *
    from {{ ref('int_billed_and_rated') }}

),

open_rows as (

    select *
    from {{ ref('int_open_differences') }}

),

otherwise as (

    select
        *,
        case cause
            {%- for cause in causes_in_order %}
            when '{{ cause }}' then {{ loop.index }}
            {%- endfor %}
        end as cause_order
    from {{ ref('int_rated_otherwise') }}

),

-- Priced otherwise, the rated cost is the billed one. Another price leaves the tokens as they are,
-- tokens that were not billed leave fewer.
by_class as (

    select
        open_rows.comparison_id,
        otherwise.cause,
        otherwise.cause_detail,
        otherwise.cause_order
    from open_rows
    inner join otherwise
        on
            open_rows.usage_source_name = otherwise.usage_source_name
            and open_rows.token_class = otherwise.token_class
            and open_rows.bill_source_name = otherwise.bill_source_name
            and open_rows.model_key = otherwise.model_key
            and open_rows.currency = otherwise.currency
            and open_rows.usage_date = otherwise.usage_date
    where
        abs(open_rows.gap - otherwise.change) <= open_rows.bill_rounding
        and (
            open_rows.billed_tokens is null
            or (open_rows.billed_tokens = open_rows.rated_tokens)
            = (otherwise.cause not in ('failed_calls', 'priority_not_billed'))
        )

),

-- The whole day of a model: only where one source tells its usage, and all of it is known.
model_days as (

    select
        compared.bill_source_name,
        compared.model_key,
        compared.currency,
        compared.usage_date,
        max(compared.usage_source_name) as usage_source_name,
        sum(compared.billed_tokens) as billed_tokens,
        sum(compared.rated_tokens) as rated_tokens,
        {{ count_if('compared.has_bill_line and compared.billed_tokens is null') }} > 0
            as has_unknown_tokens,
        {{ count_if(
            'abs(coalesce(compared.billed_cost, 0) - coalesce(compared.rated_cost, 0))'
            ' > compared.bill_rounding'
        ) }} as open_rows,
        sum(coalesce(compared.billed_cost, 0) - coalesce(compared.rated_cost, 0)) as gap,
        sum(compared.bill_rounding) as bill_rounding
    from compared
    group by
        compared.bill_source_name,
        compared.model_key,
        compared.currency,
        compared.usage_date
    having
        {{ count_if('compared.usage_source_name is not null') }}
        = {{ count_if(
            'compared.is_first and compared.has_usage and compared.rated_cost is not null'
        ) }}
        and min(compared.usage_source_name) = max(compared.usage_source_name)
        and {{ count_if('compared.has_bill_line and compared.billed_cost is null') }} = 0
        and {{ count_if('compared.has_bill_line') }} > 0

),

by_model as (

    select
        model_days.*,
        otherwise.cause,
        otherwise.cause_detail,
        otherwise.cause_order
    from model_days
    inner join otherwise
        on
            model_days.usage_source_name = otherwise.usage_source_name
            and otherwise.token_class is null
            and model_days.bill_source_name = otherwise.bill_source_name
            and model_days.model_key = otherwise.model_key
            and model_days.currency = otherwise.currency
            and model_days.usage_date = otherwise.usage_date
    where
        abs(model_days.gap - otherwise.change) <= model_days.bill_rounding
        and (
            model_days.has_unknown_tokens
            or (model_days.billed_tokens = model_days.rated_tokens)
            = (otherwise.cause not in ('failed_calls', 'priority_not_billed'))
        )

    union all

    -- The classes are off and their sum is not: the bill put tokens into other classes.
    select
        model_days.*,
        'cache_class' as cause,
        'the classes add up' as cause_detail,
        3 as cause_order
    from model_days
    where open_rows > 1 and abs(gap) <= bill_rounding

),

int_causes_by_price as (

    select
        comparison_id,
        cause,
        min(cause_detail) as cause_detail,
        false as is_of_whole_model,
        min(cause_order) as cause_order
    from by_class
    group by comparison_id, cause

    union all

    select
        open_rows.comparison_id,
        by_model.cause,
        min(by_model.cause_detail) as cause_detail,
        true as is_of_whole_model,
        min(by_model.cause_order) as cause_order
    from open_rows
    inner join by_model
        on
            open_rows.bill_source_name = by_model.bill_source_name
            and open_rows.model_key = by_model.model_key
            and open_rows.currency = by_model.currency
            and open_rows.usage_date = by_model.usage_date
    group by open_rows.comparison_id, by_model.cause

)

select * from int_causes_by_price
