"""What the pages read: small results from the published marts, asked one question at a time."""

from __future__ import annotations

import os
from datetime import timedelta

import pandas as pd
import streamlit as st

from orchestration.publishing import LastPublish
from orchestration.settings import PROJECT_ROOT, Settings, load_settings
from orchestration.warehouse import warehouse

LOOK_AGAIN = timedelta(seconds=30)
"""How long a page trusts that no newer publish is there: on BigQuery it costs a query to know."""


def workspace() -> Settings:
    """The workspace that TWINLEDGER_SETTINGS names, the sample company by default."""
    named = os.environ.get("TWINLEDGER_SETTINGS")
    return load_settings(named or PROJECT_ROOT / "sample" / "twinledger.toml")


def last_publish() -> LastPublish | None:
    """The publish that stands now, or None."""
    return _last_publish(str(workspace().file))


def ask(sql: str) -> pd.DataFrame:
    """The result of a question to the publish that stands now.

    Daily marts only: a page must not depend on how many requests there were.

    Args:
        sql: as `orchestration.warehouse.portable` says; amounts as floats.
    """
    last = last_publish()
    return _ask(sql, str(workspace().file), last.publish_id if last else "")


@st.cache_data(show_spinner=False, ttl=LOOK_AGAIN)
def _last_publish(file: str) -> LastPublish | None:
    return warehouse(load_settings(file)).last_publish()


@st.cache_data(show_spinner=False, max_entries=200)
def _ask(sql: str, file: str, publish_id: str) -> pd.DataFrame:
    del publish_id  # part of the cache's key: another publish is another answer
    with warehouse(load_settings(file)).marts() as marts:
        return marts.arrow(sql).to_pandas(date_as_object=False)
