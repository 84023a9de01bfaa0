"""Write the whole sample: the same arguments give the same bytes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.errors import SettingsError
from orchestration.landing.readers import literal
from orchestration.sample.business import write_business_files
from orchestration.sample.cloud_bills import write_aws_bill, write_azure_bill
from orchestration.sample.cloud_lines import create_cloud_lines
from orchestration.sample.company import LAST_DAY
from orchestration.sample.days import Span, create_calendar
from orchestration.sample.draws import create_draw_macros
from orchestration.sample.gpu import write_gpu_files
from orchestration.sample.ground_truth import write_ground_truth
from orchestration.sample.invoices import write_invoices
from orchestration.sample.litellm_logs import write_litellm_logs
from orchestration.sample.reference import write_budgets, write_reference_files
from orchestration.sample.request_days import create_request_days
from orchestration.sample.requests import create_requests
from orchestration.sample.seats import write_seats
from orchestration.sample.settings_file import write_settings_file
from orchestration.sample.support_log import create_support_log, write_support_log
from orchestration.sample.vendor_bill import create_vendor_lines, write_vendor_bill

MIN_DAYS = 8
PARTS = (
    "exports", "litellm", "support_bot", "gpu", "outcomes", "units", "seats", "invoices", "budgets",
    "config", ".spill",
)  # fmt: skip
"""The folders that a sample consists of."""
TRUTH = "ground_truth.json"
SETTINGS = "twinledger.toml"

MEMORY_LIMIT = "1GB"


@dataclass(frozen=True)
class SampleSummary:
    """What was written: counts of what the files hold."""

    folder: Path
    settings: Path
    ground_truth: Path
    first_day: date
    last_day: date
    files: int
    requests: int
    bill_lines: int
    checks: int


def write_sample(
    out: Path, *, days: int = 120, scale: int = 1, seed: int = 7, end: date | None = None
) -> SampleSummary:
    """Write the sample company into `out`; `scale` multiplies the requests.

    Rows stream from the engine to the files: memory does not grow with `scale`. Raises
    SettingsError when `days` or `scale` is too small, or when `out` holds files that are no sample.
    """
    if days < MIN_DAYS or scale < 1:
        raise SettingsError(
            f"a sample needs at least {MIN_DAYS} days and scale 1, not {days} days, scale {scale}"
        )
    _clear(out)
    last = end or LAST_DAY
    span = Span(last - timedelta(days=days - 1), last)
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        con.execute(f"set temp_directory = {literal(str(out / '.spill'))}")
        # One thread a query keeps the rows' order without buffering a whole file to restore it.
        con.execute("set threads = 1")
        con.execute("set preserve_insertion_order = false")
        create_draw_macros(con, seed)
        create_calendar(con, span, seed, scale)
        create_requests(con, span)
        create_request_days(con)
        create_vendor_lines(con)
        create_support_log(con, scale)
        create_cloud_lines(con, span)

        write_aws_bill(con, out / "exports" / "aws", span)
        write_azure_bill(con, out / "exports" / "azure", span)
        write_vendor_bill(con, out / "exports" / "model_vendor", span)
        litellm = write_litellm_logs(con, out / "litellm", span, scale)
        write_support_log(con, out / "support_bot", span)
        write_gpu_files(out / "gpu", seed, span)
        write_business_files(out, seed, span)
        write_seats(out, seed, span)
        write_invoices(con, out / "invoices", span)
        write_budgets(out, span)
        reference = write_reference_files(out, span)
        checks = write_ground_truth(con, out / TRUTH, span, seed=seed, scale=scale)
        # Last: a settings file stands for a whole sample.
        write_settings_file(out, reference, litellm)
        requests = _count(con, "select sum(requests) from calendar")
        bill_lines = _count(
            con, "select (select count(*) from cloud_lines) + (select count(*) from vendor_lines)"
        )
    shutil.rmtree(out / ".spill", ignore_errors=True)
    files = [path for part in PARTS for path in (out / part).rglob("*") if path.is_file()]
    return SampleSummary(
        folder=out,
        settings=out / SETTINGS,
        ground_truth=out / TRUTH,
        first_day=span.first,
        last_day=span.last,
        files=len(files) + 2,
        requests=requests,
        bill_lines=bill_lines,
        checks=checks,
    )


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _clear(out: Path) -> None:
    """Remove an earlier sample's files; what a run made of them (lake, marts) stays.

    Raises SettingsError when the folder is in use for something else.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / TRUTH).is_file():
        raise SettingsError(
            f"{out} is not empty and holds no sample", "give a new folder, or empty this one"
        )
    out.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        shutil.rmtree(out / part, ignore_errors=True)
    (out / SETTINGS).unlink(missing_ok=True)
    # The mark of a sample stands from the start: one that was interrupted may be replaced, too.
    (out / TRUTH).write_text('{"about": "this sample is being written"}\n', encoding="utf-8")
