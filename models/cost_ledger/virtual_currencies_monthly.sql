{{ config(cluster_by=cluster_by_columns(['provider', 'virtual_currency'])) }}

{% set so_far %}over (
            partition by provider, virtual_currency, currency
            order by period_start asc nulls last
            rows between unbounded preceding and current row
        ){% endset %}

with

moves as (

    select *
    from {{ ref('int_virtual_currency_charges') }}

),

months as (

    select
        provider,
        virtual_currency,
        currency,
        {% for column in [
            'purchased_quantity', 'purchased_cost', 'consumed_quantity', 'consumed_cost',
        ] -%}
        {{ whole_sum(column, 'true') }} as {{ column }},
        {% endfor -%}
        max(expires_at) as expires_at,
        period_start
    from moves
    group by
        provider,
        virtual_currency,
        currency,
        period_start

),

running as (

    select
        *,
        {% for amount in ['quantity', 'cost'] -%}
        sum(purchased_{{ amount }}) {{ so_far }} as purchased_{{ amount }}_so_far,
        sum(consumed_{{ amount }}) {{ so_far }} as consumed_{{ amount }}_so_far,
        {{ count_if('consumed_' ~ amount ~ ' is null or purchased_' ~ amount ~ ' is null')
            ~ ' ' ~ so_far }} as unknown_{{ amount }}_months,
        {% endfor -%}
        max(expires_at) {{ so_far }} as last_expires_at
    from months

),

balances as (

    select
        *,
        {% for amount in ['quantity', 'cost'] -%}
        purchased_{{ amount }}_so_far - consumed_{{ amount }}_so_far as balance_{{ amount }},
        -- More consumed than bought: something was bought before the bills begin.
        min(purchased_{{ amount }}_so_far - consumed_{{ amount }}_so_far) {{ so_far }} >= 0
        and unknown_{{ amount }}_months = 0 as is_{{ amount }}_known,
        {% endfor -%}
        last_expires_at as balance_expires_at
    from running

),

virtual_currencies_monthly as (

    select
        {{ row_key(['provider', 'virtual_currency', 'currency', 'period_start']) }}
            as virtual_currencies_monthly_id,
        provider,
        virtual_currency,
        currency,
        {% for amount in ['quantity', 'cost'] -%}
        {{ as_money('purchased_' ~ amount) }} as purchased_{{ amount }},
        {{ as_money('consumed_' ~ amount) }} as consumed_{{ amount }},
        {{ as_money(
            'case when is_' ~ amount ~ '_known then balance_' ~ amount ~ ' end'
        ) }} as balance_{{ amount }},
        {% endfor -%}
        {{ divide('consumed_cost', 'consumed_quantity') }} as consumed_unit_price,
        balance_expires_at as expires_at,
        period_start
    from balances

)

select * from virtual_currencies_monthly
