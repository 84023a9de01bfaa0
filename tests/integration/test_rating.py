"""Rating, over the models' own SQL: aggregated usage costs what its requests cost one by one.

One dbt run of nothing gives the tables and the compiled models; each example fills the inputs and
runs the models' statements on them. The judge is a calculator in Python that knows one request.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.landing.register import register_landing
from orchestration.settings import PROJECT_ROOT, load_settings

INPUTS = {
    "landing": ("closes", "sources", "standing"),
    "reference": ("price_book",),
    "cost_ledger": ("int_model_names", "int_token_buckets", "token_requests"),
}
MODELS = (
    "int_closed_months", "int_usable_prices", "int_context_bands", "int_clock_models",
    "int_clock_bands", "int_token_usage_days", "int_logged_report_days", "int_token_quantities",
    "int_token_prices", "int_tiered_usage", "int_volume_steps", "int_rated_usage",
    "token_usage_daily", "volume_tiers", "unpriced_usage",
)  # fmt: skip
"""In the order in which they are built."""

DAY = datetime(2026, 4, 1)
CLASSES = {
    "input_uncached_tokens": "input_uncached",
    "input_cache_read_tokens": "input_cache_read",
    "input_cache_write_1h_tokens": "input_cache_write_1h",
    "output_visible_tokens": "output",
    "output_reasoning_tokens": "output",
}
OTHERS = (
    "input_cache_write_5m_tokens", "input_cache_write_other_tokens", "input_audio_tokens",
    "input_image_tokens", "input_cache_read_audio_tokens", "output_audio_tokens",
    "output_image_tokens",
)  # fmt: skip

Row = dict[str, Any]


class Rating:
    """The models' statements, and a database to run them in."""

    def __init__(self, con: duckdb.DuckDBPyConnection, statements: dict[str, str]) -> None:
        self.con = con
        self.statements = statements

    def rate(
        self,
        requests: Sequence[Row],
        prices: Sequence[Row],
        *,
        names: Iterable[tuple[str, str]] = (("p", "a"), ("p", "b")),
        meanings: Sequence[Row] = (),
        closes: Sequence[Row] = (),
    ) -> None:
        """Fill the inputs and build all models; `meanings` are what rules make of some names."""
        for schema, tables in INPUTS.items():
            for table in tables:
                self.con.execute(f"delete from {schema}.{table}")
        days = sorted({str(request["period"]) for request in requests})
        log = {"dataset": "token_events", "source_name": "log"}
        self._insert("landing.standing", [{**log, "period": day, "state_id": "s"} for day in days])
        self._insert("landing.sources", [log])
        self._insert("landing.closes", closes)
        self._insert("reference.price_book", prices)
        self._insert(
            "cost_ledger.int_model_names",
            [
                *(
                    {
                        "provider": p,
                        "model": m,
                        "price_provider": p,
                        "price_model": m,
                        "name_rank": 2,
                    }
                    for p, m in names
                ),
                *meanings,
            ],
        )
        self._insert("cost_ledger.token_requests", requests)
        for model in MODELS:
            self.con.execute(
                f"create or replace table cost_ledger.{model} as {self.statements[model]}"
            )

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if rows:
            # A table's columns are those of its first row.
            columns = dict.fromkeys(name for row in rows for name in row)
            whole = [{name: row.get(name) for name in columns} for row in rows]
            self.con.register("rows", pa.Table.from_pylist(whole))
            self.con.execute(f"insert into {table} by name select * from rows")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def rating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rating]:
    folder = tmp_path_factory.mktemp("rating")
    (folder / "twinledger.toml").write_text("", encoding="utf-8")
    workspace = load_settings(folder / "twinledger.toml")
    with duckdb.connect(str(workspace.build)) as con:
        register_landing(con, workspace)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("TWINLEDGER_")},
        "TWINLEDGER_BUILD": str(workspace.build),
    }
    outcome = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "build"),
            *("--select", *(f"+{model}" for model in MODELS)),
            *("--resource-type", "model", "seed", "--target", "ci", "--profiles-dir", "profiles"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout[-5000:] + outcome.stderr[-2000:]
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    # A build of nothing touches no day: it reads none.
    statements = {
        node["name"]: re.sub(
            r"where\s+\(\s*\(started_at >= timestamp '1970-01-01[^)]*\)\s*\)",
            "where true",
            (PROJECT_ROOT / node["compiled_path"]).read_text(encoding="utf-8"),
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["name"] in MODELS
    }
    with duckdb.connect(str(workspace.build)) as con:
        con.execute("set timezone = 'UTC'")
        inputs = [f"{schema}.{table}" for schema, tables in INPUTS.items() for table in tables]
        for name in [*inputs, *(f"cost_ledger.{model}" for model in MODELS)]:
            con.execute(f"create temp table empty as select * from {name} limit 0")
            found = con.execute(
                "select 1 from duckdb_views() where schema_name || '.' || view_name = ?", [name]
            ).fetchall()
            con.execute(f"drop {'view' if found else 'table'} {name}")
            con.execute(f"create table {name} as select * from empty")
            con.execute("drop table empty")
        yield Rating(con, statements)


def request(at: datetime, model: str = "a", **columns: Any) -> Row:
    """A request of the log; without tokens where none are given."""
    return {
        "source_name": "log",
        "period": f"{at:%Y-%m-%d}",
        "provider": "p",
        "model": model,
        "service_tier": "standard",
        "context_tokens": 0,
        **dict.fromkeys((*CLASSES, *OTHERS), 0),
        "is_failed": False,
        "is_retry": False,
        "has_token_mismatch": False,
        "started_at": at,
        "usage_date": at.date(),
        **columns,
    }


def price(model: str, token_class: str, unit_price: str, **columns: Any) -> Row:
    """A row of the price book, known since ever."""
    row = {
        "provider": "p",
        "model": model,
        "token_class": token_class,
        "service_tier": "standard",
        "currency": "USD",
        "snapshot_source": "list",
        "price_kind": "list",
        "context_from_tokens": 0,
        "quantity_from": Decimal(0),
        "unit_price": Decimal(unit_price),
        "known_from": datetime(2026, 1, 1),
        "snapshot_date": datetime(2026, 1, 1).date(),
        **columns,
    }
    told = (
        "model",
        "token_class",
        "service_tier",
        "from_time",
        "context_from_tokens",
        "valid_from",
    )
    return {
        "price_id": "|".join(str(row.get(name)) for name in (*told, "known_from")),
        **row,
    }


unit_prices = st.decimals("0.000000000000000001", "0.01", places=18).map(str)
token_counts = st.integers(0, 3_000_000) | st.just(0)


@st.composite
def price_lists(draw: st.DrawFn) -> list[Row]:
    """Models with a plain price, one for long prompts, and hours of the day, per class or not."""
    rows = []
    for model in "ab":
        has_bands, has_hours = draw(st.booleans()), draw(st.booleans())
        for token_class in sorted({*CLASSES.values()}):
            if draw(st.integers(0, 9)) == 0:
                continue  # a class without a price
            rows.append(price(model, token_class, draw(unit_prices)))
            if has_bands:
                rows.append(
                    price(model, token_class, draw(unit_prices), context_from_tokens=200_001)
                )
            if has_hours:
                hours = {"from_time": "16:00:00", "to_time": "00:30:00"}
                rows.append(price(model, token_class, draw(unit_prices), **hours))
    return rows


@st.composite
def request_lists(draw: st.DrawFn) -> list[Row]:
    moments = [
        time(0, 0),
        time(0, 29, 59),
        time(0, 30),
        time(15, 59),
        time(16, 1),
        time(23, 59, 59),
    ]
    return [
        request(
            datetime.combine(DAY + timedelta(days=draw(st.integers(0, 1))), draw(moment)),
            draw(st.sampled_from("abx")),
            team=draw(st.sampled_from(["one", "two", None])),
            is_failed=draw(st.booleans()),
            context_tokens=draw(st.sampled_from([0, 200_000, 200_001, 10**6])),
            **{name: draw(token_counts) for name in CLASSES},
        )
        for moment in [st.sampled_from(moments)]
        for _ in range(draw(st.integers(1, 12)))
    ]


def cost_of(one: Row, prices: Sequence[Row]) -> Decimal | None:
    """What one request costs; None where a class that it used has no price."""
    total = Decimal(0)
    clock = f"{one['started_at']:%H:%M:%S}"
    for column, token_class in CLASSES.items():
        if not one[column]:
            continue
        known = [
            item
            for item in prices
            if (item["model"], item["token_class"]) == (one["model"], token_class)
            and item["context_from_tokens"] <= one["context_tokens"]
            and (item.get("from_time") is None or clock >= "16:00:00" or clock < "00:30:00")
        ]
        if not known:
            return None
        best = max(known, key=lambda item: ("from_time" in item, item["context_from_tokens"]))
        total += one[column] * best["unit_price"]
    return total


def whole(costs: Sequence[Decimal | None]) -> Decimal | None:
    """The sum, where each part is known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None


slow_but_right = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


@slow_but_right
@given(requests=request_lists(), prices=price_lists())
def test_aggregated_usage_costs_what_its_requests_cost(
    rating: Rating, requests: list[Row], prices: list[Row]
) -> None:
    rating.rate(requests, prices, names=[("p", "a"), ("p", "b"), ("p", "x")])

    expected: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    starts = sorted({item["context_from_tokens"] for item in prices} | {0})
    for one in requests:
        band = max(start for start in starts if start <= one["context_tokens"])
        key = (one["model"], one["team"], band, one["usage_date"])
        expected[key].append(cost_of(one, prices))
    found = {
        key: rated
        for *key_columns, rated in rating.rows(
            "select model, team, context_from_tokens, usage_date, rated_cost"
            " from cost_ledger.token_usage_daily"
        )
        for key in [tuple(key_columns)]
    }
    assert found == {key: whole(costs) for key, costs in expected.items()}
    # The daily rows are their classes added up, and what has no cost says why.
    tall = rating.rows(
        "select token_usage_id, case when count(*) = count(rated_cost) then sum(rated_cost) end"
        " from cost_ledger.int_rated_usage group by 1"
    )
    daily = dict(
        rating.rows("select token_usage_id, rated_cost from cost_ledger.token_usage_daily")
    )
    assert {key: daily[key] for key, _ in tall} == dict(tall)
    assert all(daily[key] == 0 for key in daily.keys() - dict(tall).keys())
    assert rating.rows(
        "select cast(coalesce(sum(quantity), 0) as bigint) from cost_ledger.unpriced_usage"
    ) == rating.rows(
        "select cast(coalesce(sum(quantity), 0) as bigint) from cost_ledger.int_rated_usage"
        " where rated_cost is null"
    )


@slow_but_right
@given(
    tokens=st.lists(st.integers(1, 10**9), min_size=1, max_size=8),
    steps=st.lists(
        st.tuples(st.integers(1, 10**9), unit_prices), max_size=4, unique_by=lambda step: step[0]
    ),
    first=unit_prices,
    mode=st.sampled_from(["graduated", "volume"]),
)
def test_a_months_volume_is_shared_out_to_the_last_decimal(
    rating: Rating, tokens: list[int], steps: list[tuple[int, str]], first: str, mode: str
) -> None:
    ladder = [(0, first), *sorted(steps)]
    rating.rate(
        [
            request(DAY + timedelta(days=day), output_visible_tokens=count)
            for day, count in enumerate(tokens)
        ],
        [
            price("a", "output", unit_price, tier_mode=mode, quantity_from=Decimal(start))
            for start, unit_price in ladder
        ],
    )
    total = sum(tokens)
    if mode == "graduated":
        ends = [start for start, _ in ladder[1:]] + [total]
        expected = sum(
            (
                max(min(total, end) - start, 0) * Decimal(unit_price)
                for (start, unit_price), end in zip(ladder, ends, strict=True)
            ),
            Decimal(0),
        )
    else:
        expected = total * next(Decimal(p) for start, p in reversed(ladder) if total > start)

    costs = [cost for (cost,) in rating.rows("select rated_cost from cost_ledger.int_rated_usage")]
    assert sum(costs) == expected
    assert min(costs) >= 0
    if steps:
        tiers = rating.rows("select sum(quantity), sum(cost) from cost_ledger.volume_tiers")
        assert tiers == [(total, expected)]


def test_an_open_month_is_restated_when_a_step_is_crossed(rating: Rating) -> None:
    ladder = [
        price("a", "output", unit, tier_mode="graduated", quantity_from=Decimal(start))
        for start, unit in ((0, "0.002"), (1000, "0.001"))
    ]
    first = request(DAY, output_visible_tokens=1000)
    rating.rate([first], ladder)
    before = rating.rows("select rated_cost from cost_ledger.token_usage_daily")
    rating.rate([first, request(DAY + timedelta(days=1), output_visible_tokens=1000)], ladder)
    after = rating.rows("select rated_cost from cost_ledger.token_usage_daily order by usage_date")

    assert before == [(Decimal(2),)]
    assert after == [(Decimal("1.5"),), (Decimal("1.5"),)]
    assert rating.rows(
        "select quantity, cost, marginal_unit_price, average_unit_price, is_reached"
        " from cost_ledger.volume_tiers order by step_number"
    ) == [
        (Decimal(1000), Decimal(2), Decimal("0.001"), Decimal("0.0015"), False),
        (Decimal(1000), Decimal(1), Decimal("0.001"), Decimal("0.0015"), True),
    ]


def test_a_closed_month_keeps_its_prices(rating: Rating) -> None:
    then = {"known_from": datetime(2026, 4, 2), "known_to": datetime(2026, 5, 20)}
    prices = [
        price("a", "output", "0.003", **then),
        price("a", "output", "0.004", known_from=datetime(2026, 5, 20)),
    ]
    may = request(datetime(2026, 5, 1), output_visible_tokens=1000)
    rating.rate(
        [request(DAY, output_visible_tokens=1000), may],
        prices,
        closes=[{"period": "2026-04", "closed_at": datetime(2026, 5, 3), "is_closed": True}],
    )

    assert rating.rows(
        "select rated_cost, rated_cost_as_known_now from cost_ledger.token_usage_daily"
        " order by usage_date"
    ) == [(Decimal(3), Decimal(4)), (Decimal(4), Decimal(4))]


def test_a_closed_month_keeps_what_its_models_names_meant(rating: Rating) -> None:
    """A newer genai-prices takes some names for other models: its rules come with its prices."""
    upgrade = datetime(2026, 5, 20)
    name = {"provider": "p", "model": "dated", "price_provider": "p", "name_rank": 3}
    calls = [
        request(day, model="dated", output_visible_tokens=1000)
        for day in (DAY, datetime(2026, 5, 1))
    ]
    prices = [
        price("a", "output", "0.003", known_from=datetime(2026, 4, 2)),
        price("b", "output", "0.004", known_from=upgrade),
    ]
    rating.rate(
        calls,
        prices,
        names=[("p", "dated")],
        meanings=[
            {**name, "price_model": "a", "known_to": upgrade},
            {**name, "price_model": "b", "known_from": upgrade},
        ],
        closes=[{"period": "2026-04", "closed_at": datetime(2026, 5, 3), "is_closed": True}],
    )

    assert rating.rows(
        "select rated_cost, rated_cost_as_known_now from cost_ledger.token_usage_daily"
        " order by usage_date"
    ) == [(Decimal(3), Decimal(4)), (Decimal(4), Decimal(4))]
