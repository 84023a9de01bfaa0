"""`kill -9` at any moment of a run, then a run: the marts of an undisturbed one.

Ten moments strike the first run of a workspace, ten a run that brings later files and restated
bills to marts that stand. Moments are drawn from the length of an undisturbed run, with a seed.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.sample import write_sample
from tests import product
from tests.faults.scenes import Marts, first_difference, marts_of, withhold

pytestmark = pytest.mark.slow

MOMENTS = 20
SEED = 20261121


@dataclass(frozen=True)
class Scene:
    """A workspace to start from, how long a run of it takes, and the marts it must end with."""

    folder: Path
    seconds: float
    expected: Marts


def finish(folder: Path, *flags: str) -> None:
    process = product.start(folder, *flags, "run")
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text[-3000:]


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
    process = product.start(folder, "run")
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
    # The marts are compared row by row: what data tests would find is seen anyway.
    finish(folder, product.WITHOUT_DATA_TESTS)
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
