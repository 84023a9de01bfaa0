with

matches as (

    select
        coalesce(provider, '') as provider,
        coalesce(model, '') as model,
        price_provider,
        price_model,
        known_from,
        known_to
    from {{ source('landing', 'model_matches') }}
    where model is not null

),

used as (

    select
        provider,
        model
    from matches
    group by provider, model

),

names as (

    select
        provider,
        model,
        provider as price_provider,
        model as price_model,
        2 as name_rank,
        cast(null as {{ timestamp_type() }}) as known_from,
        cast(null as {{ timestamp_type() }}) as known_to
    from used

    union all

    select
        provider,
        model,
        price_provider,
        price_model,
        3 as name_rank,
        known_from,
        known_to
    from matches
    where price_model is not null

    union all

    -- Gateways and their price lists write the provider before the model.
    select
        provider,
        model,
        case
            when provider = '' then regexp_replace(model, '/.*$', '')
            else provider
        end as price_provider,
        case when provider = '' then model else concat(provider, '/', model) end as price_model,
        4 as name_rank,
        cast(null as {{ timestamp_type() }}) as known_from,
        cast(null as {{ timestamp_type() }}) as known_to
    from used
    where provider != '' or model like '%/%'

),

ranked as (

    select
        provider,
        model,
        price_provider,
        price_model,
        min(name_rank) as name_rank,
        known_from,
        known_to
    from names
    group by
        provider,
        model,
        price_provider,
        price_model,
        known_from,
        known_to

),

aliases as (

    select
        coalesce(provider, '') as provider,
        model,
        billed_provider,
        billed_model,
        valid_from,
        valid_to
    from {{ ref('model_aliases') }}

),

int_model_names as (

    select
        used.provider,
        used.model,
        aliases.billed_provider as price_provider,
        aliases.billed_model as price_model,
        1 as name_rank,
        aliases.valid_from,
        aliases.valid_to,
        cast(null as {{ timestamp_type() }}) as known_from,
        cast(null as {{ timestamp_type() }}) as known_to
    from used
    inner join aliases
        on
            used.provider = aliases.provider
            and used.model = aliases.model

    union all

    select
        provider,
        model,
        price_provider,
        price_model,
        name_rank,
        cast(null as {{ date_type() }}) as valid_from,
        cast(null as {{ date_type() }}) as valid_to,
        known_from,
        known_to
    from ranked

)

select * from int_model_names
