"""`twinledger doctor`: is everything there that a run needs?"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orchestration.commands.console import (
    DEFAULT_SETTINGS,
    SettingsOption,
    console,
    log_file,
    open_workspace,
    plain_table,
    printable,
    show_table,
    without_secrets,
)

if TYPE_CHECKING:
    from orchestration.settings import Settings

PACKAGES = (
    "twinledger", "duckdb", "dbt-core", "dbt-duckdb", "dbt-bigquery", "dagster",
    "great-expectations", "statsforecast", "genai-prices", "pyarrow",
)  # fmt: skip
LITTLE_SPACE = 2 * 1024**3

Finding = tuple[str, str, str]
"""(ok, note or problem; what was looked at; what was found)"""


def doctor(settings: SettingsOption = DEFAULT_SETTINGS) -> None:
    """Check that everything is there for a run.

    Versions, settings, credentials (never their values), disk space and locks.
    """
    workspace = open_workspace(settings)
    findings = [
        *_versions(),
        *_settings(workspace),
        *_credentials(workspace),
        *_bigquery(workspace),
        *_disk(workspace),
        *_locks(workspace),
        ("ok", "log", str(log_file())),
    ]
    table = plain_table("", "checked", "found", wrap=("found",))
    for finding in findings:
        table.add_row(*(printable(text) for text in finding))
    out = console()
    show_table(out, table)
    problems = sum(finding[0] == "problem" for finding in findings)
    if problems:
        out.print(f"\n{problems} problem{'s' if problems > 1 else ''} to solve before a run")
        raise typer.Exit(1)
    out.print("\nReady to run.")


def _versions() -> Iterator[Finding]:
    yield "ok", "python", platform.python_version()
    for package in PACKAGES:
        try:
            yield "ok", package, version(package)
        except PackageNotFoundError:
            yield "problem", package, "is not installed; run: make setup"


def _settings(settings: Settings) -> Iterator[Finding]:
    warehouse = settings.warehouse
    yield "ok", "settings", str(settings.file)
    yield "ok", "target", f"{warehouse.target}, reporting in {warehouse.reporting_currency}"
    yield "ok", "lake", without_secrets(settings.lake)
    names = ", ".join(f"{source.name} ({source.type})" for source in settings.sources)
    yield "ok" if names else "note", "sources", names or "none is configured yet"
    for name, file in settings.reference.items():
        found = "ok" if file.is_file() else "problem"
        yield found, f"reference {name}", str(file) if found == "ok" else f"{file} is not there"


def _credentials(settings: Settings) -> Iterator[Finding]:
    """Which variables the settings name, and whether they are set; never what they hold."""
    from orchestration.landing.sources import known_types

    for source in settings.sources:
        for option, value in source.options.items():
            if option.endswith("_env"):
                found = "set" if os.environ.get(str(value)) else "not set"
                yield "ok" if found == "set" else "problem", f"${value}", f"{found}: {source.name}"
        vendor = known_types()[source.type].vendor
        variable = source.api_key_env
        if vendor is not None and not source.uri:
            variable = variable or vendor.key_env
        if variable:
            found = "set" if os.environ.get(variable) else "not set"
            yield "ok" if found == "set" else "problem", f"${variable}", f"{found}: {source.name}"
        if re.match(r"^\w+://[^/@]+:[^/@]+@", source.uri):
            yield (
                "note",
                source.name,
                "the address holds a password; better: leave it out and set PGPASSWORD",
            )
        elif source.uri.startswith("postgres"):
            found = "set" if os.environ.get("PGPASSWORD") else "not set"
            yield "ok" if found == "set" else "note", "$PGPASSWORD", f"{found}: {source.name}"


def _bigquery(settings: Settings) -> Iterator[Finding]:
    """Whether the project can be reached with the credentials that the environment holds."""
    if settings.warehouse.target != "bigquery":
        return
    from orchestration.errors import TwinledgerError
    from orchestration.warehouse.bigquery.client import Client
    from orchestration.warehouse.bigquery.read import datasets_of

    own = settings.bigquery
    yield "ok", "project", f"{own.project}, location {own.location}"
    if own.endpoint:
        yield "note", "endpoint", f"{own.endpoint}, which is not Google's; no credentials are sent"
    else:
        named = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        found = "set" if named else "not set: gcloud's or the machine's own account is used"
        yield "ok" if named else "note", "$GOOGLE_APPLICATION_CREDENTIALS", found
    try:
        datasets = datasets_of(Client(settings))
    except TwinledgerError as error:
        yield "problem", "BigQuery", str(error).replace("\n", ";")
    else:
        yield "ok", "datasets", ", ".join(datasets) or "none yet: the first run creates them"


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"work": settings.work}
    if settings.warehouse.target == "duckdb":
        places = {"build": settings.build.parent, "publish": settings.publish, **places}
    if "://" not in settings.lake:
        places["lake"] = Path(settings.lake)
    for name, folder in places.items():
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        found = f"{free / 1024**3:,.1f} GiB free in {there}"
        if not os.access(there, os.W_OK):
            yield "problem", f"{name} folder", f"{there} cannot be written"
        elif free < LITTLE_SPACE:
            yield "problem", f"{name} folder", f"only {found}"
        else:
            yield "ok", f"{name} folder", found


def _locks(settings: Settings) -> Iterator[Finding]:
    from orchestration.locks import holder, is_locked

    if is_locked(settings):
        yield "note", "writer lock", holder(settings) or "held by another process"
    else:
        yield "ok", "writer lock", "free"
