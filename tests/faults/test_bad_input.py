"""Bad input through the command line: one clear error, exit code 1 (2 for settings), no traceback,
and neither the former deliveries nor the published marts change."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration import cli
from orchestration.landing.lake import file_sha256

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "bill"
type = "cost_lines"
uri = "bill.csv"

[[sources]]
name = "packed"
type = "cost_lines"
uri = "packed.csv.gz"

[[sources]]
name = "columnar"
type = "cost_lines"
uri = "columnar.parquet"
"""
HEADER = "charge_date,cost,currency,service\n"
LINES = "".join(f"2026-01-{day:02},{day}.5,USD,gpu\n" for day in range(1, 29))


def write_parquet(path: Path) -> None:
    duckdb.sql(
        "select date '2026-02-01' + cast(i as integer) as charge_date, "
        "cast(i as decimal(18, 6)) as cost, 'USD' as currency, 'store' as service "
        "from range(1, 20) as days (i)"
    ).write_parquet(str(path))


def good(folder: Path) -> None:
    """The deliveries that stand before each fault."""
    (folder / "twinledger.toml").write_text(SETTINGS)
    (folder / "bill.csv").write_text(HEADER + LINES)
    packed = LINES.replace("2026-01", "2026-03").replace("gpu", "disk")
    (folder / "packed.csv.gz").write_bytes(gzip.compress((HEADER + packed).encode()))
    write_parquet(folder / "columnar.parquet")


def twinledger(*arguments: str) -> int:
    """Exit code of a command, run in this process."""
    argv, sys.argv = sys.argv, ["twinledger", *arguments]
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = argv
    return 0


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose good deliveries were published."""
    folder = tmp_path_factory.mktemp("bad-input")
    good(folder)
    assert twinledger("run", "--settings", str(folder / "twinledger.toml")) == 0
    return folder


@pytest.fixture
def workspace(published: Path) -> Iterator[Path]:
    """That workspace, with the good deliveries put back afterwards."""
    yield published
    good(published)


def cut(path: Path, *, keep: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


FAULTS: list[tuple[str, Callable[[Path], object], tuple[str, ...]]] = [
    ("a missing file", lambda at: (at / "bill.csv").unlink(), ("no file matches 'bill.csv'",)),
    (
        "a renamed column",
        lambda at: (at / "bill.csv").write_text(HEADER.replace("cost", "amount") + LINES),
        ("bill.csv", "required column 'cost' is missing", "next:"),
    ),
    (
        "text where money belongs",
        lambda at: (at / "bill.csv").write_text(HEADER + LINES.replace("14.5", "n/a")),
        ("bill.csv, row 14", "'n/a', which is no amount", "next:"),
    ),
    (
        "an empty delivery",
        lambda at: (at / "bill.csv").write_text(HEADER),
        ("bill.csv", "the delivery is empty", "--allow-empty"),
    ),
    (
        "a gzip that was cut off",
        lambda at: cut(at / "packed.csv.gz", keep=0.6),
        ("packed.csv.gz", "gzip", "next: deliver the file again"),
    ),
    (
        "a Parquet file that was cut off",
        lambda at: cut(at / "columnar.parquet", keep=0.8),
        ("columnar.parquet", "Parquet", "next: deliver the file again"),
    ),
    (
        "a plain file that was cut off",
        lambda at: cut(at / "bill.csv", keep=0.3),
        ("bill.csv, row 8", "cut off", "deliver the file again"),
    ),
]


@pytest.mark.parametrize(
    ("fault", "expected"), [pytest.param(*item[1:], id=item[0]) for item in FAULTS]
)
def test_a_bad_delivery_is_one_clear_error_and_nothing_published_changes(
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    fault: Callable[[Path], object],
    expected: tuple[str, ...],
) -> None:
    marts = workspace / "published" / "marts.duckdb"
    before = file_sha256(marts)
    fault(workspace)
    assert twinledger("run", "--settings", str(workspace / "twinledger.toml")) == 1
    printed = capsys.readouterr().err
    for part in expected:
        assert part in printed
    assert "Traceback" not in printed
    assert file_sha256(marts) == before
    # What was accepted before still stands: the good file again is nothing new.
    good(workspace)
    assert twinledger("run", "--settings", str(workspace / "twinledger.toml")) == 0
    assert file_sha256(marts) == before


def test_an_unknown_key_is_named_with_the_nearest_known_one(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = workspace / "twinledger.toml"
    settings.write_text(SETTINGS.replace("uri", "url", 1))
    assert twinledger("run", "--settings", str(settings)) == 2
    printed = capsys.readouterr().err
    assert "url" in printed and "did you mean 'uri'?" in printed and "Traceback" not in printed
