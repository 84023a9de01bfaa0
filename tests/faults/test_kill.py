"""`kill -9` at any moment of a run, then a run: the marts of an undisturbed one.

Ten moments strike the first run of a workspace, ten a run that brings later files and restated
bills to marts that stand. Moments are drawn from the length of an undisturbed run, with a seed.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.sample import write_sample

pytestmark = pytest.mark.slow

MOMENTS = 20
SEED = 20261121
CLOCKS = {"loaded_at", "run_at", "issued_at", "published_at"}
COMMAND = [sys.executable, "-c", "from orchestration.cli import main; main()", "run", "--settings"]

Marts = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Scene:
    """A workspace to start from, how long a run of it takes, and the marts it must end with."""

    folder: Path
    seconds: float
    expected: Marts


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, str(folder / "twinledger.toml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(folder: Path) -> None:
    process = start(folder)
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text[-3000:]


def marts_of(folder: Path) -> Marts:
    """Every published table, ordered, without what the clock says.

    A forecast vintage keeps when it was issued, so that its delivery's content differs too.
    """
    with duckdb.connect(str(folder / "published" / "marts.duckdb"), read_only=True) as con:
        con.execute("set file_search_path = ''")
        found: Marts = {}
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where table_name <> 'publish_log'"
        ).fetchall():
            described = con.execute(f'describe "{schema}"."{table}"').fetchall()
            columns = [
                f"case when dataset <> 'forecasts' then {name} end as {name}"
                if (schema, table) == ("landing", "loads")
                and name in ("load_id", "content_sha256", "superseded_by")
                else f'"{name}"'
                for name, *_ in described
                if name not in CLOCKS
            ]
            found[f"{schema}.{table}"] = con.execute(
                f'select {", ".join(columns)} from "{schema}"."{table}" order by all'
            ).fetchall()
        return found


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Scene]]:
    """The first run of a company, and a later run of it with more files."""
    base = tmp_path_factory.mktemp("kill")
    first, later = base / "first", base / "later"
    write_sample(first, days=20)
    shutil.copytree(first, later)
    withheld = withhold(later)
    with ThreadPoolExecutor(2) as both:
        list(both.map(finish, [copy(first, base / "undisturbed"), later]))
    for file, content in withheld.items():
        file.write_bytes(content)
    began = time.monotonic()
    undisturbed = copy(later, base / "undisturbed_later")
    finish(undisturbed)
    seconds = time.monotonic() - began
    yield [
        Scene(first, seconds * 1.2, marts_of(base / "undisturbed")),
        Scene(later, seconds, marts_of(undisturbed)),
    ]
    shutil.rmtree(base, ignore_errors=True)


def withhold(folder: Path) -> dict[Path, bytes]:
    """Take the newest files of every kind that has several; the rest is what came first."""
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            kinds.setdefault(re.sub(r"\d", "0", str(path)), []).append(path)
    several = [files for files in kinds.values() if len(files) > 1]
    newest = [file for files in several for file in files[-max(1, len(files) // 5) :]]
    taken = {file: file.read_bytes() for file in newest}
    for file in newest:
        file.unlink()
    assert taken
    return taken


def copy(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


def test_a_killed_run_followed_by_a_run_gives_the_undisturbed_marts(
    scenes: list[Scene], tmp_path: Path
) -> None:
    draw = random.Random(SEED)
    strikes = [
        (scenes[number % 2], draw.random(), tmp_path / f"struck-{number}")
        for number in range(MOMENTS)
    ]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda strike: struck(*strike), strikes))
    wrong = [text for text in outcomes if text]
    assert not wrong, "\n".join(wrong)


def struck(scene: Scene, share: float, folder: Path) -> str:
    """Kill a run after a share of its time, run again; what differs, or nothing."""
    copy(scene.folder, folder)
    process = start(folder)
    moment = share * scene.seconds
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    file = folder / "published" / "marts.duckdb"
    if file.exists():
        # Whatever the moment, readers have a whole file.
        marts_of(folder)
    finish(folder)
    actual = marts_of(folder)
    rubbish = [path.name for path in file.parent.iterdir() if path.name.startswith(".")]
    differing = [
        f"{table}: {first_difference(scene.expected.get(table, []), actual.get(table, []))}"
        for table in sorted({*scene.expected, *actual})
        if scene.expected.get(table) != actual.get(table)
    ]
    shutil.rmtree(folder)
    if not differing and not rubbish:
        return ""
    return f"killed after {moment:.2f} s ({scene.folder.name}): {differing} {rubbish}"


def first_difference(expected: list[tuple[object, ...]], actual: list[tuple[object, ...]]) -> str:
    missing = [row for row in expected if row not in actual][:1]
    surplus = [row for row in actual if row not in expected][:1]
    return f"{len(expected)} rows became {len(actual)}; missing {missing}, surplus {surplus}"
