with

stg_outcomes__events as (

    select
        {{ system_columns() }},
        event_id,
        outcome_type,
        currency,
        upper(evidence_grade) as evidence_grade,
        reverses,
        cost_center,
        team,
        product,
        feature,
        use_case,
        customer,
        environment,
        workload,
        -- An event without a quantity is one of its kind.
        coalesce(quantity, 1) as quantity,
        unit_value,
        cost,
        attribution_share,
        succeeded,
        occurred_at,
        {{ as_date('occurred_at') }} as outcome_date
    from {{ source('landing', 'outcomes') }}

)

select * from stg_outcomes__events
