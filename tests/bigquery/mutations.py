"""Wrong versions of the models' compiled statements, which the ladder has to notice.

Each replaces a text in one model's compiled BigQuery SQL. A word of DuckDB's dialect must be
rejected by the server; a modelling mistake must change what is compared, or be rejected too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old`, wherever it stands in the model's compiled SQL, becomes `new`.

    Attributes:
        is_dialect: the mistake is one of language: only a rejection counts.
    """

    mistake: str
    model: str
    old: str
    new: str
    is_dialect: bool = False

    def of(self, sql: str) -> str:
        """The mutated statement.

        Raises:
            AssertionError: the model no longer says what was to be changed.
        """
        assert self.old in sql, f"{self.mistake}: {self.model} has no longer {self.old!r}"
        return sql.replace(self.old, self.new)


def _dialect(mistake: str, model: str, old: str, new: str) -> Mutation:
    return Mutation(mistake, model, old, new, is_dialect=True)


DIALECT = (
    _dialect("cast with ::", "costs_daily", "cast(count(*) as int64)", "count(*)::int64"),
    _dialect("varchar", "costs_daily", "cast(team as string)", "cast(team as varchar)"),
    _dialect("double", "kpi_values", "as float64)", "as double)"),
    _dialect("hugeint", "costs_daily", "as int64)", "as hugeint)"),
    _dialect("decimal(38, 18)", "int_series_daily", "as bignumeric)", "as decimal(38, 18))"),
    _dialect("try_cast", "bill_versions", "safe_cast(", "try_cast("),
    _dialect(
        "filter clause",
        "costs_daily",
        "count(case when cost is null then 1 end)",
        "count(*) filter (where cost is null)",
    ),
    _dialect(
        "ilike",
        "stg_openai__charges",
        "line_item like '%, %'",
        "line_item ilike '%, %'",
    ),
    _dialect(
        "strftime",
        "gpu_hours",
        "format_timestamp('%Y-%m-%dT%H', usage_hour, 'UTC')",
        "strftime(usage_hour, '%Y-%m-%dT%H')",
    ),
    _dialect(
        "date_trunc('month', day)", "days", "date_trunc(day, month)", "date_trunc('month', day)"
    ),
    _dialect(
        "date_diff('day', …)",
        "days",
        "date_diff(date '2039-12-31', date '2015-01-01', day)",
        "date_diff('day', date '2015-01-01', date '2039-12-31')",
    ),
    _dialect("range()", "days", "generate_array(0,", "range(0,"),
    _dialect("to_hours", "int_gpu_node_hours", "timestamp_add(", "to_hours("),
    _dialect("interval as text", "bill_versions", "interval 1 month", "interval '1 month'"),
    _dialect(
        "epoch_us", "int_gpu_node_hours", "timestamp_diff(timestamp_trunc(", "epoch_us(date_trunc("
    ),
    _dialect(
        "lateral column alias",
        "days",
        "date_trunc(day, month) as month_start",
        "date_trunc(day, month) as first_day, date_add(first_day, interval 0 day) as month_start",
    ),
    _dialect(
        "alias in where",
        "price_book",
        "and prices.model = known.model",
        "and prices.model = known.model where not superseded",
    ),
    _dialect("bool_or", "forecasts", "max(vintage) as vintage", "bool_or(is_backcast) as vintage"),
    _dialect("arg_max", "forecasts", "max(vintage) as", "arg_max(vintage, issued_at) as"),
    _dialect(
        "group by an alias of an aggregate",
        "costs_daily",
        "group by cost_center",
        "group by allocations, cost_center",
    ),
    _dialect("select * exclude", "int_budget_days", "days.*,", "days.* exclude (p80), days.p80,"),
    _dialect("bare union", "int_budget_days", "union all", "union"),
    _dialect(
        "struct literal", "days", "select * from days", "select {'day': day} as day from days"
    ),
    _dialect("list index", "days", "select * from days", "select [day][1] as day from days"),
    _dialect("integer division //", "forecast_accuracy", "* 12", "* 24 // 2"),
    _dialect(
        "json_extract_string",
        "bill_versions",
        "json_value(amounts, ",
        "json_extract_string(amounts, ",
    ),
    _dialect(
        "arrow operator",
        "bill_versions",
        "json_value(amounts, '$.\"BilledCost\"')",
        "(amounts ->> 'BilledCost')",
    ),
    _dialect(
        "regexp_matches",
        "stg_openai__charges",
        "regexp_replace(named, '[0-9]', '') <> named",
        "regexp_matches(named, '[0-9]')",
    ),
    _dialect(
        "make_date",
        "int_cost_horizon",
        "max(charge_date) as newest",
        "make_date(2026, 10, 1) as newest",
    ),
    _dialect("column in double quotes", "int_series_daily", "sum(cost)", 'sum("cost")'),
    _dialect("count() without a star", "costs_daily", "count(*)", "count()"),
    _dialect(
        "positional join using ()", "kpi_values", "cross join horizon", "positional join horizon"
    ),
)
