"""What Google's libraries raise, told in one line with the next step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.errors import TwinledgerError

if TYPE_CHECKING:
    from orchestration.settings import Settings


_ELSEWHERE = re.compile(r"dataset \S+ was not found in location")
_REQUEST = re.compile(r"^(GET|POST|PUT|PATCH|DELETE) \S+: ")


class BigQueryError(TwinledgerError):
    """BigQuery refused, or could not be asked."""


@contextmanager
def told_plainly(settings: Settings, doing: str) -> Iterator[None]:
    """Turn what the client library raises in the block into one sentence.

    Args:
        doing: what was tried, as in "loading lake.focus_cost_and_usage".

    Raises:
        BigQueryError: with the reason and what to do about it.
    """
    import requests
    from google.api_core.exceptions import GoogleAPIError, RetryError
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        yield
    except DefaultCredentialsError:
        raise BigQueryError(
            "BigQuery needs Google credentials, and the environment holds none",
            "run: gcloud auth application-default login; or set GOOGLE_APPLICATION_CREDENTIALS to"
            " the key file of a service account",
        ) from None
    except RetryError as error:
        raise _explained(settings, doing, error.cause or error) from None
    except (GoogleAPIError, GoogleAuthError, requests.RequestException, OSError) as error:
        raise _explained(settings, doing, error) from None


def _explained(settings: Settings, doing: str, error: BaseException) -> BigQueryError:
    import requests
    from google.api_core.exceptions import Forbidden, ServerError, Unauthorized
    from google.auth.exceptions import GoogleAuthError, TransportError

    text = _message(error)
    lower = text.lower()
    unreachable = (requests.RequestException, TransportError, ConnectionError, TimeoutError)
    if "bytes billed" in lower or "bytesbilledlimitexceeded" in lower:
        return BigQueryError(
            f"{doing}: the statement would read more than maximum_bytes_billed allows: {text}",
            "read fewer days, or raise [warehouse.bigquery] maximum_bytes_billed",
        )
    if "different locations" in lower or _ELSEWHERE.search(lower):
        return BigQueryError(
            f"{doing}: a dataset or bucket is missing, or lies elsewhere than in"
            f" {settings.bigquery.location}: {text}",
            "correct [warehouse.bigquery] location, or give the workspace a dataset_prefix of its"
            " own and a bucket in that location",
        )
    if isinstance(error, Forbidden):
        return BigQueryError(
            f"{doing}: no permission in project {settings.bigquery.project}: {text}",
            "grant the account roles/bigquery.jobUser and roles/bigquery.dataEditor (see"
            " docs/how-to/bigquery.md)",
        )
    if isinstance(error, unreachable) or (isinstance(error, ServerError) and error.code == 503):
        where = settings.bigquery.endpoint or "Google's BigQuery service"
        return BigQueryError(
            f"{doing}: {where} cannot be reached: {_reason(text)}",
            "check the network and run again: what is done already is not done twice",
        )
    if isinstance(error, (Unauthorized, GoogleAuthError)):
        return BigQueryError(
            f"{doing}: Google does not accept the credentials: {text}",
            "run: gcloud auth application-default login",
        )
    return BigQueryError(f"{doing}: BigQuery says: {text}")


def _reason(text: str) -> str:
    """The innermost cause: what stands before it names libraries, not what is wrong."""
    return text.rsplit(": ", 1)[-1].rstrip("\"')")


def _message(error: BaseException) -> str:
    """The first line, without the address of the request."""
    message = _REQUEST.sub("", str(getattr(error, "message", None) or error))
    line = next((line.strip() for line in message.splitlines() if line.strip()), "no reason")
    return line if len(line) <= 300 else f"{line[:297]}..."
