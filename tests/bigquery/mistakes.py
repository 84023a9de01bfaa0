"""Modelling mistakes, which every engine accepts and only the comparison can notice."""

from __future__ import annotations

from tests.bigquery.mutations import Mutation

MISTAKES = (
    Mutation(
        "NUMERIC, whose 9 decimals are too few",
        "cost_allocations",
        "exact.cost_part as bignumeric)",
        "cast(exact.cost_part as numeric) as bignumeric)",
    ),
    Mutation("money as NUMERIC", "int_series_daily", "as bignumeric)", "as numeric)"),
    Mutation(
        "money as FLOAT64", "costs_daily", "cast(cost as bignumeric)", "cast(cost as float64)"
    ),
    Mutation("sum of FLOAT64", "costs_daily", "sum(cost)", "sum(cast(cost as float64))"),
    Mutation(
        "unit price as NUMERIC / INT64",
        "unit_costs",
        " as unit_cost,",
        " * 0 + cast(cast(cost as numeric) / nullif(cast(units * 1000000 as int64), 0)"
        " as float64) * 1000000 as unit_cost,",
    ),
    Mutation("rounding to cents", "cost_allocations", ", 18) as cost", ", 2) as cost"),
    Mutation("trunc for round", "cost_allocations", "cast(round(round(", "cast(trunc(trunc("),
    Mutation("cast without round", "cost_allocations", "cast(round(round(", "cast((("),
    Mutation("order turned round", "bill_versions", "loaded_at asc", "loaded_at desc"),
    Mutation("lead for lag", "bill_versions", "lag(billed_cost)", "lead(billed_cost)"),
    Mutation("rank for row_number", "int_charge_routes", "row_number()", "count(*)"),
    Mutation(
        "window without its frame",
        "int_budget_days",
        "order by days.day asc nulls first\n            rows between unbounded preceding and"
        " current row",
        "",
    ),
    Mutation("missing dedupe", "int_charge_routes", "matched_rules.rule_rank = 1", "true"),
    Mutation(
        "concat without coalesce",
        "costs_daily",
        "coalesce(cast(customer as string), chr(30))",
        "cast(customer as string)",
    ),
    Mutation(
        "text || null",
        "int_series_daily",
        "coalesce('|team=' || budgets.team, '')",
        "'|team=' || budgets.team",
    ),
    Mutation(
        "greatest with a null",
        "budgets_status",
        "coalesce(horizon.first_unknown_date, budgets.budget_month)",
        "months.breach_date",
    ),
    Mutation(
        "sum with a null", "budgets_status", "coalesce(months.actual, 0) +", "months.actual +"
    ),
    Mutation(
        "not in with a null",
        "stg_token_events__requests",
        "'completed'), false",
        "'completed'), null",
    ),
    Mutation(
        "a filter that drops nulls",
        "costs_daily",
        "from classified",
        "from classified where team <> ''",
    ),
    Mutation("unknown as zero", "costs_daily", "sum(list_cost)", "sum(coalesce(list_cost, 0))"),
    Mutation("count of a nullable column", "costs_daily", "count(*)", "count(cost)"),
    Mutation("key parts without a separator", "gpu_hours", "chr(31), ", ""),
    Mutation("md5 without to_hex", "value_ratios", "to_hex(md5(", "((md5("),
    Mutation("inner for left join of rates", "charges", "left join rates", "inner join rates"),
    Mutation(
        "inner for left join of values",
        "value_ratios",
        "left join month_values",
        "inner join month_values",
    ),
    Mutation(
        "join that lost a condition",
        "int_charge_routes",
        "\n            and charges.service_date = charge_keys.service_date",
        "",
    ),
    Mutation(
        "join on a nullable key",
        "value_ratios",
        "coalesce(use_case_months.use_case, '') = coalesce(costs.use_case, '')",
        "use_case_months.use_case = costs.use_case",
    ),
    Mutation("> for >=", "exchange_rates_daily", "days.day >= rates", "days.day > rates"),
    Mutation(">= for >", "int_gpu_job_hours", "micros > 0", "micros >= 0"),
    Mutation("union distinct", "tag_coverage_daily", "union all", "union distinct"),
    Mutation(
        "week for month",
        "forecast_accuracy",
        "date_trunc(target_date, month)",
        "date_trunc(target_date, week)",
    ),
    Mutation(
        "a day in another time zone",
        "stg_token_events__requests",
        "date(started_at, 'UTC')",
        "date(started_at, 'America/Los_Angeles')",
    ),
    Mutation(
        "whole hours for their parts", "int_gpu_job_hours", ", microsecond)", ", hour) * 3600000000"
    ),
    Mutation("min for max", "int_cost_horizon", "max(charge_date)", "min(charge_date)"),
    Mutation("mean of parts", "int_kpi_parts", "sum(part) as part", "avg(part) as part"),
    Mutation(
        "JSON text with its quotes", "bill_versions", "json_value(amounts", "json_query(amounts"
    ),
    Mutation(
        "missing lower()",
        "int_charge_routes",
        "lower(coalesce(measured.service_name, ''))",
        "coalesce(measured.service_name, '')",
    ),
    Mutation("offset from 1", "days", "generate_array(0,", "generate_array(1,"),
    Mutation(
        "TIMESTAMP as DATETIME",
        "value_events",
        "        occurred_at,\n        outcome_date\n    from worth",
        "        datetime(occurred_at) as occurred_at,\n        outcome_date\n    from worth",
    ),
    Mutation(
        "decimals lost before a product",
        "charges",
        "round(cast(rates.rate as bignumeric), 9)",
        "round(cast(rates.rate as bignumeric), 1)",
    ),
    Mutation(
        "limit without order",
        "charges",
        "select * from charges",
        "select * from charges limit 100",
    ),
    Mutation(
        "column order",
        "days",
        "day,\n        date_trunc(day, month) as month_start",
        "date_trunc(day, month) as month_start,\n        day",
    ),
    Mutation("column name in another case", "days", "as month_start", "as Month_Start"),
)

SPEND_LOGS, BILLS = "landing.litellm_spend_logs", "landing.focus_cost_and_usage"

LANDING = (
    Mutation("repeats kept", SPEND_LOGS, ") = 1", ") >= 1"),
    Mutation(
        "nulls first for last",
        SPEND_LOGS,
        "desc nulls last, _source_file",
        "desc nulls first, _source_file",
    ),
    Mutation("days with repeats read twice", SPEND_LOGS, "not standing.may_repeat", "true"),
    Mutation(
        "superseded rows kept", BILLS, "landed._load_id = standing.load_id and landed", "landed"
    ),
    Mutation(
        "dropped partition filter",
        SPEND_LOGS,
        "(landed.`startTime` >= timestamp '0001-01-01 00:00:00+00' or landed.`startTime` is null)",
        "true",
    ),
)

INCREMENT = """
create temp table days as select * from build_cost_ledger.int_token_usage_days;
-- One source's days come from deliveries that stand no longer.
update days set state_id = 'former', requests = requests + 1 where source_name = 'support_bot';
delete from days as built
where not exists (
    select 1
    from (select * from build_landing.standing) as standing
    where
        standing.source_name = built.source_name
        and standing.period = built.period
        and standing.state_id = built.state_id
);
merge into days as target
using (
    select * from build_cost_ledger.int_token_usage_days where source_name = 'support_bot'
) as touched
on false
when not matched then insert row;
select * from days;
"""
"""What an incremental run does on BigQuery: stale grains out, then a merge that only adds."""

INCREMENTAL = "int_token_usage_days"
SCRIPTS = (
    Mutation(
        "stale grains stay", INCREMENTAL, "where not exists (", "where false and not exists ("
    ),
    Mutation("all is stale", INCREMENTAL, "where not exists (", "where true or not exists ("),
    Mutation("stale by day alone", INCREMENTAL, "and standing.state_id = built.state_id", ""),
    Mutation(
        "append twice",
        INCREMENTAL,
        "'support_bot'\n) as",
        "'support_bot' union all\n    select * from build_cost_ledger.int_token_usage_days"
        " where source_name = 'support_bot'\n) as",
    ),
    Mutation("merge by day", INCREMENTAL, "on false", "on target.usage_date = touched.usage_date"),
    Mutation(
        "merge that updates by day",
        INCREMENTAL,
        "on false\nwhen",
        "on target.usage_date = touched.usage_date"
        "\nwhen matched then update set requests = 1\nwhen",
    ),
    Mutation(
        "too little touched",
        INCREMENTAL,
        "'support_bot'\n) as",
        "'support_bot' and requests > 1\n) as",
    ),
)
