{{
    config(
        partition_by=partition_by_day('charge_date'),
        cluster_by=cluster_by_columns(['pool_id', 'origin_id']),
    )
}}

{% set keys = allocation_keys() %}

with

charges as (

    select
        charge_id as origin_id,
        source_name,
        coalesce(sub_account_id, '') as sub_account_id,
        coalesce(tags, '') as tags,
        service_name,
        resource_id,
        charge_category,
        pricing_model,
        ledger_category,
        lifecycle,
        evidence_level,
        coalesce(service_provider_name, host_provider_name, invoice_issuer_name) as provider,
        model,
        cost,
        billed_cost_reporting as billed_cost,
        list_cost_reporting as list_cost,
        is_ai,
        -- A correction goes to those who caused what it corrects, on that day.
        {{ service_date() }} as service_date,
        charge_date
    from {{ ref('charges') }}

),

charge_keys as (

    select
        source_name,
        sub_account_id,
        tags,
        {{ keys | join(',\n        ') }},
        is_direct,
        service_date
    from {{ ref('int_charge_keys') }}

),

rules as (

    select
        rule_id,
        priority,
        source_name,
        lower(service_pattern) as service_pattern,
        ledger_category,
        sub_account_id,
        lower(resource_pattern) as resource_pattern,
        valid_from,
        valid_to
    from {{ ref('allocation_rules') }}

),

gpu_bills as (

    select
        source_name,
        coalesce(nullif(billed_by, ''), source_name) as bill_source_name
    from {{ source('landing', 'sources') }}
    where dataset in ('gpu_jobs', 'gpu_nodes')

),

gpu_sources as (

    select bill_source_name as source_name
    from gpu_bills
    group by bill_source_name

),

split_sources as (

    select source_name
    from {{ ref('stg_aws_cur__splits') }}
    group by source_name

),

pools as (

    select pool_id
    from {{ ref('int_usage_weights') }}
    group by pool_id

),

keyed as (

    select
        charges.*,
        {%- for key in keys %}
        charge_keys.{{ key }},
        {%- endfor %}
        coalesce(charge_keys.is_direct, false) as is_direct,
        case
            when charge_keys.is_direct then null
            when charges.ledger_category in ('hosted_inference', 'embedding_retrieval')
                then
                    {{ row_key([
                        "'tokens'", 'charges.source_name', text('charges.service_date'),
                        'charges.model',
                    ]) }}
        end as model_pool_id,
        case
            when charge_keys.is_direct then null
            when charges.ledger_category in ('hosted_inference', 'embedding_retrieval')
                then
                    {{ row_key([
                        "'tokens'", 'charges.source_name', text('charges.service_date'), 'null'
                    ]) }}
        end as day_pool_id,
        case
            when charge_keys.is_direct then null
            when gpu_sources.source_name is not null
                then {{ row_key(["'gpu'", 'charges.resource_id', text('charges.service_date')]) }}
        end as gpu_pool_id,
        case
            when charge_keys.is_direct then null
            when split_sources.source_name is not null
                then
                    {{ row_key([
                        "'split'", 'charges.source_name', 'charges.resource_id',
                        text('charges.service_date'),
                    ]) }}
        end as split_pool_id
    from charges
    left join charge_keys
        on
            charges.source_name = charge_keys.source_name
            and charges.sub_account_id = charge_keys.sub_account_id
            and charges.tags = charge_keys.tags
            and charges.service_date = charge_keys.service_date
    left join gpu_sources
        on charges.source_name = gpu_sources.source_name
    left join split_sources
        on charges.source_name = split_sources.source_name

),

-- The finer pool first: the node, the instance of pods, the model on its day, the bill on its day.
measured as (

    select
        keyed.*,
        coalesce(
            gpu_pools.pool_id, split_pools.pool_id, model_pools.pool_id, day_pools.pool_id
        ) as usage_pool_id
    from keyed
    left join pools as gpu_pools
        on keyed.gpu_pool_id = gpu_pools.pool_id
    left join pools as split_pools
        on keyed.split_pool_id = split_pools.pool_id
    left join pools as model_pools
        on keyed.model_pool_id = model_pools.pool_id
    left join pools as day_pools
        on keyed.day_pool_id = day_pools.pool_id

),

matched_rules as (

    select
        measured.origin_id,
        rules.rule_id,
        row_number() over (
            partition by measured.origin_id
            order by rules.priority asc nulls last, rules.rule_id asc nulls last
        ) as rule_rank
    from measured
    inner join rules
        on
            (rules.source_name is null or measured.source_name = rules.source_name)
            and (rules.ledger_category is null or measured.ledger_category = rules.ledger_category)
            and (rules.sub_account_id is null or measured.sub_account_id = rules.sub_account_id)
            and {{ like_pattern('measured.service_name', 'rules.service_pattern') }}
            and {{ like_pattern('measured.resource_id', 'rules.resource_pattern') }}
            and {{ valid_on('measured.service_date', 'rules') }}
    where
        not measured.is_direct
        and measured.usage_pool_id is null

),

int_charge_routes as (

    select
        measured.origin_id,
        measured.source_name,
        measured.charge_category,
        measured.pricing_model,
        measured.ledger_category,
        measured.lifecycle,
        measured.evidence_level,
        measured.provider,
        measured.model,
        {%- for key in keys %}
        measured.{{ key }},
        {%- endfor %}
        matched_rules.rule_id,
        case
            when measured.is_direct then 'direct'
            when measured.usage_pool_id is not null then 'usage'
            when matched_rules.rule_id is not null then 'rule'
            else 'none'
        end as route,
        case
            when measured.usage_pool_id is not null then measured.usage_pool_id
            when matched_rules.rule_id is not null
                then
                    {{ row_key([
                        "'rule'", 'matched_rules.rule_id', text('measured.service_date'),
                        "case when measured.is_ai then 'ai' else 'all' end",
                    ]) }}
        end as pool_id,
        measured.cost,
        measured.billed_cost,
        measured.list_cost,
        measured.is_ai,
        measured.service_date,
        measured.charge_date
    from measured
    left join matched_rules
        on
            measured.origin_id = matched_rules.origin_id
            and matched_rules.rule_rank = 1

)

select * from int_charge_routes
