{{ config(access='protected') }}

{% set keys = allocation_keys() %}

with

events as (

    select
        source_name,
        load_id,
        source_file,
        event_id,
        outcome_type,
        currency,
        evidence_grade,
        reverses,
        {{ keys | join(',\n        ') }},
        source_row,
        quantity,
        unit_value,
        cost,
        attribution_share,
        coalesce(succeeded, true) as succeeded,
        occurred_at,
        outcome_date
    from {{ ref('stg_outcomes__events') }}

),

-- A bare reversal takes the outcome back whole, with its keys and value.
int_outcomes as (

    select
        case
            when events.event_id is not null
                then {{ row_key(['events.source_name', 'events.event_id']) }}
            else
                {{ row_key([
                    'events.source_name', 'events.source_file', text('events.source_row')
                ]) }}
        end as value_event_id,
        events.source_name,
        events.load_id,
        events.source_file,
        events.event_id,
        events.outcome_type,
        events.reverses,
        coalesce(events.currency, originals.currency) as currency,
        coalesce(events.evidence_grade, originals.evidence_grade) as evidence_grade,
        {%- for key in keys %}
        coalesce(events.{{ key }}, originals.{{ key }}) as {{ key }},
        {%- endfor %}
        events.source_row,
        case
            when not coalesce(originals.succeeded, events.succeeded) then 0
            when events.reverses is null then events.quantity
            when events.unit_value is null then -coalesce(originals.quantity, events.quantity)
            else -abs(events.quantity)
        end as quantity,
        coalesce(events.unit_value, originals.unit_value) as unit_value,
        events.cost as reported_cost,
        coalesce(events.attribution_share, originals.attribution_share) as attribution_share,
        events.succeeded,
        events.reverses is not null as is_reversal,
        events.occurred_at,
        events.outcome_date
    from events
    left join events as originals
        on
            events.source_name = originals.source_name
            and events.reverses = originals.event_id

)

select * from int_outcomes
