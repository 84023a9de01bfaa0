"""The one error that statements, jobs and routes raise."""

from __future__ import annotations

from typing import NoReturn

NOT_IMPLEMENTED = "Not implemented by the test server:"


class BigQueryError(Exception):
    """What BigQuery would answer: the message, the HTTP code and Google's reason for it."""

    def __init__(self, message: str, code: int = 400, reason: str = "invalidQuery") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason

    @property
    def message(self) -> str:
        return str(self)


def not_implemented(what: str) -> NoReturn:
    """What this server cannot do is said, never passed over."""
    raise BigQueryError(f"{NOT_IMPLEMENTED} {what}", 501, "notImplemented")


def not_found(what: str) -> BigQueryError:
    return BigQueryError(f"Not found: {what}", 404, "notFound")


def already_exists(what: str) -> BigQueryError:
    return BigQueryError(f"Already Exists: {what}", 409, "duplicate")
