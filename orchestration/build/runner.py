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

from orchestration.build.report import BuildFailedError, BuildResult, Problem, problems_of
from orchestration.build.seeds import own_seeds
from orchestration.build.state import read_code, write_code
from orchestration.errors import AuditError
from orchestration.fingerprint import code_hash
from orchestration.settings import PROJECT_ROOT, Settings
from orchestration.warehouse import warehouse

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

Progress = Callable[[str], None]
"""Called with one line of text whenever there is news."""


NOT_RUN: tuple[str, ...] = ("unit_test",)
"""Unit tests judge the project, not the data: the test suite runs them."""


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
        self.warehouse = warehouse(settings)
        self.as_of = as_of
        self.progress = progress
        self.manifest: Manifest | None = None
        self.results: list[Any] = []
        self.seeds = own_seeds(settings)

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
            self._use_own_seeds(result.result)
        return self.manifest

    def _use_own_seeds(self, manifest: Manifest) -> None:
        """Let the seeds for which the user has a file load it. dbt looks for a seed in the project
        first, then under its root, which what it once read may hold from another checkout."""
        for node in manifest.nodes.values():
            if node.resource_type == "seed":
                own = self.seeds.get(node.name)
                node.root_path = str(self.settings.work if own else PROJECT_ROOT)
                if own:
                    node.original_file_path = str(own.relative_to(self.settings.work))

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
        # The results are in memory, and the manifest is on the disk since the parse.
        arguments = ["build", "--indirect-selection", "eager", "--no-write-json"]
        for kind in NOT_RUN:
            arguments += ["--exclude-resource-type", kind]
        arguments += ["--select", *select] if select else []
        arguments += ["--exclude", *exclude] if exclude else []
        code = code_hash()
        # What other code kept between builds may mean something else now, or lack columns.
        refresh = full_refresh or read_code(self.settings) != code
        arguments += ["--full-refresh"] if refresh else []
        outcome = self._invoke(arguments)
        results = list(getattr(outcome.result, "results", None) or [])
        self.results = results
        if any(_is_kept(result) for result in results):
            write_code(self.settings, code)
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
        """Make the landed deliveries visible to dbt."""
        from orchestration.fingerprint import end_of

        until = end_of(self.as_of) if self.as_of else None
        self.warehouse.register(until, self.progress)

    def _problems(self, results: list[Any]) -> list[Problem]:
        if all(str(result.status) in ("success", "pass", "skipped") for result in results):
            return []
        return problems_of(results, self.warehouse.build_records)

    def _invoke(self, arguments: list[str]) -> Any:
        from dbt.cli.main import dbtRunner

        variables = {"reporting_currency": self.settings.warehouse.reporting_currency}
        flags = [
            *("--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT / "profiles")),
            *(
                "--target",
                self.warehouse.target,
                "--target-path",
                str(self.target),
                "--log-path",
                str(self.logs),
            ),
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
                self.warehouse.release()

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The variables that profiles.yml and dbt_project.yml read, for the block only."""
        values = {
            "TWINLEDGER_THREADS": str(os.cpu_count() or 2),
            **self.warehouse.environment(),
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


def _is_kept(result: Any) -> bool:
    """Whether a node that is kept from build to build was brought up to date."""
    return str(result.status) == "success" and (
        getattr(result.node.config, "materialized", "") == "incremental"
    )


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
