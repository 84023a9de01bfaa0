with

span as (

    select
        date '2015-01-01' as first_day,
        {{ days_between("date '2015-01-01'", "date '2039-12-31'") }}
            as last_number

),

numbers as (

    select {{ date_add_days('span.first_day', 'day_number') }} as day
    from span
    {{ cross_join_numbers('span.last_number', 'day_number') }}

),

days as (

    select
        day,
        {{ month_start('day') }} as month_start
    from numbers

)

select * from days
