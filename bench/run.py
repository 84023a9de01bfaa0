"""Measure both sides in fresh processes, in turns, at two sizes; the slope leaves start-up out.

    python -m bench.run --rows 1000000

slope ratio = (Twinledger at N − at N/10) / (bare script at N − at N/10), of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from bench.generate import write_log, write_prices

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = """
[warehouse]
lake = "lake"
build = "build.duckdb"
publish = "published"

[[sources]]
name = "requests"
type = "litellm"
uri = "log.csv"
"""
DIMENSIONS = "usage_date, provider, model, team, product, feature, use_case, customer, environment"
MEASURES = (
    "requests", "failed_requests", "retried_requests", "input_uncached_tokens",
    "input_cache_read_tokens", "output_visible_tokens", "output_reasoning_tokens", "rated_cost",
)  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """One process: wall and processor seconds from start to exit, peak resident memory in MiB."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def measure(command: Sequence[str]) -> Measurement:
    """Run a command from the repository's root; its output is shown only when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{output}")
    unit = 1024**2 if platform.system() == "Darwin" else 1024
    return Measurement(
        seconds=round(seconds, 3),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        peak_mib=round(usage.ru_maxrss / unit, 1),
    )


class Size:
    """One size of the log: its folder, its measurements, and the check that both sides agree."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder / f"rows-{rows}"
        self.rows = rows
        self.product: list[Measurement] = []
        self.bare: list[Measurement] = []
        self.full: list[Measurement] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "log.csv").is_file():
            write_log(self.folder / "partial.csv", rows)
            (self.folder / "partial.csv").rename(self.folder / "log.csv")
        (self.folder / "twinledger.toml").write_text(SETTINGS)

    def measure_product(self, *, full: bool = False) -> None:
        """A run on an empty workspace."""
        for name in ("lake", "published", ".twinledger"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for file in self.folder.glob("build.duckdb*"):
            file.unlink()
        settings = str(self.folder / "twinledger.toml")
        flags = ["--full"] if full else []
        found = measure([sys.executable, "-m", "bench.product", settings, *flags])
        (self.full if full else self.product).append(found)

    def measure_bare(self, prices: Path) -> None:
        """The bare script on the same log."""
        files = (self.folder / "log.csv", prices, self.folder / "bare.duckdb")
        self.bare.append(measure([sys.executable, "bench/bare.py", *map(str, files)]))

    def assert_same_totals(self) -> int:
        """Both sides have the same rows, to the last decimal; gives their number."""
        sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
        with duckdb.connect() as con:
            con.execute(f"attach '{self.folder / 'build.duckdb'}' as product (read_only)")
            con.execute(f"attach '{self.folder / 'bare.duckdb'}' as bare (read_only)")
            for side, table in (
                ("product", "product.cost_ledger.token_usage_daily"),
                ("bare", "bare.daily"),
            ):
                con.execute(
                    f"create temp view {side}_days as select {DIMENSIONS}, {sums} "
                    f"from {table} group by {DIMENSIONS}"
                )
            counts = con.execute(
                "select (select count(*) from product_days), (select count(*) from bare_days),"
                " (select count(*) from (from product_days except from bare_days)),"
                " (select count(*) from (from bare_days except from product_days)),"
                " (select count(*) - count(rated_cost) from bare_days)"
            ).fetchall()[0]
        if counts[0] != counts[1] or any(counts[2:]):
            sys.exit(f"the two sides differ at {self.rows} rows: {counts}")
        return int(counts[0])


def median(measurements: Sequence[Measurement], what: str = "seconds") -> float:
    """Median of the wall seconds, or of another figure."""
    return statistics.median(float(getattr(item, what)) for item in measurements)


def slope(
    large: Sequence[Measurement], small: Sequence[Measurement], what: str = "seconds"
) -> float:
    """Seconds that the additional rows cost."""
    return median(large, what) - median(small, what)


def main() -> None:
    """Measure, print the table, write bench/results/latest.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=3, help="measurements of each side")
    parser.add_argument("--skip-full", action="store_true", help="leave the whole run out")
    parser.add_argument("--keep", action="store_true", help="keep the logs in bench/work")
    given = parser.parse_args()
    if given.rows < 10_000 or given.pairs < 1:
        parser.error("at least 10,000 rows and one pair are needed")
    work = ROOT / "bench" / "work"
    work.mkdir(parents=True, exist_ok=True)
    prices = work / "prices.csv"
    print(f"writing logs of {given.rows // 10:,} and {given.rows:,} requests")
    write_prices(prices)
    sizes = (Size(work, given.rows // 10), Size(work, given.rows))
    small, large = sizes
    totals = 0
    for pair in range(given.pairs):
        for size in sizes:
            size.measure_product()
            size.measure_bare(prices)
            totals = size.assert_same_totals()
            ours, theirs = size.product[-1], size.bare[-1]
            print(
                f"pair {pair + 1}, {size.rows:>12,} rows:"
                f" Twinledger {ours.seconds:7.2f} s (cpu {ours.cpu_seconds:7.2f})"
                f" {ours.peak_mib:6,.0f} MiB,"
                f" bare {theirs.seconds:7.2f} s (cpu {theirs.cpu_seconds:7.2f})"
                f" {theirs.peak_mib:6,.0f} MiB",
                flush=True,
            )
    if not given.skip_full:
        for size in sizes:
            size.measure_product(full=True)
    result = report(small, large, totals)
    target = ROOT / "bench" / "results" / "latest.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    show(small, large, result)
    print(f"written to {target.relative_to(ROOT)}")
    if not given.keep:
        shutil.rmtree(work)


def report(small: Size, large: Size, totals: int) -> dict[str, object]:
    """All figures, as they are written to the results."""
    full = slope(large.full, small.full) if large.full else None
    bare = slope(large.bare, small.bare)
    return {
        "slope_ratio_to_bare_duckdb": round(slope(large.product, small.product) / bare, 3),
        # On a busy machine the processor's seconds tell more than the clock's.
        "cpu_slope_ratio_to_bare_duckdb": round(
            slope(large.product, small.product, "cpu_seconds")
            / slope(large.bare, small.bare, "cpu_seconds"),
            3,
        ),
        "full_run_slope_ratio": round(full / bare, 3) if full is not None else None,
        "rows": large.rows,
        "baseline_rows": small.rows,
        "daily_totals": totals,
        "same_daily_totals": True,
        "peak_memory_mib": max(item.peak_mib for item in (*large.product, *large.full)),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
        "measurements": {
            str(size.rows): {
                "twinledger": [asdict(item) for item in size.product],
                "bare": [asdict(item) for item in size.bare],
                "full_run": [asdict(item) for item in size.full],
            }
            for size in (small, large)
        },
    }


def show(small: Size, large: Size, result: dict[str, object]) -> None:
    """The table: medians, the seconds of the additional rows, peak memory at the large size."""
    print(f"\n{'':26}{small.rows:>14,}{large.rows:>14,}{'difference':>14}{'peak MiB':>10}")
    for name, few, many in (
        ("Twinledger, daily totals", small.product, large.product),
        ("bare DuckDB script", small.bare, large.bare),
        ("Twinledger, whole run", small.full, large.full),
    ):
        if many:
            peak = max(item.peak_mib for item in many)
            print(
                f"{name:26}{median(few):>12.2f} s{median(many):>12.2f} s"
                f"{slope(many, few):>12.2f} s{peak:>10,.0f}"
            )
    print(f"slope ratio to bare DuckDB: {result['slope_ratio_to_bare_duckdb']}")
    print(f"the same in processor seconds: {result['cpu_slope_ratio_to_bare_duckdb']}")
    if result["full_run_slope_ratio"] is not None:
        print(f"slope ratio of the whole run: {result['full_run_slope_ratio']}")


if __name__ == "__main__":
    main()
