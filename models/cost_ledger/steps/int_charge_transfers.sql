with

lines as (

    select
        charge_id,
        source_name,
        load_id,
        source_file,
        source_row,
        region_id,
        category_key,
        charge_date
    from {{ ref('int_charge_lines') }}
    -- A tax on traffic moves no data.
    where coalesce(charge_category, 'Usage') <> 'Tax'

),

transfer_kinds as (

    select *
    from {{ ref('int_transfer_kinds') }}

),

stated_regions as (

    select *
    from {{ ref('stg_aws_cur__transfers') }}

),

-- Both ends as the bill has them, else as the rule reads them from its words, else the region of
-- the charge on the side that the rule knows.
int_charge_transfers as (

    select
        lines.charge_id,
        transfer_kinds.rule_id,
        transfer_kinds.transfer_kind,
        coalesce(
            stated_regions.from_region_id,
            transfer_kinds.from_region,
            case
                when transfer_kinds.direction in ('out', 'within') then lines.region_id
                when transfer_kinds.direction = 'in' then transfer_kinds.other_end
            end
        ) as from_region,
        coalesce(
            stated_regions.to_region_id,
            transfer_kinds.to_region,
            case
                when transfer_kinds.direction in ('in', 'within') then lines.region_id
                when transfer_kinds.direction = 'out' then transfer_kinds.other_end
            end
        ) as to_region
    from lines
    inner join transfer_kinds
        on
            lines.category_key = transfer_kinds.category_key
            and lines.charge_date >= transfer_kinds.first_date
            and lines.charge_date < coalesce(transfer_kinds.next_first_date, date '9999-12-31')
    left join stated_regions
        on
            lines.source_name = stated_regions.source_name
            and lines.load_id = stated_regions.load_id
            and lines.source_file = stated_regions.source_file
            and lines.source_row = stated_regions.source_row

)

select * from int_charge_transfers
