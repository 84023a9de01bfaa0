"""Each cause of a difference, planted for real: one bill and one log a cause, built once.

The bills are CSV as any vendor may write them, some with tokens and classes, some without; the
vendors' own reports bring their bill along. Every amount is computed by hand here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.build.runner import DbtSession
from orchestration.landing import gate_step
from orchestration.landing.land import land
from orchestration.settings import load_settings
from tests.integration.price_lists import as_csv, prices, usd
from tests.unit.landing import test_openrouter as openrouter
from tests.unit.landing import test_vertex_usage as vertex
from tests.unit.landing.usage_logs import lines
from tests.unit.landing.vendor_server import anthropic_bucket, day_start, openai_bucket, page

DAY, NEXT_DAY = "2026-10-01", "2026-10-02"
LARGE = {
    "input_uncached": "3", "input_cache_read": "0.3", "input_cache_write_5m": "3.75",
    "input_cache_write_1h": "6", "output": "15",
}  # fmt: skip
LONG = {"input_uncached": "6", "input_cache_read": "0.6", "output": "22.5"}
PRICES = [
    *prices("acme", "acme-large", LARGE, context_from_tokens=0),
    *prices("acme", "acme-large", LONG, context_from_tokens=200_001),
    *prices(
        "acme",
        "acme-large",
        {"input_uncached": "1.5", "input_cache_read": "0.15", "output": "7.5"},
        service_tier="batch",
    ),
    *prices("acme", "acme-small", {"input_uncached": "0.7", "input_cache_read": "0.07"}),
    *prices("acme", "acme-small", {"output": "2.1"}),
    *prices("acme", "acme-intro", {"input_uncached": "2", "output": "10"}, valid_to="2026-08-31"),
    *prices("acme", "acme-intro", {"input_uncached": "3", "output": "15"}, valid_from="2026-09-01"),
    *prices("google", "gemini-2.5-pro", {"input_uncached": "1.25", "output": "10"}),
    *prices("openrouter", "router/model-1", {"input_uncached": "2", "input_cache_read": "0.5"}),
    *prices("openrouter", "router/model-1", {"output": "8"}),
    *prices("openai", "gpt-acme", {"input_uncached": "2", "input_cache_read": "0.5"}),
    *prices("openai", "gpt-acme", {"output": "8"}),
    *prices("anthropic", "claude-acme", LARGE),
]
LOG = (
    'mapping = {started_at = "at", provider = "provider", model = "model", input_tokens = "input", '
    'cached_input_tokens = "cached", output_tokens = "output", status = "status"}'
)


def call(model: str = "acme-large", day: str = DAY, **values: Any) -> dict[str, Any]:
    """A request: 1,001 uncached input tokens, 5,003 cached ones, 307 out."""
    return {
        "at": f"{day} 10:00:00", "provider": "acme", "model": model, "input": 6_004,
        "cached": 5_003, "output": 307, "status": "ok", **values,
    }  # fmt: skip


def line(cost: Decimal, text: str, day: str = DAY, **values: Any) -> dict[str, Any]:
    """A line of a bill."""
    return {
        "charge_date": day, "cost": f"{cost:f}", "currency": "USD", "provider": "Acme",
        "service": "Acme models", "description": text, "charge_category": "Usage",
        "ledger_category": "hosted_inference", "quantity": None, "unit": None, **values,
    }  # fmt: skip


def tokens(count: int) -> dict[str, Any]:
    return {"quantity": count, "unit": "Tokens"}


FULL = usd((1_001, "3"), (5_003, "0.3"), (307, "15"))
SMALL = usd((1_001, "0.7"), (5_003, "0.07"), (307, "2.1"))
ODD = Decimal("0.0123456789")
"""An amount that nothing explains, so that no bill is rounded to few decimals by chance."""


@dataclass(frozen=True)
class Case:
    """What was used, what was billed, and the rows as (model, class, day, cause, detail, gap)."""

    calls: list[dict[str, Any]]
    bill: list[dict[str, Any]]
    rows: list[tuple[Any, ...]]


def whole(cause: str, detail: str | None, gap: Decimal, model: str = "acme-large") -> Any:
    return (model, "all", DAY, cause, detail, gap)


ZERO = Decimal(0)
CASES: dict[str, Case] = {
    "equal": Case([call()], [line(FULL, "acme-large tokens")], [whole("none", None, ZERO)]),
    # A bill rounded to cents is equal within half a cent a line, and no further.
    "cents": Case(
        [call(input=1_000_000, cached=0, output=1_000)],
        [line(Decimal("6.02"), "acme-large tokens")],
        [whole("none", None, Decimal("6.02") - usd((1_000_000, "6"), (1_000, "22.5")))],
    ),
    "over_a_cent": Case(
        [call(input=1_000_000, cached=0, output=1_000)],
        [line(Decimal("6.03"), "acme-large tokens")],
        [whole("unmatched", None, Decimal("6.03") - usd((1_000_000, "6"), (1_000, "22.5")))],
    ),
    "cache_class": Case(
        [call()],
        [line(usd((6_004, "3"), (307, "15")), "acme-large tokens")],
        [whole("cache_class", "all input as input_uncached", usd((5_003, "2.7")))],
    ),
    # The bill has classes, and the cached input in the line of the uncached one.
    "cache_class_lines": Case(
        [call()],
        [
            line(usd((6_004, "3")), "Acme-Large, input", **tokens(6_004)),
            line(usd((307, "15")), "Acme-Large, output", **tokens(307)),
        ],
        [
            (
                "acme-large",
                "input_cache_read",
                DAY,
                "cache_class",
                "all input as input_uncached",
                -usd((5_003, "0.3")),
            ),
            (
                "acme-large",
                "input_uncached",
                DAY,
                "cache_class",
                "all input as input_uncached",
                usd((5_003, "3")),
            ),
            ("acme-large", "output", DAY, "none", None, ZERO),
        ],
    ),
    "tier": Case(
        [call()],
        [line(FULL / 2, "acme-large", **tokens(6_311))],
        [whole("tier", "batch", -FULL / 2)],
    ),
    "context_band": Case(
        [call(input=250_000, cached=0)],
        [line(usd((250_000, "3"), (307, "15")), "acme-large tokens")],
        [whole("context_band", "prompts from 0 tokens", -usd((250_000, "3"), (307, "7.5")))],
    ),
    "promotion": Case(
        [call("acme-intro", cached=0)],
        [line(usd((6_004, "2"), (307, "10")), "acme-intro tokens")],
        [
            whole(
                "promotion", "price before 2026-09-01", -usd((6_004, "1"), (307, "5")), "acme-intro"
            )
        ],
    ),
    "redirect": Case(
        [call()],
        [line(SMALL, "acme-small", **tokens(6_311))],
        [
            whole("redirect", "acme-large → acme-small", -FULL),
            whole("redirect", "acme-large → acme-small", SMALL, "acme-small"),
        ],
    ),
    # The same of a bill that counts no tokens: by the other model's price.
    "redirect_by_price": Case(
        [call()],
        [line(SMALL, "acme-small tokens")],
        [
            whole("redirect", "acme-large → acme-small", -FULL),
            whole("redirect", "acme-large → acme-small", SMALL, "acme-small"),
        ],
    ),
    "failed_calls": Case(
        [call(), call(input=77, cached=0, output=0, status="error")],
        [line(FULL, "acme-large tokens")],
        [whole("failed_calls", "not billed", -usd((77, "3")))],
    ),
    # The other way round: billed, and logged without their tokens.
    "failed_tokens": Case(
        [call(), call(input=0, cached=0, output=0, status="error")],
        [
            line(usd((1_078, "3")), "acme-large, input tokens", **tokens(1_078)),
            line(usd((5_003, "0.3")), "acme-large, cached input tokens", **tokens(5_003)),
            line(usd((307, "15")), "acme-large, output tokens", **tokens(307)),
        ],
        [
            ("acme-large", "input_cache_read", DAY, "none", None, ZERO),
            (
                "acme-large",
                "input_uncached",
                DAY,
                "failed_calls",
                "tokens of failed calls were not logged",
                usd((77, "3")),
            ),
            ("acme-large", "output", DAY, "none", None, ZERO),
        ],
    ),
    "duplicate_logs": Case(
        [call(), call()],
        [line(FULL, "acme-large", **tokens(6_311))],
        [whole("duplicate_logs", "counted 2 times", -FULL)],
    ),
    # A cent is a 602nd of anything near: what is hardly billed was not logged 602 times.
    "one_cent": Case(
        [call(input=1_000_000, cached=0, output=1_000)],
        [line(Decimal("0.01"), "acme-large tokens")],
        [whole("unmatched", None, Decimal("0.01") - usd((1_000_000, "6"), (1_000, "22.5")))],
    ),
    "timing": Case(
        [call(), call(day=NEXT_DAY)],
        [line(FULL * 2, "acme-large tokens", NEXT_DAY)],
        [
            whole("timing", f"billed on {NEXT_DAY}", -FULL),
            ("acme-large", "all", NEXT_DAY, "timing", f"used on {DAY}", FULL),
        ],
    ),
    "credit": Case(
        [call()],
        [
            line(FULL, "acme-large tokens"),
            line(-ODD, "acme-large credit", charge_category="Credit"),
            line(-ODD, "trial credits", charge_category="Credit"),
        ],
        [whole("credit", None, -ODD), (None, "all", DAY, "credit", None, -ODD)],
    ),
    "unpriced": Case(
        [call("acme-unheard-of")],
        [line(ODD, "acme-unheard-of tokens")],
        [("acme-unheard-of", "all", DAY, "unpriced", "unknown_model", None)],
    ),
    # What was used is not billed, and what was billed was not used; the next day has no bill yet.
    "unbilled": Case(
        [call(), call(day=NEXT_DAY)],
        [line(ODD, "acme-small tokens")],
        [
            whole("unbilled", None, -FULL),
            ("acme-large", "all", NEXT_DAY, "unbilled", "no bill of the day", None),
            whole("unmatched", None, ODD, "acme-small"),
        ],
    ),
    "unmatched": Case(
        [call()],
        [line(FULL + ODD, "acme-large tokens")],
        [whole("unmatched", None, ODD)],
    ),
}

VENDORS = """
[[sources]]
name = "prices"
type = "prices"
uri = "prices.csv"

[[sources]]
name = "openai"
type = "openai"
uri = "openai/*.json"

[[sources]]
name = "gateway"
type = "token_events"
uri = "gateway.csv"
billed_by = "openai"
MAPPING

[[sources]]
name = "anthropic"
type = "anthropic"
uri = "anthropic/*.json"

[[sources]]
name = "openrouter"
type = "openrouter"
uri = "openrouter.jsonl"

[[sources]]
name = "vertex"
type = "vertex_usage"
uri = "vertex.jsonl"
billed_by = "google_bill"
constants = {sampling_rate = 0.25}

[[sources]]
name = "google_bill"
type = "cost_lines"
uri = "google_bill.csv"
"""
SOURCES = """
[[sources]]
name = "NAME"
type = "cost_lines"
uri = "bills/NAME.csv"

[[sources]]
name = "NAME_log"
type = "token_events"
uri = "logs/NAME.csv"
billed_by = "NAME"
MAPPING
"""


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def vendor_files() -> dict[str, str]:
    """The vendors' reports of a day: equal to their bills but for what is planted."""
    first, second = day_start(DAY), day_start(NEXT_DAY)
    openai_usage = {
        "object": "organization.usage.completions.result", "num_model_requests": 1,
        "model": "gpt-acme", "input_tokens": 6_004, "input_cached_tokens": 5_003,
        "input_uncached_tokens": 1_001, "output_tokens": 307, "service_tier": "default",
    }  # fmt: skip
    openai_costs = [
        {"object": "organization.costs.result", "line_item": f"gpt-acme, {text}",
         "amount": {"value": f"{cost:f}", "currency": "usd"}}
        for text, cost in (
            ("input", usd((1_001, "2"))),
            ("cached input", usd((5_003, "0.5"))),
            ("output", usd((307, "8"))),
        )
    ]  # fmt: skip
    claude = {
        "uncached_input_tokens": 1_001, "cache_read_input_tokens": 5_003, "output_tokens": 307,
        "cache_creation": {"ephemeral_1h_input_tokens": 1_000, "ephemeral_5m_input_tokens": 300},
        "model": "claude-acme", "service_tier": "standard", "context_window": "0-200k",
    }  # fmt: skip
    # The hour's writes are billed as those of five minutes.
    claude_costs = [
        {"amount": f"{cost * 100:f}", "currency": "USD", "cost_type": "tokens",
         "description": "Claude Acme Usage", "model": "claude-acme", "token_type": token_type}
        for token_type, cost in (
            ("uncached_input_tokens", usd((1_001, "3"))),
            ("cache_read_input_tokens", usd((5_003, "0.3"))),
            ("cache_creation.ephemeral_5m_input_tokens", usd((300, "3.75"))),
            ("cache_creation.ephemeral_1h_input_tokens", usd((1_000, "3.75"))),
            ("output_tokens", usd((307, "15"))),
        )
    ]  # fmt: skip
    web_search = {"amount": "12.5", "currency": "USD", "cost_type": "web_search",
                  "description": "Web Search Usage"}  # fmt: skip
    rows = [claude, {**claude, "model": "claude-unbilled", "service_tier": "priority"}]
    return {
        "openai/usage.json": page_of(openai_bucket(first, second, [openai_usage])),
        "openai/costs.json": page_of(openai_bucket(first, second, openai_costs)),
        "gateway.csv": as_csv([call("gpt-acme", provider="openai")]),
        "anthropic/usage.json": page_of(anthropic_bucket(first, second, rows)),
        "anthropic/costs.json": page_of(
            anthropic_bucket(first, second, [*claude_costs, web_search])
        ),
        "openrouter.jsonl": lines(
            [
                openrouter.exported(
                    1,
                    cost_total=f"{usd((40, '2'), (60, '0.5'), (20, '8')):f}",
                    model_permaslug="router/model-1",
                )
            ]
        ),
        "vertex.jsonl": lines([vertex.record(1, {
            "promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120,
        })]),
        "google_bill.csv": as_csv(
            [line(ODD, "gemini-2.5-pro tokens", "2026-03-01", provider="Google")]
        ),
    }  # fmt: skip


def page_of(bucket: Any) -> str:
    return json.dumps(page([bucket]))


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterable[duckdb.DuckDBPyConnection]:
    """The build file of all cases."""
    folder = tmp_path_factory.mktemp("rated_vs_billed")
    text = VENDORS + "".join(SOURCES.replace("NAME", name) for name in CASES)
    # Two logs of one bill: of the same requests, and of others.
    for name in ("twice", "two"):
        text += SOURCES.replace("NAME", name)
        more = SOURCES.replace("NAME", name).split("\n\n")[1]
        text += "\n" + more.replace(f"{name}_log", f"{name}_other").replace(
            f"logs/{name}.csv", f"logs/{name}_other.csv"
        )
    write(folder, {"twinledger.toml": text.replace("MAPPING", LOG)})
    bills = {name: case.bill for name, case in CASES.items()} | {
        "twice": [line(FULL, "acme-large tokens")],
        "two": [line(FULL + usd((10, "3")), "acme-large tokens")],
    }
    for name, lines_of_it in bills.items():
        # Without it, lines alike in two bills are refused: the same money would count twice.
        invoiced = [{**row, "invoice_id": name} for row in lines_of_it]
        write(folder, {f"bills/{name}.csv": as_csv(invoiced)})
    write(folder, {f"logs/{name}.csv": as_csv(case.calls) for name, case in CASES.items()})
    write(folder, vendor_files() | {"prices.csv": as_csv(PRICES)})
    few = call(input=10, cached=0, output=0)
    write(folder, {
        "logs/twice.csv": as_csv([call()]),
        "logs/twice_other.csv": as_csv([call()]),
        "logs/two.csv": as_csv([call()]),
        "logs/two_other.csv": as_csv([few]),
    })  # fmt: skip
    settings = load_settings(folder / "twinledger.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate_step, "judge_loads", lambda con, s, o, t, lake, prepared: prepared)
        land(settings)
    # Tests of models on the way compare them with models that are not built here.
    session = DbtSession(settings)
    session.build(select=["+rated_vs_billed"], exclude=["resource_type:test"])
    session.build(select=["rated_vs_billed"])
    with duckdb.connect(str(settings.build), read_only=True) as con:
        yield con


ROWS = (
    "select model, token_class, usage_date::varchar, cause, cause_detail, difference "
    "from cost_ledger.rated_vs_billed where bill_source_name = ? order by all"
)


@pytest.mark.parametrize("name", CASES)
def test_a_planted_cause_is_found_and_no_other(marts: duckdb.DuckDBPyConnection, name: str) -> None:
    found = marts.execute(ROWS, [name]).fetchall()

    assert sorted(found, key=str) == sorted(CASES[name].rows, key=str)


def test_two_logs_of_the_same_requests_are_billed_once(marts: duckdb.DuckDBPyConnection) -> None:
    rows = marts.execute(
        "select bill_source_name, usage_source_name, rated_cost, billed_cost, cause, cause_detail "
        "from cost_ledger.rated_vs_billed where bill_source_name in ('twice', 'two') order by 1, 2"
    ).fetchall()
    few = usd((10, "3"))

    assert rows == [
        ("twice", "twice_log", FULL, FULL, "none", None),
        ("twice", "twice_other", FULL, None, "duplicate_logs", "counted in twice_log too"),
        ("two", "two_log", FULL, FULL, "none", None),
        ("two", "two_other", few, few, "none", None),
    ]


def test_vendors_reports_are_compared_with_their_own_costs(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    rows = marts.execute(
        "select bill_source_name, usage_source_name, model, token_class, cause, cause_detail, "
        "difference from cost_ledger.rated_vs_billed where bill_source_name in "
        "('openai', 'anthropic', 'openrouter', 'google_bill') order by all"
    ).fetchall()
    claude, gpt, hour = "claude-acme", "gpt-acme", "input_cache_write_1h"
    sampled = ODD - usd((100, "1.25"), (20, "10"))
    wrong = f"{hour} as input_cache_write_5m"
    logged = {"input_cache_read": (5_003, "0.5"), "input_uncached": (1_001, "2"),
              "output": (307, "8")}  # fmt: skip

    assert rows == [
        *(("anthropic", "anthropic", claude, name, "none", None, ZERO)
          for name in ("input_cache_read",)),
        ("anthropic", "anthropic", claude, hour, "cache_class", wrong, -usd((1_000, "2.25"))),
        *(("anthropic", "anthropic", claude, name, "none", None, ZERO)
          for name in ("input_cache_write_5m", "input_uncached", "output")),
        *(("anthropic", "anthropic", "claude-unbilled", name, "priority_not_billed", None, ZERO)
          for name in ("input_cache_read", hour, "input_cache_write_5m", "input_uncached",
                       "output")),
        ("google_bill", "vertex", "gemini-2.5-pro", "all", "sampling", None, sampled),
        # The gateway's log has the same requests as the report.
        *(("openai", "gateway", gpt, name, "duplicate_logs", "counted in openai too", -usd(part))
          for name, part in logged.items()),
        *(("openai", "openai", gpt, name, "none", None, ZERO) for name in logged),
        ("openrouter", "openrouter", "router/model-1", "all", "none", None, ZERO),
    ]  # fmt: skip


def test_no_billed_money_is_lost_or_doubled(marts: duckdb.DuckDBPyConnection) -> None:
    compared, billed, web_search = marts.execute(
        "select (select sum(billed_cost) from cost_ledger.rated_vs_billed), sum(billed_cost), "
        "sum(billed_cost) filter (charge_description = 'Web Search Usage') "
        "from cost_ledger.charges where evidence_level = 'billed'"
    ).fetchall()[0]

    assert web_search == Decimal("0.125")
    assert compared == billed - web_search


def test_the_sample_companys_bill_is_explained_to_the_last_decimal(sample_workspace: Path) -> None:
    """It bills what was logged, and the prompts of failed calls, logged without tokens."""
    truth = json.loads((sample_workspace / "ground_truth.json").read_text(encoding="utf-8"))
    failed = next(
        Decimal(check["value"])
        for check in truth["checks"]
        if "'model_vendor') - sum(rated_cost)" in check["expression"]
    )
    with duckdb.connect(
        str(sample_workspace / "published" / "marts.duckdb"), read_only=True
    ) as con:
        causes = con.execute(
            "select cause, sum(difference) from cost_ledger.rated_vs_billed "
            "where billed_cost is not null group by all order by 1"
        ).fetchall()
        unlogged = con.execute(
            "select count(*) from cost_ledger.rated_vs_billed "
            "where billed_cost is null and cause <> 'unpriced'"
        ).fetchone()

    assert causes == [("failed_calls", failed), ("none", ZERO)]
    assert unlogged == (0,)
