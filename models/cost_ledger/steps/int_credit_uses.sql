with

credits as (

    select
        charge_id,
        source_name,
        coalesce(service_provider_name, invoice_issuer_name) as issuer,
        lower(service_provider_name) as provider_key,
        lower(invoice_issuer_name) as issuer_key,
        sub_account_id,
        service_name,
        billing_currency as currency,
        -- With blanks around, so that promo-1 is not found in promo-10.
        ' ' || lower(
            coalesce(resource_id, '') || ' ' || coalesce(resource_name, '') || ' '
            || coalesce(sku_id, '') || ' ' || coalesce(charge_description, '')
        ) || ' ' as named,
        billed_cost,
        {{ service_date() }} as service_date,
        charge_date
    from {{ ref('charges') }}
    where
        charge_category = 'Credit'
        -- A discount that a vendor books as a credit runs out with no grant.
        and pricing_model = 'free'
        and evidence_level = 'billed'

),

grants as (

    select
        issuer,
        credit_id,
        currency,
        valid_from,
        valid_to
    from {{ ref('credit_grants') }}

),

candidates as (

    select
        credits.charge_id,
        grants.issuer,
        grants.credit_id,
        replace(credits.named, ' ' || lower(grants.credit_id) || ' ', '') <> credits.named
            as is_named,
        count(*) over (partition by credits.charge_id) as grants_of_day
    from credits
    inner join grants
        on
            lower(grants.issuer) in (credits.provider_key, credits.issuer_key)
            and credits.currency = grants.currency
            and {{ valid_on('credits.service_date', 'grants') }}

),

-- A credit belongs to the grant that its text names, else to the only one that holds on its day.
matched as (

    select
        charge_id,
        max(issuer) as issuer,
        max(credit_id) as credit_id
    from candidates
    where
        is_named
        or grants_of_day = 1
    group by charge_id
    having count(*) = 1

),

int_credit_uses as (

    select
        credits.charge_id,
        credits.source_name,
        coalesce(matched.issuer, credits.issuer) as issuer,
        matched.credit_id,
        credits.sub_account_id,
        credits.service_name,
        credits.currency,
        -credits.billed_cost as used,
        credits.charge_date
    from credits
    left join matched
        on credits.charge_id = matched.charge_id

)

select * from int_credit_uses
