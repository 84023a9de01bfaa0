"""What Google's libraries raise becomes one sentence with a next step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
from google.api_core import exceptions as google
from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

from orchestration.settings import Settings
from orchestration.warehouse.bigquery.client import Client
from orchestration.warehouse.bigquery.errors import BigQueryError, told_plainly

SETTINGS = """
[warehouse]
target = "bigquery"
[warehouse.bigquery]
project = "acme"
location = "EU"
"""


@pytest.fixture
def settings(workspace: Callable[..., Settings]) -> Settings:
    return workspace(SETTINGS)


@pytest.mark.parametrize(
    ("error", "says", "next_step"),
    [
        (DefaultCredentialsError("none"), "needs Google credentials", "application-default login"),
        (RefreshError("expired"), "does not accept the credentials", "application-default login"),
        (google.Unauthorized("no"), "does not accept the credentials", "application-default"),
        (google.Forbidden("Access Denied"), "no permission in project acme", "roles/bigquery"),
        (
            google.InternalServerError("Query exceeded limit for bytes billed: 1. 2 or higher"),
            "more than maximum_bytes_billed allows",
            "maximum_bytes_billed",
        ),
        (
            google.NotFound("Dataset acme:lake was not found in location EU"),
            "lies elsewhere than in EU",
            "location",
        ),
        (
            google.BadRequest("Cannot read and write in different locations: source: US"),
            "lies elsewhere than in EU",
            "dataset_prefix",
        ),
        (google.ServiceUnavailable("down"), "cannot be reached", "run again"),
        (TransportError("no route"), "cannot be reached", "run again"),
        (requests.ConnectionError("refused"), "cannot be reached", "run again"),
        (
            google.RetryError("timeout", requests.ConnectionError("refused")),
            "cannot be reached",
            "run again",
        ),
        (google.BadRequest("Syntax error at [1:1]\nmore"), "BigQuery says: 400 Syntax error", ""),
    ],
)
def test_each_is_one_line(settings: Settings, error: Exception, says: str, next_step: str) -> None:
    with pytest.raises(BigQueryError) as caught, told_plainly(settings, "reading"):
        raise error
    assert says.removeprefix("BigQuery says: 400 ") in caught.value.message
    assert next_step in caught.value.next_step
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 1


def test_a_server_that_is_not_there_is_told_within_the_time_of_one_request(
    workspace: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.warehouse.bigquery import client

    monkeypatch.setattr(client, "RETRY_SECONDS", 1.0)
    settings = workspace(SETTINGS + 'endpoint = "http://127.0.0.1:9"\n')
    with pytest.raises(BigQueryError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        Client(settings).ensure_dataset("lake")
