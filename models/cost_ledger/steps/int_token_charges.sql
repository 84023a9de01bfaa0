{# Half a unit of a bill's last decimal, by how many decimals it uses: at least a cent's two, and no
   more than 12, since no price of a token has more (what a vendor's floats carry behind is noise). #}
{% set last_decimals = range(2, 12) %}

with

bills as (

    select bill_source_name
    from {{ ref('int_usage_bills') }}
    group by bill_source_name

),

used_names as (
    {% for column in ['model_key', 'listed_model_key'] %}
    select
        bill_source_name,
        {{ column }} as model_key
    from {{ ref('int_billed_usage') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

used_models as (

    select
        bill_source_name,
        model_key
    from used_names
    where model_key <> ''
    group by bill_source_name, model_key

),

charges as (

    select
        source_name,
        invoice_issuer_name,
        service_provider_name,
        model,
        sku_id,
        sku_meter,
        charge_description,
        charge_category,
        pricing_model,
        pricing_unit,
        consumed_unit,
        billing_currency,
        pricing_quantity,
        consumed_quantity,
        billed_cost,
        charge_date
    from {{ ref('charges') }}
    where
        evidence_level = 'billed'
        -- What corrects a closed month has no usage on the day on which it is booked.
        and adjusts_period is null
        and is_ai
        and ledger_category in ('hosted_inference', 'embedding_retrieval', 'evaluation')

),

lines as (

    select
        charges.source_name,
        coalesce(charges.service_provider_name, charges.invoice_issuer_name) as provider,
        charges.model,
        charges.sku_id,
        charges.sku_meter,
        charges.charge_description,
        coalesce(charges.charge_category, 'Usage') as charge_category,
        coalesce(charges.pricing_model, 'on_demand') as pricing_model,
        charges.pricing_unit,
        charges.consumed_unit,
        charges.billing_currency as currency,
        charges.pricing_quantity,
        charges.consumed_quantity,
        charges.billed_cost,
        charges.charge_date
    from charges
    inner join bills
        on charges.source_name = bills.bill_source_name

),

-- Nothing but the lines themselves says to how many decimals a bill rounds.
roundings as (

    select
        source_name,
        currency,
        case
            {%- for decimals in last_decimals %}
            when
                {{ count_if('billed_cost <> ' ~ as_money(as_factor('billed_cost', decimals))) }}
                = 0
                then {{ as_money("'0." ~ '0' * decimals ~ "5'") }}
            {%- endfor %}
            else {{ as_money("'0.0000000000005'") }}
        end as rounding
    from lines
    group by source_name, currency

),

line_days as (

    select
        source_name,
        max(provider) as provider,
        model,
        sku_id,
        sku_meter,
        charge_description,
        charge_category,
        pricing_model,
        pricing_unit,
        consumed_unit,
        currency,
        case when count(*) = count(pricing_quantity) then sum(pricing_quantity) end
            as pricing_quantity,
        case when count(*) = count(consumed_quantity) then sum(consumed_quantity) end
            as consumed_quantity,
        case when count(*) = count(billed_cost) then sum(billed_cost) end as billed_cost,
        count(*) as charge_count,
        charge_date
    from lines
    group by
        source_name,
        model,
        sku_id,
        sku_meter,
        charge_description,
        charge_category,
        pricing_model,
        pricing_unit,
        consumed_unit,
        currency,
        charge_date

),

-- Texts are read once for each kind of line, not for each day.
kinds as (

    select
        {{ row_key([
            'source_name', 'model', 'sku_id', 'sku_meter', 'charge_description', 'pricing_unit',
            'consumed_unit',
        ]) }} as kind_key,
        source_name,
        model,
        sku_id,
        sku_meter,
        charge_description,
        lower(coalesce(pricing_unit, '')) as pricing_unit_text,
        lower(coalesce(consumed_unit, '')) as consumed_unit_text,
        coalesce(lower(max(provider)), '?') as vendor,
        {{ replace_all(
            "lower(concat(coalesce(sku_meter, ''), ' ', coalesce(charge_description, ''), ' ', coalesce(sku_id, '')))",
            'uncached', ''
        ) }} as kind_text
    from line_days
    group by
        source_name,
        model,
        sku_id,
        sku_meter,
        charge_description,
        pricing_unit,
        consumed_unit

),

-- Where the bill does not state the model, its texts may: as they are, behind the vendor's name, or
-- beside a modality.
texts as (
    {% for column in ['sku_id', 'charge_description', 'sku_meter'] %}
    {%- set outer_loop = loop %}
    {%- for text in [
        column,
        "replace(lower(" ~ column ~ "), vendor, '')",
        replace_all("lower(" ~ column ~ ")", '\\b(audio|image|text)\\b', ''),
    ] %}
    select
        kind_key,
        source_name,
        {{ model_in_text(text) }} as model,
        {{ outer_loop.index * 3 + loop.index }} as text_number
    from kinds
    where model is null
    {{ 'union all' if not (outer_loop.last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

named_texts as (

    select
        *,
        {{ model_key('model') }} as model_key
    from texts

),

ranked_texts as (

    select
        named_texts.kind_key,
        named_texts.model,
        named_texts.model_key,
        used_models.model_key is not null as is_used,
        row_number() over (
            partition by named_texts.kind_key
            order by
                case when used_models.model_key is not null then 0 else 1 end asc nulls last,
                named_texts.text_number asc nulls last
        ) as preference
    from named_texts
    left join used_models
        on
            named_texts.source_name = used_models.bill_source_name
            and named_texts.model_key = used_models.model_key
    where named_texts.model_key <> ''

),

read_kinds as (

    select
        kinds.kind_key,
        kinds.kind_text,
        coalesce(kinds.model, ranked_texts.model) as model,
        case
            when kinds.model is not null then {{ model_key('kinds.model') }}
            else coalesce(ranked_texts.model_key, '')
        end as model_key,
        kinds.model is not null or coalesce(ranked_texts.is_used, false) as names_a_model,
        {% for unit in ['consumed_unit', 'pricing_unit'] -%}
        case
            when kinds.{{ unit }}_text not like '%token%' then null
            when
                kinds.{{ unit }}_text like '%million%'
                or kinds.{{ unit }}_text like '%1m%'
                or kinds.{{ unit }}_text like '1000000 %'
                then 1000000
            when
                kinds.{{ unit }}_text like '%thousand%'
                or kinds.{{ unit }}_text like '%1k%'
                or kinds.{{ unit }}_text like '1000 %'
                then 1000
            else 1
        end as {{ unit }}_tokens,
        {% endfor -%}
        case
            when
                kinds.kind_text like '%cach%'
                and (kinds.kind_text like '%writ%' or kinds.kind_text like '%creat%')
                then
                    case
                        when kinds.kind_text like '%1h%' or kinds.kind_text like '%1 h%'
                            then 'input_cache_write_1h'
                        when kinds.kind_text like '%5m%' or kinds.kind_text like '%5 m%'
                            then 'input_cache_write_5m'
                        else 'input_cache_write'
                    end
            when kinds.kind_text like '%cach%storage%' then 'input_cache_storage'
            when kinds.kind_text like '%cach%' or kinds.kind_text like '%cchd%'
                then 'input_cache_read'
            when kinds.kind_text like '%outp%' or kinds.kind_text like '%completion%'
                then
                    case
                        when kinds.kind_text like '%audio out%' then 'output_audio'
                        when kinds.kind_text like '%image out%' then 'output_image'
                        else 'output'
                    end
            when kinds.kind_text like '%inp%' or kinds.kind_text like '%prompt%'
                then
                    case
                        when kinds.kind_text like '%audio inp%' then 'input_audio'
                        when kinds.kind_text like '%image inp%' then 'input_image'
                        else 'input_uncached'
                    end
            else 'all'
        end as token_class
    from kinds
    left join ranked_texts
        on
            kinds.kind_key = ranked_texts.kind_key
            and ranked_texts.preference = 1

),

-- Capacity that was bought is no token line, a tool's calls and a gateway's fee for tokens that
-- another vendor bills neither. A credit counts, whatever it names: it is less money for tokens.
token_lines as (

    select
        line_days.source_name,
        line_days.provider,
        case
            when line_days.charge_category <> 'Credit' or read_kinds.names_a_model
                then read_kinds.model
        end as model,
        case
            when line_days.charge_category <> 'Credit' or read_kinds.names_a_model
                then read_kinds.model_key
            else ''
        end as model_key,
        read_kinds.token_class,
        line_days.charge_category = 'Credit' as is_credit,
        line_days.currency,
        case
            when read_kinds.consumed_unit_tokens is not null
                then {{ money_product(
                    'line_days.consumed_quantity', 'read_kinds.consumed_unit_tokens', 12, 0
                ) }}
            when read_kinds.pricing_unit_tokens is not null
                then {{ money_product(
                    'line_days.pricing_quantity', 'read_kinds.pricing_unit_tokens', 12, 0
                ) }}
        end as tokens,
        line_days.billed_cost,
        line_days.charge_count,
        line_days.charge_date
    from line_days
    inner join read_kinds
        on {{ row_key([
            'line_days.source_name', 'line_days.model', 'line_days.sku_id', 'line_days.sku_meter',
            'line_days.charge_description', 'line_days.pricing_unit', 'line_days.consumed_unit',
        ]) }} = read_kinds.kind_key
    where
        line_days.charge_category = 'Credit'
        or (
            line_days.charge_category in ('Usage', 'Adjustment')
            and line_days.pricing_model <> 'provisioned'
            and coalesce(line_days.charge_description, '') <> 'Fee for an own key'
            and (
                read_kinds.consumed_unit_tokens is not null
                or read_kinds.pricing_unit_tokens is not null
                or read_kinds.kind_text like '%token%'
                or read_kinds.names_a_model
            )
        )

),

int_token_charges as (

    select
        token_lines.source_name as bill_source_name,
        max(token_lines.provider) as provider,
        max(token_lines.model) as model,
        token_lines.model_key,
        token_lines.token_class,
        token_lines.currency,
        token_lines.is_credit,
        case when count(*) = count(token_lines.tokens) then sum(token_lines.tokens) end as tokens,
        case when count(*) = count(token_lines.billed_cost) then sum(token_lines.billed_cost) end
            as billed_cost,
        {{ sum_bigint('token_lines.charge_count') }} as charge_count,
        max(coalesce(roundings.rounding, {{ as_money("'0.0000000000005'") }})) as rounding,
        token_lines.charge_date
    from token_lines
    left join roundings
        on
            token_lines.source_name = roundings.source_name
            and token_lines.currency = roundings.currency
    group by
        token_lines.source_name,
        token_lines.model_key,
        token_lines.token_class,
        token_lines.currency,
        token_lines.is_credit,
        token_lines.charge_date

)

select * from int_token_charges
