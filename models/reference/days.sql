with

numbers as (

    select
        {{ date_add_days("cast('2015-01-01' as date)", 'day_number') }} as day
    from (select {{ days_between("cast('2015-01-01' as date)", "cast('2039-12-31' as date)") }} as last_number) as span
    {{ cross_join_numbers('span.last_number', 'day_number') }}

),

days as (

    select
        day,
        {{ month_start('day') }} as month_start
    from numbers

)

select * from days
