{% set priced = ['price_key', 'basis', 'token_class'] %}
{% set lookup = ['provider', 'model', 'usage_date'] %}
{% set one_price = 'lookups.price_key, lookups.basis, lookups.token_class' %}
{% set tier = 'wanted.service_tier = prices.service_tier' %}
{% set place = '(prices.geography is null or wanted.geography = prices.geography)' %}
{% set class = (
    'wanted.price_class = prices.token_class'
    ' and wanted.context_from_tokens >= prices.context_from_tokens'
) %}

with

used as (

    select
        price_key,
        token_class,
        {{ priced_tier('service_tier') }} as service_tier,
        lower(geography) as geography,
        clock_from,
        context_from_tokens,
        coalesce(provider, '') as provider,
        coalesce(model, '') as model,
        usage_date,
        {{ month_start('usage_date') }} as month_start
    from {{ ref('int_token_quantities') }}
    group by
        price_key,
        token_class,
        service_tier,
        geography,
        clock_from,
        context_from_tokens,
        provider,
        model,
        usage_date

),

closed_months as (

    select
        month_start,
        closed_at
    from {{ ref('int_closed_months') }}

),

-- A closed month keeps the prices that were known when it was closed; what is known now stands
-- beside them. In an open month both are the same.
bases as (

    select
        month_start,
        'reported' as basis,
        closed_at as known_at
    from closed_months
    union all
    select
        month_start,
        'now' as basis,
        cast(null as {{ timestamp_type() }}) as known_at
    from closed_months

),

clock_bands as (

    select *
    from {{ ref('int_clock_bands') }}

),

clocks as (

    select '00:00:00' as clock_from
    from clock_bands
    {%- for number in range(1, 25) %}
    union all
    select clock_{{ number }} as clock_from
    from clock_bands
    where clock_{{ number }} is not null
    {%- endfor %}

),

clock_models as (

    select
        provider,
        model
    from {{ ref('int_clock_models') }}

),

model_clocks as (

    select
        clock_models.provider,
        clock_models.model,
        clocks.clock_from
    from clock_models
    cross join clocks

),

-- Usage of a whole day is looked up at each of its hours: only one answer to all is an answer.
lookups as (

    select
        used.*,
        coalesce(bases.basis, 'reported') as basis,
        coalesce(bases.known_at, {{ day_start("date '9999-12-30'") }}) as known_at,
        coalesce(used.clock_from, model_clocks.clock_from, '00:00:00') as clock,
        {{ iso_weekday('used.usage_date') }} as weekday
    from used
    left join bases
        on used.month_start = bases.month_start
    left join model_clocks
        on
            used.provider = model_clocks.provider
            and used.model = model_clocks.model
            and used.clock_from is null

),

model_days as (

    select
        {{ lookup | join(',\n        ') }}
    from used
    group by
        {{ lookup | join(',\n        ') }}

),

model_names as (

    select *
    from {{ ref('int_model_names') }}

),

names_of_days as (

    select
        model_days.provider,
        model_days.model,
        model_days.usage_date,
        model_names.price_provider,
        model_names.price_model,
        model_names.name_rank,
        model_names.known_from,
        model_names.known_to,
        min(model_names.name_rank) over (
            partition by model_days.provider, model_days.model, model_days.usage_date
        ) as first_rank
    from model_days
    inner join model_names
        on
            model_days.provider = model_names.provider
            and model_days.model = model_names.model
            and {{ valid_on('model_days.usage_date', 'model_names') }}

),

-- Where an alias says what was billed, no other name counts.
names as (

    select
        provider,
        model,
        usage_date,
        price_provider,
        price_model,
        name_rank,
        coalesce(known_from, {{ day_start("date '0001-01-01'") }}) as known_from,
        coalesce(known_to, {{ day_start("date '9999-12-31'") }}) as known_to
    from names_of_days
    where name_rank = 1 or first_rank > 1

),

class_prices as (
    {% for token_class, price_classes in classes_of_prices().items() %}
    {%- set last_class = loop.last %}
    {%- for price_class in price_classes %}
    select
        '{{ token_class }}' as token_class,
        '{{ price_class }}' as price_class,
        {{ loop.index }} as class_rank
    {{ 'union all' if not (loop.last and last_class) }}
    {%- endfor %}
    {%- endfor %}

),

wanted as (

    select
        lookups.*,
        {{ moment_of('lookups.usage_date', 'lookups.clock') }} as used_at,
        coalesce(class_prices.price_class, lookups.token_class) as price_class,
        coalesce(class_prices.class_rank, 1) as class_rank,
        names.price_provider,
        names.price_model,
        names.name_rank
    from lookups
    inner join names
        on
            lookups.provider = names.provider
            and lookups.model = names.model
            and lookups.usage_date = names.usage_date
            and names.known_from <= lookups.known_at
            and lookups.known_at < names.known_to
    left join class_prices
        on lookups.token_class = class_prices.token_class

),

prices as (

    select *
    from {{ ref('int_usable_prices') }}

),

candidates as (

    select
        wanted.price_key,
        wanted.basis,
        wanted.token_class,
        wanted.clock,
        wanted.provider,
        wanted.model,
        wanted.usage_date,
        prices.price_id,
        prices.snapshot_source,
        prices.price_kind,
        prices.currency,
        prices.unit_price,
        prices.first_quantity,
        prices.is_promotion,
        prices.is_tiered,
        case when prices.price_kind = 'negotiated' then 0 else 1 end as kind_rank,
        case when prices.snapshot_source = 'genai_prices' then 0 else 1 end as source_rank,
        row_number() over (
            partition by wanted.price_key, wanted.basis, wanted.token_class, wanted.clock
            order by
                case when prices.price_kind = 'negotiated' then 0 else 1 end asc nulls last,
                case when prices.snapshot_source = 'genai_prices' then 0 else 1 end asc nulls last,
                prices.snapshot_source asc nulls last,
                wanted.name_rank asc nulls last,
                wanted.class_rank asc nulls last,
                case when prices.geography is not null then 0 else 1 end asc nulls last,
                case when prices.is_clocked or prices.weekdays is not null then 0 else 1 end
                asc nulls last,
                case when prices.is_promotion then 0 else 1 end asc nulls last,
                prices.context_from_tokens desc nulls last,
                prices.snapshot_date desc nulls last,
                prices.known_from desc nulls last,
                prices.valid_from desc nulls last,
                prices.quantity_from asc nulls last,
                prices.unit_price desc nulls last,
                prices.price_id asc nulls last
        ) as preference
    from wanted
    inner join prices
        on
            wanted.price_provider = prices.provider
            and wanted.price_model = prices.model
            and wanted.price_class = prices.token_class
            and wanted.service_tier = prices.service_tier
            and (prices.geography is null or wanted.geography = prices.geography)
            and wanted.context_from_tokens >= prices.context_from_tokens
            and prices.valid_from <= wanted.used_at
            and wanted.used_at < prices.valid_to
            and prices.known_from <= wanted.known_at
            and wanted.known_at < prices.known_to
            and (
                prices.weekdays is null
                or prices.weekdays like concat('%', {{ text('wanted.weekday') }}, '%')
            )
            -- A band may reach over midnight.
            and case
                when prices.clock_from < prices.clock_to
                    then prices.clock_from <= wanted.clock and wanted.clock < prices.clock_to
                else prices.clock_from <= wanted.clock or wanted.clock < prices.clock_to
            end

),

chosen as (

    select
        *,
        -- Costs of one day and model are added up: they are in the currency of its first price.
        row_number() over (
            partition by provider, model, usage_date
            order by
                case when basis = 'reported' then 0 else 1 end asc nulls last,
                kind_rank asc nulls last,
                source_rank asc nulls last,
                snapshot_source asc nulls last,
                token_class asc nulls last,
                price_key asc nulls last,
                clock asc nulls last
        ) as place
    from candidates
    where preference = 1

),

currencies as (

    select
        provider,
        model,
        usage_date,
        currency
    from chosen
    where place = 1

),

looked_up as (

    select
        {%- for column in priced %}
        lookups.{{ column }},
        {%- endfor %}
        lookups.usage_date,
        lookups.clock,
        chosen.price_id,
        chosen.snapshot_source,
        chosen.price_kind,
        chosen.currency,
        chosen.unit_price,
        chosen.is_promotion,
        chosen.is_tiered,
        {% for name, result in [
            ('first_clock', 'min(lookups.clock)'),
            ('clocks', 'count(*)'),
            ('priced_clocks', 'count(chosen.price_id)'),
            ('lowest_price', 'min(chosen.unit_price)'),
            ('highest_price', 'max(chosen.unit_price)'),
        ] -%}
        {{ result }} over (partition by {{ one_price }}) as {{ name }},
        {% endfor -%}
        chosen.currency <> currencies.currency or chosen.first_quantity > 0 as is_unfit
    from lookups
    left join chosen
        on
            lookups.price_key = chosen.price_key
            and lookups.basis = chosen.basis
            and lookups.token_class = chosen.token_class
            and lookups.clock = chosen.clock
    left join currencies
        on
            lookups.provider = currencies.provider
            and lookups.model = currencies.model
            and lookups.usage_date = currencies.usage_date

),

-- What the price book has of a model that it does not price here, from the whole to the part.
known as (

    select
        wanted.price_key,
        wanted.basis,
        wanted.token_class,
        {{ count_if(tier) }} as prices_for_tier,
        {{ count_if([tier, place] | join(' and ')) }} as prices_for_geography,
        {{ count_if([tier, place, class] | join(' and ')) }} as prices_for_class
    from wanted
    inner join looked_up
        on
            wanted.price_key = looked_up.price_key
            and wanted.basis = looked_up.basis
            and wanted.token_class = looked_up.token_class
            and wanted.clock = looked_up.clock
    inner join prices
        on
            wanted.price_provider = prices.provider
            and wanted.price_model = prices.model
            and prices.known_from <= wanted.known_at
            and wanted.known_at < prices.known_to
    where looked_up.clock = looked_up.first_clock and looked_up.priced_clocks = 0
    group by wanted.price_key, wanted.basis, wanted.token_class

),

judged as (

    select
        looked_up.*,
        case
            when looked_up.is_unfit then 'no_price_for_class'
            when looked_up.priced_clocks = looked_up.clocks and lowest_price = highest_price
                then null
            when looked_up.priced_clocks > 0 then 'price_changes_within_bucket'
            when known.prices_for_tier is null then 'unknown_model'
            when known.prices_for_tier = 0 then 'no_price_for_tier'
            when known.prices_for_geography = 0 then 'no_price_for_geography'
            when known.prices_for_class = 0 then 'no_price_for_class'
            else 'no_price_at_that_time'
        end as unpriced_reason
    from looked_up
    left join known
        on
            looked_up.price_key = known.price_key
            and looked_up.basis = known.basis
            and looked_up.token_class = known.token_class
    where looked_up.clock = looked_up.first_clock

),

int_token_prices as (

    select
        price_key,
        basis,
        token_class,
        {%- for column in ['price_id', 'snapshot_source', 'price_kind', 'currency'] %}
        case when unpriced_reason is null then {{ column }} end as {{ column }},
        {%- endfor %}
        unpriced_reason,
        case when unpriced_reason is null then unit_price end as unit_price,
        case when unpriced_reason is null then is_promotion end as is_promotion,
        unpriced_reason is null and is_tiered as is_tiered,
        usage_date
    from judged

)

select * from int_token_prices
