"""A dbt project of four models, so that tests of the machinery do not pay for the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import PROJECT_ROOT

PROJECT = """
name: mini
version: "1.0"
profile: twinledger
seed-paths: [seeds]
model-paths: [models]
macro-paths: [macros]
flags: {send_anonymous_usage_stats: false}
seeds:
  mini: {+schema: reference}
models:
  mini:
    +materialized: table
    cost_ledger: {+schema: cost_ledger, +access: public}
    planning:
      +schema: planning
      +access: public
      steps: {+access: private}
"""

SCHEMA_NAMES = """
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
{% macro reporting_currency() -%} '{{ var("reporting_currency") }}' {%- endmacro %}
"""

SCHEMA = """
sources:
  - name: landing
    schema: landing
    tables:
      - {name: units}
      - {name: forecasts}
      - name: loads
        description: "What arrived. One row per delivery."
        columns: [{name: load_id, description: "Names the delivery."}]
models:
  - name: daily_costs
    description: "One day's cost. One row per day."
    columns:
      - {name: charge_date, description: "The UTC day; what's on it."}
      - name: cost
        description: "Money, exact."
        data_tests:
          - limits: {name: no_cost_is_above_the_limit, description: "Guards the budget."}
  - name: charge_rows
    description: "The landed rows."
  - name: int_series
    config: {meta: {forecast_input: true}}
  - name: forecasts
    description: "Quantiles."
"""

LIMITS = """
{% test limits(model, column_name) %}
select
    'spend' as kpi, charge_date as scope, cast({{ column_name }} as decimal(18, 2)) as value,
    limits.limit_value as threshold, limits.owner
from {{ model }}
inner join {{ ref('limits') }} as limits on {{ column_name }} > limits.limit_value
where limits.level = 'block'
order by charge_date
{% endtest %}
"""

FILES = {
    "dbt_project.yml": PROJECT,
    "macros/names.sql": SCHEMA_NAMES,
    "macros/limits.sql": LIMITS,
    "models/schema.yml": SCHEMA,
    "seeds/reference/limits.csv": "owner,level,limit_value\nfin,block,1000\n",
    "models/cost_ledger/daily_costs.sql": """
        select date as charge_date, unit as ledger_category,
            cast(sum(quantity) as decimal(38, 18)) as cost
        from {{ source('landing', 'units') }} group by date, unit
    """,
    "models/cost_ledger/charge_rows.sql": """
        {{ config(materialized='view') }}
        select rows.*, limits.owner
        from {{ source('landing', 'units') }} as rows cross join {{ ref('limits') }} as limits
    """,
    "models/planning/steps/int_series.sql": """
        select 'total' as series, charge_date, sum(cost) as cost
        from {{ ref('daily_costs') }} group by charge_date
    """,
    "models/planning/forecasts.sql": """
        select series, vintage, target_date, p50, is_backcast, not is_backcast as is_current,
            {{ reporting_currency() }} as currency
        from {{ source('landing', 'forecasts') }}
    """,
}

SETTINGS = """
[[sources]]
name = "cost"
type = "units"
uri = "in/*.csv"
"""


def use_mini_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the project into `folder` and let this process build it instead of the real one."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "profiles").mkdir()
    profiles = (PROJECT_ROOT / "profiles" / "profiles.yml").read_text(encoding="utf-8")
    (folder / "profiles" / "profiles.yml").write_text(profiles, encoding="utf-8")
    monkeypatch.setattr("orchestration.build.runner.PROJECT_ROOT", folder)
    monkeypatch.setattr("orchestration.build.seeds.SHIPPED", folder / "seeds")
    monkeypatch.setattr("orchestration.fingerprint.PROJECT_ROOT", folder)
    return folder


def write_days(folder: Path, days: int, cost: int = 10, month: str = "2026-08") -> None:
    """Write `in/<month>.csv` of a workspace: days from the first, the cost rising by one a day."""
    lines = [f"{month}-{day:02d},usd,{cost + day}" for day in range(1, days + 1)]
    path = folder / "in" / f"{month}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["date,unit,quantity", *lines, ""]), encoding="utf-8")
