"""The lines of the two cloud bills: every resource, every day or hour, in exact decimals."""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb

from orchestration.sample.days import Span, month_after
from orchestration.sample.resources import (
    AWS,
    AWS_ACCOUNTS,
    AZURE,
    AZURE_ACCOUNTS,
    AZURE_NO_RATE,
    Resource,
)

DISCOUNT = "0.97"
"""What the first cloud charges of its list price for usage, by a private agreement."""

COMMITMENT_HOURLY = "1.5"
"""The hourly price of the first cloud's savings plan, used or not, in US dollars."""
COMMITMENT_LIST = "1.4"
"""What an hour costs by the list, in parts of that price."""

_USAGE = """
    insert into cloud_lines by name
    select
        resources.cloud,
        calendar.day,
        calendar.day + to_hours(hours.hour) as started_at,
        calendar.day + to_hours(hours.hour + hours.length) as ended_at,
        calendar.month as billing_month,
        resources.name as resource,
        'Usage' as charge_category,
        'on_demand' as pricing_model,
        resources.currency,
        resources.price,
        (case resources.rhythm
            when 'flat' then resources.milli_units
            when 'activity' then
                resources.milli_units * calendar.activity // 1000
                * (960 + pick(dice(resources.name, calendar.day_number), 0, 81)) // 1000
            else resources.milli_units
        end)::decimal(18, 0) * 0.001::decimal(4, 3) as quantity,
        (quantity * resources.price)::decimal(38, 12) as list_cost,
        (list_cost * resources.discount)::decimal(38, 12) as billed_cost,
        billed_cost as effective_cost
    from calendar
    cross join resources
    inner join (
        select 'day' as grain, 0 as hour, 24 as length
        union all
        select 'hour', unnest(range(24)), 1
    ) as hours
        on hours.grain = case when resources.rhythm in ('hourly', 'training')
            then 'hour' else 'day' end
    where resources.cloud = '{cloud}'
        and (
            resources.rhythm <> 'training'
            or hours.hour between 1 and pick(dice('training', calendar.day_number), 0, 7)
        )
    order by calendar.day, hours.hour, resources.name
"""


def create_cloud_lines(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """Create `resources` and `cloud_lines`, one row a billed line, for both clouds."""
    con.execute(
        "create table resources(cloud varchar, name varchar, currency varchar, service varchar,"
        " focus_category varchar, subcategory varchar, sku varchar, description varchar,"
        " unit varchar, price decimal(12, 6), discount decimal(4, 2), milli_units bigint,"
        " rhythm varchar, category varchar, account varchar, account_id varchar, tags varchar,"
        " resource_type varchar)"
    )
    _add(con, "aws", AWS, "USD", DISCOUNT, AWS_ACCOUNTS)
    _add(con, "azure", AZURE, "EUR", "1", AZURE_ACCOUNTS)
    _add(con, "azure", AZURE_NO_RATE, "BRL", "1", AZURE_ACCOUNTS)
    con.execute(
        "create table cloud_lines(cloud varchar, day date, started_at timestamp,"
        " ended_at timestamp, billing_month date, resource varchar, charge_category varchar,"
        " charge_class varchar, pricing_model varchar, currency varchar, price decimal(12, 6),"
        " quantity decimal(21, 3), list_cost decimal(38, 12), billed_cost decimal(38, 12),"
        " effective_cost decimal(38, 12), commitment_status varchar)"
    )
    for cloud in ("aws", "azure"):
        con.execute(_USAGE.format(cloud=cloud))
    for month in span.months:
        days = [day for day in span.days if day.replace(day=1) == month]
        parameters = {
            "month": month,
            "first": days[0],
            "last": days[-1],
            "next": month_after(month),
            "days": len(days),
        }
        for statement in (_COMMITMENT_PURCHASE, _SUPPORT_AND_TAX, _CREDIT):
            con.execute(statement, {k: v for k, v in parameters.items() if f"${k}" in statement})
    con.execute(_COMMITMENT_USAGE)
    if len(span.months) > 1:
        con.execute(_CORRECTION, {"month": span.months[-1], "day": span.restated_day})


def _add(
    con: duckdb.DuckDBPyConnection,
    cloud: str,
    resources: Iterable[Resource],
    currency: str,
    discount: str,
    accounts: dict[str, str],
) -> None:
    for item in resources:
        con.execute(
            f"insert into resources values ({', '.join('?' * 18)})",
            [
                cloud, item.name, currency, item.service, item.focus_category, item.subcategory,
                item.sku, item.description, item.unit, item.unit_price, discount,
                item.milli_units, item.rhythm, item.category, item.account,
                accounts[item.account], json.dumps(item.tags) if item.tags else None,
                item.resource_type,
            ],
        )  # fmt: skip


# A savings plan without upfront payment: bought every month, 20 of its 24 hours a day are used.
_COMMITMENT_PURCHASE = f"""
    insert into cloud_lines by name
    select
        'aws' as cloud, $first::date as day, $first::timestamp as started_at,
        $next::timestamp as ended_at, $month::date as billing_month,
        'savings-plan' as resource, 'Purchase' as charge_category, 'committed' as pricing_model,
        'USD' as currency, {COMMITMENT_HOURLY} as price, $days * 24 as quantity,
        $days * 24 * {COMMITMENT_HOURLY} as list_cost, list_cost as billed_cost,
        0 as effective_cost
"""
_COMMITMENT_USAGE = f"""
    insert into cloud_lines by name
    select
        'aws' as cloud, day, day::timestamp as started_at, day + interval 1 day as ended_at,
        month as billing_month, 'savings-plan-web' as resource, 'Usage' as charge_category,
        'committed' as pricing_model, 'USD' as currency, {COMMITMENT_HOURLY} as price,
        hours as quantity, hours * {COMMITMENT_HOURLY} * {COMMITMENT_LIST} as list_cost,
        0 as billed_cost,
        hours * {COMMITMENT_HOURLY} as effective_cost, status as commitment_status
    from calendar
    cross join (values (20, 'Used'), (4, 'Unused')) as parts(hours, status)
    order by day, status
"""
_SUPPORT_AND_TAX = """
    insert into cloud_lines by name
    select
        'aws' as cloud, $last::date as day, $last::timestamp as started_at,
        $next::timestamp as ended_at, $month::date as billing_month, resource, charge_category,
        'on_demand' as pricing_model, 'USD' as currency, cost as price, 1 as quantity,
        cost as list_cost, cost as billed_cost, cost as effective_cost
    from (values
        ('support-plan', 'Usage', 620.00 * $days / 30),
        ('sales-tax', 'Tax', 118.00)
    ) as monthly(resource, charge_category, exact)
    cross join lateral (select round(exact, 2) as cost)
"""
_CREDIT = """
    insert into cloud_lines by name
    select
        'aws' as cloud, $first::date as day, $first::timestamp as started_at,
        $first::timestamp + interval 1 day as ended_at, $month::date as billing_month,
        'migration-credit' as resource, 'Credit' as charge_category,
        'on_demand' as pricing_model, 'USD' as currency, null as price, null as quantity,
        0 as list_cost, -150.00 as billed_cost, -150.00 as effective_cost
"""
# Billed in the last month, about a day of the month before.
_CORRECTION = """
    insert into cloud_lines by name
    select
        'aws' as cloud, $day::date as day, $day::timestamp as started_at,
        $day::timestamp + interval 1 day as ended_at, $month::date as billing_month,
        'data-transfer-out' as resource, 'Usage' as charge_category,
        'Correction' as charge_class, 'on_demand' as pricing_model, 'USD' as currency,
        0.09 as price, -400 as quantity, -36.00 as list_cost, -34.92 as billed_cost,
        -34.92 as effective_cost
"""
