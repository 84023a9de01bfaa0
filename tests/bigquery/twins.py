"""One company on both engines: two workspaces, a server, and what differs between their marts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock
from google.cloud import bigquery

from orchestration.settings import PROJECT_ROOT
from tests import product
from tests.bigquery import scenarios
from tests.bigquery.compare import Marts, differences
from tests.bigquery.process import BigQueryServer
from tests.bigquery.readers import bigquery_marts, duckdb_marts


class Service(Protocol):
    """Where the BigQuery workspace has its datasets: the loopback server or the real service."""

    @property
    def project(self) -> str: ...

    def client(self) -> bigquery.Client: ...


@dataclass
class Twins:
    """A folder with `company`, the workspaces `duckdb` and `bigquery`, and the server's state.

    Attributes:
        prefix: stands before the names of the datasets.
        answers: what the ladder's servers share of GoogleSQL's work (tests/bigquery/server).
        seconds: how long the first build took on both engines at once.
    """

    folder: Path
    server: Service
    prefix: str = ""
    answers: Path | None = None
    seconds: float = 0.0

    @property
    def company(self) -> Path:
        return self.folder / "company"

    @property
    def duckdb(self) -> Path:
        return self.folder / "duckdb"

    @property
    def bigquery(self) -> Path:
        return self.folder / "bigquery"

    def happen(self, *events: Callable[[Path, Path], None]) -> None:
        """Let something happen to the files of both."""
        for event in events:
            event(self.company, self.duckdb)
            event(self.company, self.bigquery)

    def run(self, *arguments: str, project: Path = PROJECT_ROOT, checks: bool = False) -> list[str]:
        """`twinledger run` on both at once; what they printed.

        Args:
            checks: Great Expectations too, and on BigQuery the data tests; most other tests of the
                product run those on DuckDB.
        """
        duckdb = (product.WITHOUT_DATA_TESTS,) if checks else scenarios.FAST
        bigquery = () if checks else scenarios.FAST

        def one(workspace: Path, flags: Iterable[str]) -> str:
            return scenarios.run_product(workspace, *arguments, project=project, flags=flags)

        with ThreadPoolExecutor(2) as both:
            return list(both.map(one, (self.duckdb, self.bigquery), (duckdb, bigquery)))

    def run_bigquery(self, *arguments: str, project: Path = PROJECT_ROOT) -> None:
        """`twinledger run` on BigQuery alone, where what it must give is known."""
        scenarios.run_product(self.bigquery, *arguments, project=project)

    def marts(self) -> tuple[Marts, Marts]:
        """All public relations of both."""
        public = scenarios.public_names(self.duckdb)
        file = self.duckdb / "published" / "marts.duckdb"
        return duckdb_marts(file, public), self.bigquery_marts()

    def bigquery_marts(self, as_of: bool = False) -> Marts:
        """All public relations of BigQuery, of the present or of the past state."""
        past = f"as_of_{scenarios.AS_OF:%Y%m%d}_" if as_of else ""
        return bigquery_marts(self.server.client(), self.prefix + past)

    def assert_equal(self, step: str) -> tuple[Marts, Marts]:
        """Every public relation is the same on both, and here they are."""
        one, other = self.marts()
        assert_same(step, one, other)
        return one, other

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Twins]:
        """The same in another folder, with a server of its own; what happens there stays there."""
        shutil.copytree(self.folder, folder)
        with serving(folder, self.answers) as twins:
            yield twins


def assert_same(step: str, one: Marts, other: Marts) -> None:
    """Fails with the first rows of each relation that differ."""
    assert len(one.relations) > 20, sorted(one.relations)
    found = differences(one, other)
    assert not found, f"{step}: {len(found)} relations differ\n" + "\n".join(found)
    rows = sum(len(relation.rows) for relation in one.relations.values())
    tell(f"{step}: {len(one.relations)} relations, {rows:,} rows equal")


@contextmanager
def serving(folder: Path, answers: Path | None) -> Iterator[Twins]:
    """The twins in the folder, with the server running on its state."""
    server = BigQueryServer(folder / "server", answers=answers).start()
    try:
        twins = Twins(folder, server, answers=answers)
        if twins.bigquery.exists():
            scenarios.move_to(twins.bigquery, scenarios.Server(server.project, server.endpoint))
        yield twins
    finally:
        server.kill()


def fresh_twins(base: Path) -> Twins:
    """The first build of the company on both engines, once for all workers; the server rests.

    Args:
        base: a folder that the workers share.
    """
    folder, answers = base / "twins", base / "answers"
    with FileLock(base / "twins.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            scenarios.write_company(folder / "company")
            with serving(folder, answers) as twins:
                assert isinstance(twins.server, BigQueryServer)
                server = scenarios.Server(twins.server.project, twins.server.endpoint)
                scenarios.open_company(twins.company, twins.duckdb)
                scenarios.open_company(twins.company, twins.bigquery, server)
                began = time.monotonic()
                twins.run(checks=True)
                seconds = time.monotonic() - began
            for workspace in (twins.duckdb, twins.bigquery):
                scenarios.age(workspace)
            (folder / "done").write_text(f"{seconds}", encoding="utf-8")
    seconds = float((folder / "done").read_text(encoding="utf-8"))
    return Twins(folder, BigQueryServer(folder / "server"), answers=answers, seconds=seconds)


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print how long a step of the ladder took."""
    began = time.monotonic()
    yield
    tell(f"{step}: {time.monotonic() - began:.0f} s")


TOLD: list[str] = []
"""What the running test has to say; pytest's summary shows it (tests/conftest.py)."""


def tell(text: str) -> None:
    TOLD.append(text)
