"""dbt in this process: its environment, its progress, and its connections given back at the end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.build.report import BuildFailedError, BuildResult, Problem, problems_of
from orchestration.build.seeds import overlay_seeds
from orchestration.errors import AuditError, TwinledgerError
from orchestration.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

Progress = Callable[[str], None]
"""Called with one line of text whenever there is news."""


def silent(_: str) -> None:
    """The progress of somebody who does not look."""


def build(
    settings: Settings,
    *,
    full_refresh: bool = False,
    select: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    as_of: date | None = None,
    progress: Progress = silent,
) -> BuildResult:
    """Register what landed, then build and test the selected nodes (all by default).

    Raises:
        BuildFailedError: a node failed; it lists the nodes, with the rows that broke a test.
        SettingsError: a reference file does not fit.
    """
    session = DbtSession(settings, as_of=as_of, progress=progress)
    return session.build(select=select, exclude=exclude, full_refresh=full_refresh)


class DbtSession:
    """One run's use of dbt: the project is parsed once and built in one or more phases."""

    def __init__(
        self, settings: Settings, *, as_of: date | None = None, progress: Progress = silent
    ) -> None:
        self.settings = settings
        self.as_of = as_of
        self.progress = progress
        self.manifest: Manifest | None = None
        self.results: list[Any] = []
        self.seeds = overlay_seeds(settings)

    @property
    def target(self) -> Path:
        """dbt's scratch folder, where manifest.json is written."""
        return self.settings.work / "target"

    @property
    def logs(self) -> Path:
        """The folder of dbt.log."""
        return self.settings.work / "logs"

    def parse(self) -> Manifest:
        """The project's manifest; parsed at the first call.

        Raises:
            AuditError: the project itself is broken.
        """
        if self.manifest is None:
            self.progress("reading the models")
            result = self._invoke(["parse"])
            if not result.success or result.result is None:
                raise AuditError(f"the models cannot be read: {result.exception}", self._log_hint())
            self.manifest = result.result
        return self.manifest

    def build(
        self,
        *,
        select: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        full_refresh: bool = False,
    ) -> BuildResult:
        """Build and test the selected nodes; see `build`."""
        started = time.monotonic()
        self.parse()
        self.register()
        arguments = ["build", "--indirect-selection", "eager"]
        # Unit tests judge the project, not the data: the test suite runs them.
        arguments += ["--exclude-resource-type", "unit_test"]
        arguments += ["--select", *select] if select else []
        arguments += ["--exclude", *exclude] if exclude else []
        arguments += ["--full-refresh"] if full_refresh else []
        outcome = self._invoke(arguments)
        results = list(getattr(outcome.result, "results", None) or [])
        self.results = results
        if outcome.exception is not None and not results:
            raise AuditError(f"the build could not start: {outcome.exception}", self._log_hint())
        problems = self._problems(results)
        blocking = tuple(problem for problem in problems if problem.status != "warn")
        if blocking or not outcome.success:
            skipped = sum(str(result.status) == "skipped" for result in results)
            raise BuildFailedError(blocking, skipped, str(self.logs / "dbt.log"))
        return BuildResult(
            nodes=len(results), seconds=time.monotonic() - started, warnings=tuple(problems)
        )

    def register(self) -> None:
        """Make the landed deliveries visible in the build file."""
        from orchestration.fingerprint import end_of
        from orchestration.landing.register import register_landing

        until = end_of(self.as_of) if self.as_of else None
        try:
            with open_build(self.settings) as con:
                register_landing(con, self.settings, as_of=until)
        except UnreadableBuildError:
            self.progress("the build file cannot be read: building anew")
            remove_build(self.settings)
            with open_build(self.settings) as con:
                register_landing(con, self.settings, as_of=until)

    def _problems(self, results: list[Any]) -> list[Problem]:
        if all(str(result.status) in ("success", "pass", "skipped") for result in results):
            return []
        with open_build(self.settings, read_only=True) as con:
            return problems_of(results, con)

    def _invoke(self, arguments: list[str]) -> Any:
        from dbt.cli.main import dbtRunner

        variables = {"reporting_currency": self.settings.warehouse.reporting_currency}
        flags = [
            *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT / "profiles")),
            *("--target", "dev", "--target-path", str(self.target), "--log-path", str(self.logs)),
            *("--vars", json.dumps(variables)),
        ]
        quiet = [
            *("--no-send-anonymous-usage-stats", "--log-level", "none", "--log-level-file", "info"),
            *("--no-use-colors", "--no-print", "--no-version-check"),
        ]
        with self._environment():
            try:
                runner = dbtRunner(self.manifest, callbacks=[_Counter(self.progress)])
                return runner.invoke([*quiet, *arguments, *flags])
            finally:
                _release_connections()

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The variables that profiles.yml and dbt_project.yml read, for the block only."""
        values = {
            "TWINLEDGER_BUILD": str(self.settings.build),
            "TWINLEDGER_SEEDS": str(self.seeds),
            "TWINLEDGER_MEMORY_LIMIT": self.settings.warehouse.memory_limit,
            "TWINLEDGER_THREADS": str(os.cpu_count() or 2),
        }
        before = {name: os.environ.get(name) for name in values}
        os.environ.update(values)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _log_hint(self) -> str:
        return f"see {self.logs / 'dbt.log'}"


class _Counter:
    """dbt's events, as `12 of 90 cost_ledger.charges`."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.total = 0
        self.done = 0

    def __call__(self, event: Any) -> None:
        name = event.info.name
        if name == "ConcurrencyLine":
            self.total = event.data.node_count
        elif name == "NodeFinished":
            self.done += 1
            self.progress(f"{self.done} of {self.total} {event.data.node_info.node_name}")


class UnreadableBuildError(TwinledgerError):
    """The build file is missing or broken. It is scratch, made anew from the lake."""


def remove_build(settings: Settings) -> None:
    """Remove the build file and what DuckDB keeps beside it."""
    for path in (settings.build, settings.build.with_name(f"{settings.build.name}.wal")):
        path.unlink(missing_ok=True)


@contextmanager
def open_build(settings: Settings, *, read_only: bool = False) -> Iterator[Any]:
    """A connection to the build file, closed at the end of the block.

    Raises:
        UnreadableBuildError: there is no such file, or it is broken.
        TwinledgerError: another process has the file open; the message names it.
    """
    settings.build.parent.mkdir(parents=True, exist_ok=True)
    try:
        con = duckdb.connect(str(settings.build), read_only=read_only)
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        if "lock" not in text:
            raise UnreadableBuildError(
                f"cannot open the build file {settings.build}: {text}",
                "run: twinledger build",
            ) from None
        raise TwinledgerError(
            f"the build file is open elsewhere: {text}",
            "close that program; BI tools and notebooks read"
            f" {settings.publish / 'marts.duckdb'} instead",
        ) from None
    try:
        con.execute("set timezone = 'UTC'")
        con.execute(f"set memory_limit = '{settings.warehouse.memory_limit}'")
        con.execute("set autoinstall_known_extensions = false")
        yield con
    finally:
        con.close()


def _release_connections() -> None:
    """Close every handle that dbt-duckdb keeps, so that others can open the file.

    dbt-duckdb holds one environment for the process; left open, it locks out a reader of the file
    and the next workspace built by this process.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()
