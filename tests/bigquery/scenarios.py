"""The sample company in small, what happens to it, and the product run on it on either engine.

A scenario's workspace is a folder with the source files, a settings file and a lake; its twin on
the other engine has the same files. The product runs as its users run it: as a process, from a
checkout.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

import pyarrow.compute as pc

from orchestration.build.runner import DbtSession
from orchestration.landing.lake import land_table
from orchestration.pricing import snapshot
from orchestration.publishing.tables import public_ids, read_manifest, relations
from orchestration.sample import write_sample
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from tests import product
from tests.bigquery.readers import PUBLISH_LOG

LAST_DAY = date(2026, 10, 1)
DAYS = 16
FIRST_MONTH_END = LAST_DAY - timedelta(days=1)
NEW_DAYS = (f"{FIRST_MONTH_END}", f"{LAST_DAY}")
"""They come later: one closes a month, so that forecasts are scored, one opens the next. Before
them are 14 days of history, enough for a forecast."""
LANDED_AT = "2026-11-05T06:00:00.000000Z"
"""When the first files landed: as really, after the months of their bills, which are final then.
Later ones land now."""
AS_OF = date(2026, 11, 10)
"""A day on which only the first files were known."""

KEPT = {"litellm": 9, "outcomes": 4, "exports": 4}
"""One of so many lines is kept of each file: GoogleSQL's reference executor is slow."""
BUSY_DAYS = (LAST_DAY - timedelta(days=11), LAST_DAY - timedelta(days=10))
"""The days with repeated and with broken requests. Those are kept, and as many others that they are
few enough to be quarantined."""
BUSY_KEPT = 2
PRICED_PROVIDERS = ("openai", "anthropic")
PRICED_MODELS = (
    "claude-haiku-4-5", "gpt-4o", "gpt-4o-mini", "gpt-5-mini", "gpt-5.6-sol",
    "text-embedding-3-small",
)  # fmt: skip
"""Models of the price snapshot: those that the company asks; the whole one has 19,588 rows."""

INPUTS = (
    "budgets", "config", "exports", "gpu", "invoices", "litellm", "outcomes", "seats",
    "support_bot", "units",
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """Where a BigQuery workspace has its datasets."""

    project: str
    endpoint: str = ""
    dataset_prefix: str = ""
    maximum_bytes_billed: int | None = None
    location: str = ""


def write_company(folder: Path) -> None:
    """The sample of `DAYS` days that end on `LAST_DAY`, with fewer lines."""
    write_sample(folder, days=DAYS, end=LAST_DAY)
    busy = {f"spend_logs_{day}.csv" for day in BUSY_DAYS}
    for name, one_of in KEPT.items():
        for file in sorted((folder / name).rglob("*.csv*")):
            header, *rows = _read_csv(file)
            kept = _some_requests(header, rows) if file.name in busy else rows[::one_of]
            _write_csv(file, [header, *kept])
    _repeat_without_end(folder / "litellm" / f"spend_logs_{BUSY_DAYS[0]}.csv")
    # With lines missing no bill adds up to its invoice: its period is not over.
    periods = folder / "invoices" / "billing_periods.csv"
    periods.write_text(periods.read_text(encoding="utf-8").replace("Closed", "Open"), "utf-8")


def _some_requests(header: list[str], rows: list[list[str]]) -> list[list[str]]:
    """All lines of one of `BUSY_KEPT` requests, of those that stand twice, and of broken ones."""
    ids = [row[header.index("request_id")] for row in rows]
    times = Counter(ids)
    chosen = {*list(times)[::BUSY_KEPT]}
    return [
        row
        for row, id_ in zip(rows, ids, strict=True)
        if id_ in chosen or times[id_] > 1 or "broken" in id_
    ]


def _repeat_without_end(file: Path) -> None:
    """Log the first request again as one that has not ended: the ended one counts, wherever an
    engine sorts nulls."""
    header, first, *rows = _read_csv(file)
    again = list(first)
    again[header.index("endTime")] = ""
    again[header.index("completion_tokens")] = "1"
    _write_csv(file, [header, first, *rows, again])


def open_company(company: Path, workspace: Path, server: Server | None = None) -> Settings:
    """A workspace with the company's files of all days but the last, and a small price snapshot.

    Args:
        server: the engine is BigQuery there; DuckDB without.
    """
    workspace.mkdir(parents=True)
    for name in INPUTS:
        shutil.copytree(company / name, workspace / name)
    without_new_days(workspace)
    text = (company / "twinledger.toml").read_text(encoding="utf-8")
    if server:
        text = text.replace('target = "duckdb"', 'target = "bigquery"').replace(
            "\n[reference]", f"\n{_table_of(server)}\n[reference]"
        )
    (workspace / "twinledger.toml").write_text(text, encoding="utf-8")
    settings = load_settings(workspace / "twinledger.toml")
    _land_prices(settings)
    return settings


def _table_of(server: Server) -> str:
    lines = ["[warehouse.bigquery]", f'project = "{server.project}"']
    if server.endpoint:
        lines.append(f'endpoint = "{server.endpoint}"')
    if server.dataset_prefix:
        lines.append(f'dataset_prefix = "{server.dataset_prefix}"')
    if server.location:
        lines.append(f'location = "{server.location}"')
    if server.maximum_bytes_billed:
        lines.append(f"maximum_bytes_billed = {server.maximum_bytes_billed}")
    return "\n".join([*lines, ""])


def move_to(workspace: Path, server: Server) -> None:
    """Point a copied workspace at another server."""
    file = workspace / "twinledger.toml"
    before, _, rest = file.read_text(encoding="utf-8").partition("[warehouse.bigquery]\n")
    _, _, after = rest.partition("\n[reference]")
    file.write_text(f"{before}{_table_of(server)}\n[reference]{after}", encoding="utf-8")


def _land_prices(settings: Settings) -> None:
    """Land a part of the price snapshot, so that the run finds one and does not take the whole."""
    table = snapshot.price_table()
    wanted = pc.and_(
        pc.is_in(table["provider"], pc.cast(list(PRICED_PROVIDERS), "string")),
        pc.is_in(table["model"], pc.cast(list(PRICED_MODELS), "string")),
    )
    period = snapshot.snapshot_period()
    assert land_table(settings, "prices", snapshot.SCOPE, table.filter(wanted), period)
    settings.work.mkdir(parents=True, exist_ok=True)
    (settings.work / "prices.json").write_text(
        json.dumps({"version": version("genai-prices"), "period": period}), encoding="utf-8"
    )


# What happens to a workspace. Each takes the company and the workspace's folder.


def without_new_days(workspace: Path) -> None:
    """Take away what happened on the last two days; a file of nothing else was not there yet."""
    for day in NEW_DAYS:
        (workspace / "litellm" / f"spend_logs_{day}.csv").unlink()
    times = ("ChargePeriodStart", "at", "date")
    for folder in ("exports", "outcomes", "units"):
        for file in sorted((workspace / folder).rglob("*.*")):
            header, *rows = _read_csv(file)
            at = next(header.index(name) for name in times if name in header)
            kept = [row for row in rows if not row[at].startswith(NEW_DAYS)]
            if kept:
                _write_csv(file, [header, *kept])
            else:
                file.unlink()
    for file in (workspace / "support_bot").glob("*.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept_lines = [line for line in lines if not json.loads(line)["ts"].startswith(NEW_DAYS)]
        file.write_text("".join(kept_lines), encoding="utf-8")
        if not kept_lines:
            file.unlink()


def next_days(company: Path, workspace: Path) -> None:
    """All files as they are at the end of the last day."""
    for name in INPUTS:
        shutil.copytree(company / name, workspace / name, dirs_exist_ok=True)


def restated(company: Path, workspace: Path) -> None:
    """Last month's bill comes again with other amounts and a line less, a day of requests with
    half its rows, and an outcome is no more: all of the first files."""
    bill = workspace / "exports" / "azure" / "part_202609_0001.csv"
    header, row, _, *rows = _read_csv(bill)
    for name in ("BilledCost", "EffectiveCost"):
        row[header.index(name)] = "112.900000000001"
    _write_csv(bill, [header, row, *rows])
    requests = workspace / "litellm" / f"spend_logs_{LAST_DAY - timedelta(days=7)}.csv"
    header, *rows = _read_csv(requests)
    _write_csv(requests, [header, *rows[: len(rows) // 2]])
    outcomes = workspace / "outcomes" / "outcomes.csv"
    header, _, *rows = _read_csv(outcomes)
    _write_csv(outcomes, [header, *rows])


def new_source_column(company: Path, workspace: Path) -> None:
    """The bill of the month gets a column that no one knew."""
    bill = workspace / "exports" / "azure" / "part_202609_0001.csv"
    header, *rows = _read_csv(bill)
    numbered = [[*row, str(number)] for number, row in enumerate(rows)]
    _write_csv(bill, [[*header, "x_LineNumber"], *numbered])


def _read_csv(file: Path) -> list[list[str]]:
    packed = file.suffix == ".gz"
    content = gzip.decompress(file.read_bytes()) if packed else file.read_bytes()
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def _write_csv(file: Path, rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    # The same bytes each time: a delivery's content is part of its id.
    file.write_bytes(gzip.compress(content, mtime=0) if file.suffix == ".gz" else content)


def age(workspace: Path, landed_at: str = LANDED_AT) -> None:
    """Let what has landed so far have landed at that time."""
    for manifest in (workspace / "lake" / "_loads").glob("*.json"):
        content = json.loads(manifest.read_text(encoding="utf-8"))
        manifest.write_text(json.dumps({**content, "loaded_at": landed_at}), encoding="utf-8")


# The product.

FAST = (product.WITHOUT_DATA_TESTS, product.WITHOUT_GATE)
"""Without data tests, which take most of a build's time on the loopback server, and without Great
Expectations: what they would find the comparison finds."""


def run_product(
    workspace: Path, *arguments: str, project: Path = PROJECT_ROOT, flags: Iterable[str] = FAST
) -> str:
    """`twinledger run` from a checkout; what it printed. It must succeed."""
    process = start_product(workspace, *arguments, project=project, flags=flags)
    printed, _ = process.communicate(timeout=900)
    assert process.returncode == 0, f"twinledger run {arguments} in {workspace}:\n{printed[-6000:]}"
    return printed


def start_product(
    workspace: Path, *arguments: str, project: Path = PROJECT_ROOT, flags: Iterable[str] = FAST
) -> subprocess.Popen[str]:
    """The same, still running; in a process group of its own.

    Args:
        flags: those of tests/product.py.
    """
    return product.start(workspace, *flags, "run", *arguments, project=project)


def public_names(workspace: Path) -> set[str]:
    """The relations that readers are promised, as the DuckDB workspace's project says."""
    manifest = read_manifest(workspace / ".twinledger" / "target")
    known = relations(manifest)
    return {known[key].full_name for key in public_ids(manifest)} | {PUBLISH_LOG}


# The next version of the project.

NEW_COLUMN = "largest_context_tokens"


def next_version(folder: Path) -> Path:
    """A checkout in which token usage has one column more: in the incremental model, in the public
    one that reads it, and in the contract."""
    for name in ("orchestration", "models", "macros", "seeds", "profiles", "tests/data"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT_ROOT / name, folder / name, ignore=ignore)
    shutil.copy(PROJECT_ROOT / "dbt_project.yml", folder)
    ledger = folder / "models" / "cost_ledger"
    counted = " as mismatched_requests,\n"
    steps, public = ledger / "steps" / "int_token_usage_days.sql", ledger / "token_usage_daily.sql"
    _insert_after(steps, counted, f"        max(context_tokens) as {NEW_COLUMN},\n")
    _insert_after(public, counted, f"        max({NEW_COLUMN}) as {NEW_COLUMN},\n")
    _insert_after(public, "\n        mismatched_requests,\n", f"        {NEW_COLUMN},\n")
    _insert_after(
        ledger / "_cost_ledger__models.yml",
        "{{ doc('mismatched_requests') }}\"\n        constraints: [{type: not_null}]\n",
        f"      - name: {NEW_COLUMN}\n        data_type: bigint\n"
        "        description: The largest prompt of the day, in tokens.\n",
    )
    return folder


def _insert_after(file: Path, anchor: str, text: str) -> None:
    content = file.read_text(encoding="utf-8")
    assert content.count(anchor) == 1, f"{file.name} has no longer one {anchor!r}"
    file.write_text(content.replace(anchor, anchor + text), encoding="utf-8")


# Without rows.


def open_empty(workspace: Path, server: Server) -> Settings:
    """A workspace without any source."""
    text = f'[warehouse]\ntarget = "bigquery"\n\n{_table_of(server)}'
    (workspace / "twinledger.toml").write_text(text, encoding="utf-8")
    return load_settings(workspace / "twinledger.toml")


def build_empty(settings: Settings, *arguments: str) -> list[tuple[str, str, str]]:
    """`dbt build --empty` over what landed: (kind, name, status or error) of each node."""
    session = DbtSession(settings)
    session.parse()
    session.register()
    outcome = session._invoke(["build", "--empty", *arguments])
    assert outcome.result is not None, outcome.exception
    return [
        (
            str(result.node.resource_type),
            result.node.name,
            str(result.status)
            if str(result.status) in ("success", "pass")
            else f"{result.status} {result.message}",
        )
        for result in outcome.result.results
    ]
