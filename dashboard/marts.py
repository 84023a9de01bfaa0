"""What the pages read: small results from the published file, opened for one question at a time."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from orchestration.settings import PROJECT_ROOT, Settings, load_settings


def workspace() -> Settings:
    """The workspace that TWINLEDGER_SETTINGS names, the sample company by default."""
    named = os.environ.get("TWINLEDGER_SETTINGS")
    return load_settings(named or PROJECT_ROOT / "sample" / "twinledger.toml")


def marts_file() -> Path:
    """The published file; a publish replaces it in one step."""
    return workspace().publish / "marts.duckdb"


def ask(sql: str) -> pd.DataFrame:
    """The result of a question to the publish that stands now.

    Daily marts only: a page must not depend on how many requests there were.
    """
    file = marts_file()
    return _ask(sql, str(file), file.stat().st_mtime_ns)


@st.cache_data(show_spinner=False, max_entries=200)
def _ask(sql: str, file: str, version: int) -> pd.DataFrame:
    del version  # part of the cache's key: another publish is another answer
    with duckdb.connect(file, read_only=True) as con:
        return con.execute(sql).df()
