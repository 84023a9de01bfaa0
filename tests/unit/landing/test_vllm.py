"""vLLM's counters: scrapes, saved queries and a server; restarts, gaps, late files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.land import land
from orchestration.landing.prometheus import server as prometheus
from orchestration.landing.prometheus.counters import Sample, increases
from orchestration.landing.prometheus.exposition import name_time, parsed
from orchestration.landing.source_types.vllm import COUNTERS
from orchestration.settings import Settings
from tests.unit.landing.usage_logs import CANARY, Workspace, deliver, holders, landed_files, one

pytestmark = pytest.mark.usefixtures("no_gate")

Landed = Callable[..., duckdb.DuckDBPyConnection]
START = datetime(2026, 11, 3, tzinfo=UTC)
PROMPT, GENERATION = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
TOTALS = "select metric, sum(increase), sum(resets) from landing.vllm_metrics group by 1 order by 1"


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def scrape(prompt: float, generation: float = 0, pod: str = "llm-0", **labels: str) -> str:
    """What a server answers at /metrics: counters among much else."""
    named = {"model_name": "llama-3", "engine": "0", "pod": pod, "tenant": CANARY, **labels}
    listed = ",".join(
        f'{name}="{value}"'.replace("\n", "\\n") for name, value in named.items() if value
    )
    return "\n".join(
        [
            "# HELP vllm:prompt_tokens_total Number of prefill tokens processed.",
            "# TYPE vllm:prompt_tokens_total counter",
            f"vllm:prompt_tokens_total{{{listed}}} {prompt!r}",
            f"vllm:generation_tokens_total{{{listed},}}  {generation!r}",
            f"vllm:prompt_tokens_created{{{listed}}} 1.7e+09",
            f'vllm:iteration_tokens_total_bucket{{le="1.0",{listed}}} 3.0',
            f"vllm:num_requests_running{{{listed}}} NaN",
            "",
        ]
    )


def name(hours: float, prefix: str = "vllm-") -> str:
    return f"{prefix}{at(hours):%Y-%m-%dT%H:%M:%SZ}.prom"


def answer(metric: str, samples: list[Sample], **labels: str) -> dict[str, Any]:
    values = [[moment.timestamp(), str(value)] for moment, value in samples]
    series = {"metric": {"__name__": metric, "model_name": "llama-3", **labels}, "values": values}
    return {"status": "success", "data": {"resultType": "matrix", "result": [series]}}


def totals(settings: Settings, landed: Landed) -> list[tuple[Any, ...]]:
    return landed(settings).execute(TOTALS).fetchall()


SCRAPES = {
    name(0.5): scrape(100, 10),
    name(1.5): scrape(160, 15),
    # It had started anew: all of it is new.
    name(2): scrape(30, 2),
    name(25): scrape(90, 7),
}


def test_a_counter_is_counted_by_the_hour_across_restarts(
    workspace: Workspace, landed: Landed
) -> None:
    settings = landed_files(workspace, "vllm", SCRAPES)
    con = landed(settings)
    rows = con.execute(
        "select bucket_start::varchar, sampled_from::varchar, increase, resets, model_name, pod, "
        f"_period from landing.vllm_metrics where metric = '{PROMPT}' order by 1, 2"
    ).fetchall()
    # A sample on the hour ends the hour before it.
    assert rows == [
        ("2026-11-03 01:00:00", "2026-11-03 00:30:00", 60, 0, "llama-3", "llm-0", "2026-11-03"),
        ("2026-11-03 01:00:00", "2026-11-03 01:30:00", 30, 1, "llama-3", "llm-0", "2026-11-03"),
        ("2026-11-04 00:00:00", "2026-11-03 02:00:00", 60, 0, "llama-3", "llm-0", "2026-11-04"),
    ]
    assert totals(settings, landed) == [(GENERATION, 12, 1), (PROMPT, 150, 1)]
    assert one(con, "select count(distinct metric) from landing.vllm_metrics") == 2
    # A label that is not listed tells series apart, and lands nowhere.
    assert holders(settings, CANARY) == []


def test_files_land_one_by_one_late_or_after_others_were_taken_away(
    workspace: Workspace, landed: Landed
) -> None:
    at_once = landed_files(workspace, "vllm", SCRAPES, folder="at_once")
    settings = landed_files(workspace, "vllm", dict(list(SCRAPES.items())[:1]))
    assert totals(settings, landed) == []
    for file in (name(25), name(1.5), name(2)):
        deliver(settings, {file: SCRAPES[file]})
        land(settings)
    assert totals(settings, landed) == totals(at_once, landed)
    # What was counted stays counted when the files go.
    for file in (name(0.5), name(1.5)):
        (settings.folder / "in" / file).unlink()
    deliver(settings, {name(26): scrape(95, 9)})
    land(settings)
    assert totals(settings, landed) == [(GENERATION, 14, 1), (PROMPT, 155, 1)]


def test_servers_are_counted_each_for_itself(workspace: Workspace, landed: Landed) -> None:
    files = {
        f"{pod}/{name(hour)}": scrape(start + 10 * hour, pod=pod)
        for pod, start in (("a", 5), ("b", 1000))
        for hour in (1, 2, 3)
    }
    settings = landed_files(workspace, "vllm", files)
    assert totals(settings, landed) == [(GENERATION, 0, 0), (PROMPT, 40, 0)]


def test_keys_come_from_labels_and_constants(workspace: Workspace, landed: Landed) -> None:
    more = 'mapping = {team = "squad", workload = "pod"}\nconstants = {product = "chat"}'
    files = {name(hour): scrape(10 * hour, squad="blue") for hour in (1, 2)}
    settings = landed_files(workspace, "vllm", files, more)
    query = "select distinct team, workload, product, pod, customer from landing.vllm_metrics"
    assert one(landed(settings), query) == ("blue", "llm-0", "chat", "llm-0", None)
    with pytest.raises(RefusedError, match="no series has the label 'crew'"):
        landed_files(workspace, "vllm", files, 'mapping = {team = "crew"}', folder="missing")


def test_saved_range_queries_count_on_where_the_former_one_ended(
    workspace: Workspace, landed: Landed
) -> None:
    samples = [(at(hour), Decimal(value)) for hour, value in enumerate([5, 9, 20, 4, 6])]
    files = {
        "1.json": json.dumps(answer(PROMPT, samples[:3])),
        # It overlaps, and holds other metrics too.
        "2.json": json.dumps(
            [answer(PROMPT, samples[1:]), answer("vllm:num_requests_running", samples)]
        ),
    }
    settings = landed_files(workspace, "vllm", files)
    assert totals(settings, landed) == [(PROMPT, 21, 1)]


STEPS = st.lists(
    st.tuples(st.integers(1, 4 * 3600), st.integers(0, 10**6), st.booleans()),
    min_size=1,
    max_size=30,
)


@given(STEPS, st.integers(0, 10**9), st.sets(st.integers(0, 30)))
def test_any_split_of_scrapes_gives_the_same_totals(
    steps: list[tuple[int, int, bool]], first: int, cuts: set[int]
) -> None:
    samples: list[Sample] = [(START, Decimal(first))]
    total, restarts = 0, 0
    for seconds, grown, is_restart in steps:
        moment, value = samples[-1]
        # A restart shows where the new count is below the old one.
        begins = 0 if is_restart and grown < value else value
        restarts += begins == 0 and value > 0
        total += grown
        samples.append((moment + timedelta(seconds=seconds), begins + Decimal(grown)))
    bounds = [0, *sorted(cut for cut in cuts if 0 < cut < len(samples)), len(samples)]
    found, baseline = [], None
    for place, (start, end) in enumerate(pairwise(bounds)):
        # Some parts repeat what the part before them had.
        part = samples[max(0, start - place % 2) : end]
        found += list(increases(reversed(part), baseline))
        baseline = part[-1]
    assert sum(item.increase for item in found) == total
    assert sum(item.resets for item in found) == restarts
    assert sum(item.samples for item in found) == len(steps)
    for item in found:
        assert item.bucket_start < item.sampled_to <= item.bucket_start + timedelta(hours=1)
    hours = {item.bucket_start for item in increases(samples)}
    assert {item.bucket_start for item in found} == hours


VALUES = st.dictionaries(
    st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    max_size=4,
)


@given(VALUES, st.integers(0, 2**53), st.booleans(), st.booleans())
def test_any_label_is_read_back(
    labels: dict[str, str], value: int, has_time: bool, is_open: bool
) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')

    listed = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
    stamp = (" 1762167600" if is_open else " 1762167600000") if has_time else ""
    line = f"{PROMPT}{{{listed}}} {float(value)!r}{stamp}"
    text = f"{line}\n# EOF\n" if is_open else f"{line}\n"
    found = parsed(text, COUNTERS.metrics, at(0))
    moment = datetime.fromtimestamp(1762167600, UTC) if has_time else at(0)
    ((series, samples),) = found.items()
    assert (dict(series.labels), samples) == (labels, [(moment, Decimal(value))])


@pytest.mark.parametrize(
    ("file", "moment"),
    [
        ("vllm-2026-11-03T12:00:05Z.prom", "2026-11-03 12:00:05"),
        ("a/20261103T1200Z.txt.gz", "2026-11-03 12:00:00"),
        ("2026-01-01/metrics_2026-11-03_12-00-05.txt", "2026-11-03 12:00:05"),
        ("metrics.1762167600.prom", "2025-11-03 11:00:00"),
        ("metrics.1762167600250.prom", "2025-11-03 11:00:00.250000"),
        ("2026-11-03.prom", None),
        ("2026-19-39T25:61:00.prom", None),
    ],
)
def test_the_time_of_a_scrape_is_in_its_name(file: str, moment: str | None) -> None:
    found = name_time(file)
    assert (None if found is None else str(found[0]).removesuffix("+00:00")) == moment


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("scrape.prom", scrape(1), "row 3: neither the line nor the file's name tells when"),
        (name(1), scrape(1) + scrape(2), "the series stands twice: one file is one scrape"),
        (name(1), scrape(-1), "the value '-1' is no counter's"),
        (name(1), scrape(float("inf")), "is no counter's"),
        (name(1), f"{PROMPT}{{pod=llm}} 5\n", "row 1: this is no line of Prometheus' text"),
        (name(1), " \n", "the file is empty"),
        ("a.json", '{"status": "error", "errorType": "timeout"}', r"no successful .* \(timeout\)"),
        ("a.json", "{", "this is no valid JSON"),
        ("a.json", json.dumps(answer(PROMPT, []) | {"warnings": ["x"]}), "may not be whole"),
        ("a.json", json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [
            {"metric": {}, "values": []}]}}), "a function was applied"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(
    workspace: Workspace, file: str, text: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as refusal:
        landed_files(workspace, "vllm", {file: text})
    assert file in str(refusal.value)


def test_half_a_token_is_refused(workspace: Workspace) -> None:
    files = {name(1): scrape(1), name(2): scrape(2.5)}
    with pytest.raises(RefusedError, match=r"prompt_tokens_total: 1.5 is no whole number"):
        landed_files(workspace, "vllm", files)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("options = {stepp = 60}", "unknown option 'stepp'"),
        ("options = {step = 7}", "options.step is 7 seconds"),
        ("options = {step = true}", "options.step is no whole number"),
        ("options = {selector = 'up) or vector(1)'}", "no list of label matchers"),
        ("mapping = {teem = 'pod'}", "mapping names 'teem'"),
        ("mapping = {team = 'a-b'}", "'a-b' is no name of a label"),
        ("constants = {metric = 'x'}", "constants names 'metric'"),
        ("base_url = 'http://x'", "has no key 'base_url'"),
        ("api_key_env = 'TOKEN'", "the token would go to prometheus in the clear"),
        ("uri = 'http://u:secret@x'", "uri holds credentials"),
        ("uri = 'in/*'\nstart = 2026-01-01", "'start' is for a Prometheus server"),
    ],
)
def test_settings_that_do_not_fit_are_named(workspace: Workspace, more: str, words: str) -> None:
    uri = "" if "uri" in more else 'uri = "http://prometheus:9090"'
    text = f'[[sources]]\nname = "v"\ntype = "vllm"\n{uri}\n{more}\n'
    with pytest.raises(SettingsError, match=words):
        workspace(text)


class FakePrometheus:
    """Answers range queries of one counter that grows by 1 a minute; asks and faults are kept."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.faults: list[tuple[int, str]] = []
        self.tokens: list[str | None] = []

    def __enter__(self) -> FakePrometheus:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                asked = parse_qs(parts.query)
                outer.asked.append(asked)
                outer.tokens.append(self.headers.get("Authorization"))
                assert parts.path == "/api/v1/query_range"
                status, body = outer.answer(asked)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 429:
                    self.send_header("Retry-After", "3")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: dict[str, list[str]]) -> tuple[int, str]:
        if self.faults:
            return self.faults.pop()
        start, end, step = (int(asked[key][0]) for key in ("start", "end", "step"))
        samples = []
        if asked["query"][0].startswith(PROMPT):
            born = int(at(1).timestamp())
            moments = [moment for moment in range(start, end + 1, step) if moment >= born]
            samples = [
                (datetime.fromtimestamp(moment, UTC), Decimal((moment - born) // 60 + 500))
                for moment in moments
            ]
        return 200, json.dumps(answer(PROMPT, samples, pod="a"))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrometheus]:
    monkeypatch.setattr(prometheus, "now", lambda: at(60.5))
    with FakePrometheus() as fake:
        yield fake


SOURCE = """
[[sources]]
name = "vllm"
type = "vllm"
uri = "{address}/"
start = 2026-11-03
refetch_days = 1
options = {{step = 300, selector = 'job="vllm"'}}
"""


def test_a_server_is_asked_day_by_day_and_settled_days_never_again(
    fake: FakePrometheus, workspace: Workspace, landed: Landed, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("orchestration.landing.api.client.time.sleep", waits.append)
    fake.faults = [(503, "{}"), (429, '{"status": "error", "error": "slow down"}')]
    settings = workspace(SOURCE.format(address=fake.address))
    land(settings)
    assert waits == [3.0, 2.0]
    days = "select _period, sum(increase), count(*) from landing.vllm_metrics group by 1 order by 1"
    # The first sample, at 01:00, gives nothing; midnight's sample is the next day's beginning.
    assert landed(settings).execute(days).fetchall() == [
        ("2026-11-03", 23 * 60, 23), ("2026-11-04", 24 * 60, 24), ("2026-11-05", 750, 13),
    ]  # fmt: skip
    assert fake.asked[-1]["query"] == ['vllm:time_per_output_token_seconds_sum{job="vllm"}']
    assert fake.tokens[-1] is None
    fake.asked.clear()
    land(settings)
    starts = {asked["start"][0] for asked in fake.asked}
    assert starts == {str(int(at(hours - 1).timestamp())) for hours in (24, 48)}


def test_the_server_may_want_a_token_and_may_say_no(
    fake: FakePrometheus, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SOURCE.format(address=fake.address) + 'api_key_env = "PROMETHEUS_TOKEN"\n'
    settings = workspace(text)
    with pytest.raises(RefusedError, match="PROMETHEUS_TOKEN, which holds the server's token"):
        land(settings)
    monkeypatch.setenv("PROMETHEUS_TOKEN", CANARY.replace(" ", "-"))
    fake.faults = [(422, '{"status": "error", "errorType": "execution", "error": "too many"}')]
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert "422 Unprocessable" in str(refusal.value) and "(execution) “too many”" in str(
        refusal.value
    )
    assert "options.step" in str(refusal.value)
    fake.faults = [(401, f'{{"status": "error", "error": "{fake.tokens[-1]}"}}')]
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert "PROMETHEUS_TOKEN" in str(refusal.value) and "canary" not in str(refusal.value)
    assert fake.tokens[-1] == f"Bearer {CANARY.replace(' ', '-')}"
