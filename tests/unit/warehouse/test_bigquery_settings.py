"""`[warehouse.bigquery]`: what is missing or misspelt is named; datasets never meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from orchestration.errors import SettingsError
from orchestration.pipeline import as_of_settings
from orchestration.settings import Settings
from orchestration.warehouse.bigquery.client import environment
from orchestration.warehouse.bigquery.names import Names

Workspace = Callable[..., Settings]
HEAD = '[warehouse]\ntarget = "bigquery"\n'


def test_only_the_project_is_required(workspace: Workspace) -> None:
    own = workspace(HEAD + '[warehouse.bigquery]\nproject = "acme"\n').bigquery
    assert (own.project, own.location, own.dataset_prefix) == ("acme", "US", "")
    assert own.maximum_bytes_billed == 1024**4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "key 'warehouse.bigquery.project' is missing"),
        (HEAD + "[warehouse.bigquery]\n", "key 'warehouse.bigquery.project' is missing"),
        (
            HEAD + '[warehouse.bigquery]\nproject = "p"\nlocatoin = "EU"\n',
            "unknown key 'warehouse.bigquery.locatoin'\n  next: did you mean 'location'?",
        ),
        (
            HEAD + '[warehouse.bigquery]\nproject = "p"\ndataset_prefix = "a-b"\n',
            "key 'warehouse.bigquery.dataset_prefix'",
        ),
        (
            HEAD + '[warehouse.bigquery]\nproject = "p"\nmaximum_bytes_billed = 1000\n',
            "key 'warehouse.bigquery.maximum_bytes_billed'",
        ),
        (
            HEAD + '[warehouse.bigquery]\nproject = "p"\nlabels = {Team = "x"}\n',
            "label 'Team': lower-case",
        ),
        (
            HEAD + '[warehouse.bigquery]\nproject = "p"\nendpoint = "localhost:9050"\n',
            "key 'warehouse.bigquery.endpoint'",
        ),
    ],
)
def test_what_is_wrong_is_named(workspace: Workspace, text: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        workspace(text)
    assert message in str(caught.value)


def test_the_past_has_a_build_and_readers_of_its_own_over_the_same_lake(
    workspace: Workspace,
) -> None:
    text = HEAD + '[warehouse.bigquery]\nproject = "p"\ndataset_prefix = "ai_"\n'
    settings = workspace(text)
    now, past = Names.of(settings), Names.of(as_of_settings(settings, date(2026, 10, 31)))
    assert now.lake == past.lake == "ai_lake"
    assert (now.build("staging"), past.build("staging")) == (
        "ai_build_staging",
        "ai_as_of_build_staging",
    )
    assert (now.public("planning"), past.public("planning")) == (
        "ai_planning",
        "ai_as_of_20261031_planning",
    )
    moment = Names.of(as_of_settings(settings, datetime(2026, 10, 31, 4, 5, 9)))
    assert moment.public("planning") == "ai_as_of_20261031T040509_planning"
    assert now.snapshot("20261121T040509Z-1a2b") == "ai_publish_20261121T040509Z_1a2b"


def test_a_test_server_takes_any_token_and_google_takes_the_environments_credentials(
    workspace: Workspace,
) -> None:
    google = workspace(HEAD + '[warehouse.bigquery]\nproject = "p"\n')
    local = workspace(HEAD + '[warehouse.bigquery]\nproject = "p"\nendpoint = "http://[::1]:1"\n')
    assert environment(google)["TWINLEDGER_BIGQUERY_METHOD"] == "oauth"
    assert environment(local)["TWINLEDGER_BIGQUERY_METHOD"] == "oauth-secrets"
    assert environment(local)["TWINLEDGER_SCHEMA_PREFIX"] == "build_"
