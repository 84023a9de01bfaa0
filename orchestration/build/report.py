"""What a build did, in words for a person: failed nodes with their rows, warnings, counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.errors import AuditError, TwinledgerError

ROWS_SHOWN = 5
LINES_SHOWN = 8

Read = Callable[[str], Sequence[Mapping[str, Any]]]
"""Runs one select on the build: rows as column → value."""


@dataclass(frozen=True)
class Problem:
    """One node that failed or warned.

    Attributes:
        name: the model's or test's name; tests are named as sentences.
        kind: model, seed, test, unit_test, snapshot.
        status: error (could not run), fail (a blocking test), warn.
        message: what the engine or dbt said.
        description: what the test guards, from its own description.
        failures: how many rows broke the test.
        rows: up to five of these rows, column → text.
    """

    name: str
    kind: str
    status: str
    message: str
    description: str = ""
    failures: int = 0
    rows: tuple[dict[str, str], ...] = ()

    def __str__(self) -> str:
        verb = {"fail": "fails", "warn": "warns", "error": "could not be built"}
        lines = [f"{self.kind.replace('_', ' ')} {self.name} {verb.get(self.status, self.status)}"]
        if self.description:
            lines.append(f"  {self.description}")
        if self.rows:
            lines += ["  " + ", ".join(f"{k} {v}" for k, v in row.items()) for row in self.rows]
            if self.failures > len(self.rows):
                lines.append(f"  and {self.failures - len(self.rows)} more")
        else:
            text = [line.strip() for line in self.message.splitlines() if line.strip()]
            lines += [f"  {line}" for line in text[:LINES_SHOWN]]
        return "\n".join(lines)


@dataclass(frozen=True)
class BuildResult:
    """A build that succeeded, or one of its phases."""

    nodes: int = 0
    seconds: float = 0.0
    warnings: tuple[Problem, ...] = ()

    def __add__(self, other: BuildResult) -> BuildResult:
        return BuildResult(
            self.nodes + other.nodes, self.seconds + other.seconds, self.warnings + other.warnings
        )


class BuildFailedError(AuditError):
    """Models could not be built or blocking tests failed; the published marts are untouched.

    Args:
        problems: what failed, worst first.
        skipped: how many later nodes were left out because of it.
        log: where the whole story is.
    """

    def __init__(self, problems: Sequence[Problem], skipped: int = 0, log: str = "") -> None:
        self.problems = tuple(problems)
        self.skipped = skipped
        count = len(self.problems)
        text = f"the build failed: {count} problem{'s' if count != 1 else ''}"
        if skipped:
            text += f", {skipped} later step{'s' if skipped != 1 else ''} left out"
        body = "\n".join(str(problem) for problem in self.problems)
        super().__init__(
            f"{text}; nothing was published\n{body}",
            f"correct the data or the settings named above and run again; the full log is {log}",
        )


def problems_of(results: Iterable[Any], read: Read | None) -> list[Problem]:
    """The failed and warning nodes of dbt's results, worst first.

    Args:
        results: dbt's RunResult objects of this invocation (never a run_results.json, which may
            be another run's).
        read: reads the rows that broke a test from the build.
    """
    order = {"error": 0, "fail": 1, "warn": 2}
    found = [_problem(result, read) for result in results if str(result.status) in order]
    return sorted(found, key=lambda problem: (order[problem.status], problem.name))


def _problem(result: Any, read: Read | None) -> Problem:
    node = result.node
    kind = str(getattr(node.resource_type, "value", node.resource_type))
    is_test = kind == "test" and str(result.status) in ("fail", "warn")
    compiled = getattr(node, "compiled_code", None)
    return Problem(
        name=node.name,
        kind=kind,
        status=str(result.status),
        message=result.message or "",
        description=" ".join((getattr(node, "description", "") or "").split()),
        failures=result.failures or 0,
        rows=_failing_rows(read, compiled) if is_test and read is not None and compiled else (),
    )


def _failing_rows(read: Read, sql: str) -> tuple[dict[str, str], ...]:
    try:
        rows = read(f"select * from ({sql}\n) as failing limit {ROWS_SHOWN}")
    except TwinledgerError:
        # The rows are a help, not the verdict: a test whose tables are gone still failed.
        return ()
    return tuple(map(_readable, rows))


def _readable(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in row.items() if value is not None and value != ""}


def _text(value: Any) -> str:
    text = str(value)
    if "." in text and text.replace(".", "", 1).lstrip("-").isdigit():
        text = text.rstrip("0").rstrip(".")
    return text if len(text) <= 120 else f"{text[:117]}..."
