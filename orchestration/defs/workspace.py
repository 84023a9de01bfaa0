"""Which workspace Dagster runs, and how its errors are shown."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.errors import TwinledgerError
from orchestration.locks import LockedError
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

VARIABLE = "TWINLEDGER_SETTINGS"
SHIPPED = PROJECT_ROOT / "sample" / "twinledger.toml"
LOCK_RETRY_SECONDS = 30
LOCK_RETRIES = 20


def workspace() -> Settings:
    """The settings that TWINLEDGER_SETTINGS names, or the sample company's.

    Raises:
        SettingsError: there is no such file, or it is wrong.
    """
    return load_settings(os.environ.get(VARIABLE) or SHIPPED)


def missing_workspace(why: str) -> dg.Definitions:
    """Definitions that say, in the log and in the UI, what to do first."""
    text = f"{why}\nOr set {VARIABLE} to a settings file, and reload the definitions."
    logging.getLogger("dagster").warning("Twinledger has no workspace yet: %s", text)
    return dg.Definitions(assets=[dg.AssetSpec("no_workspace_yet", description=text)])


@contextmanager
def told_plainly() -> Iterator[None]:
    """Expected errors end a step with their own words; a held lock lets it try again later."""
    try:
        yield
    except LockedError as error:
        raise dg.RetryRequested(LOCK_RETRIES, LOCK_RETRY_SECONDS) from error
    except TwinledgerError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
