{% set keys = allocation_keys() %}

with

charges as (

    select
        source_name,
        coalesce(sub_account_id, '') as sub_account_id,
        coalesce(tags, '') as tags,
        {{ service_date() }} as service_date
    from {{ ref('charges') }}
    group by
        source_name,
        coalesce(sub_account_id, ''),
        coalesce(tags, ''),
        {{ service_date() }}

),

tag_keys as (

    select
        tag_key,
        allocation_key,
        priority
    from {{ ref('tag_keys') }}

),

account_owners as (

    select
        source_name,
        coalesce(sub_account_id, '') as sub_account_id,
        {{ keys | join(',\n        ') }}
    from {{ ref('account_owners') }}

),

tag_texts as (

    select tags
    from charges
    where tags <> ''
    group by tags

),

tag_values as (

    select
        tag_texts.tags,
        tag_keys.tag_key,
        tag_keys.allocation_key,
        tag_keys.priority,
        nullif({{ trimmed(json_key('tag_texts.tags', 'tag_keys.tag_key')) }}, '') as tag_value
    from tag_texts
    cross join tag_keys

),

ranked_values as (

    select
        tags,
        allocation_key,
        tag_value,
        row_number() over (
            partition by tags, allocation_key
            order by priority asc nulls last, tag_key asc nulls last
        ) as value_rank
    from tag_values
    where tag_value is not null

),

tagged as (

    select
        {%- for key in keys %}
        max(case when allocation_key = '{{ key }}' then tag_value end) as {{ key }},
        {%- endfor %}
        tags
    from ranked_values
    where value_rank = 1
    group by tags

),

-- What a tag says on the line beats what is known of its account, and that what is known of the
-- source.
known as (

    select
        charges.source_name,
        charges.sub_account_id,
        charges.tags,
        {%- for key in keys %}
        coalesce(tagged.{{ key }}, accounts.{{ key }}, bills.{{ key }}) as {{ key }},
        {%- endfor %}
        charges.service_date
    from charges
    left join tagged
        on charges.tags = tagged.tags
    left join account_owners as accounts
        on
            charges.source_name = accounts.source_name
            and charges.sub_account_id = accounts.sub_account_id
            and accounts.sub_account_id <> ''
    left join account_owners as bills
        on
            charges.source_name = bills.source_name
            and bills.sub_account_id = ''

),

int_charge_keys as (

    select
        known.source_name,
        known.sub_account_id,
        known.tags,
        {{ completed_keys('known') }},
        ({{ owner_keys('known') }}) is not null as is_direct,
        known.service_date
    from known
    {{ completing_joins('known', 'known.service_date') }}

)

select * from int_charge_keys
