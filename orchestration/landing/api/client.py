"""HTTP for the vendors' APIs: the key stays inside, and what fails for a moment is tried again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from orchestration.errors import RefusedError

ATTEMPTS = 6
LONGEST_WAIT = 60.0
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
# Not an error of ours: asked too early, too often, or the server is in trouble.
_PASSING = {408, 425, 429}
Parameters = Sequence[tuple[str, str]]


class StatusError(Exception):
    """The API answered, but not with a page; `words` are fit to be shown."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class _Key(httpx.Auth):
    """Adds the key to a request when it is sent, so that no header that is shown holds it."""

    def __init__(self, key: SecretStr, headers: Callable[[str], Mapping[str, str]]) -> None:
        self._key = key
        self._headers = headers

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(self._headers(self._key.get_secret_value()))
        yield request


class ApiClient:
    """One API, by GET.

    Args:
        source_name: for errors.
        base_url: the API's root; redirects are not followed, since the key would go along.
        key_env: the environment variable that holds the key.
        headers: what carries the key, given it.
    """

    def __init__(
        self,
        source_name: str,
        base_url: str,
        key_env: str,
        key: SecretStr,
        headers: Callable[[str], Mapping[str, str]],
    ) -> None:
        self.where = f"source '{source_name}'"
        self.base_url = base_url
        self.key_env = key_env
        self._key = key
        self._http = httpx.Client(timeout=TIMEOUT, auth=_Key(key, headers))

    def get(
        self, path: str, parameters: Parameters, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON document at a path; its numbers are int or Decimal.

        Raises:
            StatusError: the API says no.
            RefusedError: it could not be reached, or gave no JSON, in six attempts.
        """
        problem = ""
        for attempt in range(ATTEMPTS):
            wait = 2.0**attempt
            try:
                response = self._http.get(
                    f"{self.base_url}/{path}", params=list(parameters), headers=headers
                )
                status = response.status_code
                if status == 200:
                    return _document(response.content)
                problem = f"it answered {self._answer(response)}"
                if status not in _PASSING and status < 500:
                    raise StatusError(status, problem)
                asked = retry_after(response.headers.get("Retry-After"))
                wait = wait if asked is None else asked
            except httpx.TimeoutException:
                problem = "it did not answer in time"
            except httpx.HTTPError as error:
                problem = f"the connection failed ({self.shown(str(error) or 'it was cut')})"
            except (ValueError, RecursionError):
                problem = "its answer is no JSON"
            if attempt + 1 < ATTEMPTS:
                time.sleep(min(wait, LONGEST_WAIT))
        raise RefusedError(
            f"{self.base_url}/{path}: {problem}, {ATTEMPTS} times in a row",
            file=self.where,
            next_step="run again later: what has landed stands, and only the rest is fetched",
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def shown(self, text: str) -> str:
        """Text of the other side as it may be shown: one short line, without the key."""
        secret = self._key.get_secret_value()
        line = " ".join((text.replace(secret, "***") if secret else text).split())[:300]
        return re.sub(r"\bsk-[\w*.-]+", "***", line)

    def _answer(self, response: httpx.Response) -> str:
        """Status and the vendor's words. Of a refused key nothing is repeated but the kind."""
        try:
            document = _document(response.content)
            error = document["error"]
            if isinstance(error, str):
                error = {"type": document.get("errorType"), "message": error}
            kind, message = error.get("type"), error.get("message")
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            kind, message = None, None
        words = [str(response.status_code), response.reason_phrase]
        if isinstance(kind, str):
            words.append(f"({kind})")
        if isinstance(message, str) and response.status_code not in (401, 403):
            words.append(f"“{message}”")
        return self.shown(" ".join(word for word in words if word))


def retry_after(value: str | None) -> float | None:
    """Seconds that the header `Retry-After` asks to wait; None where it does not say."""
    if value is None:
        return None
    try:
        return float(min(max(0, int(value)), 86_400))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _document(content: bytes) -> Any:
    return parse(content.decode("utf-8"))


def parse(text: str) -> Any:
    """A JSON document without floats; ValueError for what is none, NaN and infinity too."""

    def no_number(name: str) -> Any:
        raise ValueError(f"{name} is no number of JSON")

    return json.loads(text, parse_float=Decimal, parse_constant=no_number)
