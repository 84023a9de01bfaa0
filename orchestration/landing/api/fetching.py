"""Fetching a report's window: page by page, from the start again when the cursor expired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from orchestration.errors import RefusedError
from orchestration.landing.api.client import ApiClient, StatusError
from orchestration.landing.api.pages import PageReader, Row
from orchestration.landing.api.vendor import BUCKETS_A_DAY, PAGE_BUCKETS, Report, Vendor

RESTARTS = 3
# More pages than buckets only come from a server that goes in circles with ever new cursors.
_PAGES = 10 * max(PAGE_BUCKETS.values())
# How APIs say that a cursor is not (or no longer) good.
_CURSOR_STATUSES = (400, 404, 410, 422)


class _ExpiredCursorError(Exception):
    """The API's words about a cursor that it gave itself."""


class Fetcher:
    """Fetches windows of a vendor's reports.

    Args:
        width: of the usage reports' buckets: 1d, 1h or 1m.
        hashed: what makes a person's id unreadable, or leaves it.
    """

    def __init__(
        self,
        client: ApiClient,
        vendor: Vendor,
        width: str,
        hashed: Callable[[str], str],
    ) -> None:
        self.client = client
        self.vendor = vendor
        self.width = width
        self.hashed = hashed
        self._paths: dict[str, str] = {}
        self._without_new_groups: set[str] = set()

    @property
    def days(self) -> int:
        """Days of the longest window."""
        return PAGE_BUCKETS[self.width] // BUCKETS_A_DAY[self.width]

    def window(self, report: Report, days: list[date], today: date) -> list[Row]:
        """All rows of a report on consecutive days (UTC).

        Args:
            today: the only day whose bucket may not be there yet.

        Raises:
            RefusedError: the API does not give them, or gives them in a way that cannot be.
        """
        words = ""
        for _ in range(1 + RESTARTS):
            try:
                return list(self._pages(report, days, today))
            except _ExpiredCursorError as expired:
                words = str(expired)
        raise self._refused(
            report, f"the page cursor expired {1 + RESTARTS} times in a row ({words})"
        )

    def _pages(self, report: Report, days: list[date], today: date) -> Iterator[Row]:
        start, end = _midnight(days[0]), _midnight(days[-1], 1)
        reader = PageReader(self.vendor, self.client.where, report, (start, end), self.hashed)
        cursor: str | None = None
        cursors: set[str] = set()
        for _ in range(_PAGES):
            page = self._page(report, start, end, cursor)
            before = reader.progress
            yield from reader.rows(page)
            if not page["has_more"]:
                missing = reader.left_out(day for day in days if day < today)
                if missing:
                    raise self._refused(
                        report,
                        f"no bucket of {missing[0]} came, though empty days have theirs: the "
                        "answer is not whole",
                    )
                return
            if reader.progress == before:
                raise self._refused(report, "has_more is true, but a page brings nothing new")
            cursor = page.get("next_page")
            if not isinstance(cursor, str) or not cursor:
                raise self._refused(
                    report, "has_more is true, but the field 'next_page' is missing"
                )
            if cursor in cursors:
                raise self._refused(report, "a page repeats: its cursor was given before")
            cursors.add(cursor)
        raise self._refused(report, f"there are more than {_PAGES} pages for one window")

    def _page(self, report: Report, start: datetime, end: datetime, cursor: str | None) -> Any:
        """One page; an older path, or fewer groups, where the API does not know the newest."""
        path = self._paths.setdefault(report.name, report.paths[0])
        try:
            return self.client.get(
                f"v1/{path}",
                self._parameters(report, start, end, cursor),
                self.vendor.new_groups_headers if self._new_groups(report) else None,
            )
        except StatusError as error:
            if cursor is not None:
                if error.status in _CURSOR_STATUSES:
                    raise _ExpiredCursorError(error.words) from None
            elif error.status == 404 and path != report.paths[-1]:
                self._paths[report.name] = report.paths[report.paths.index(path) + 1]
                return self._page(report, start, end, cursor)
            elif error.status == 400 and self._new_groups(report):
                self._without_new_groups.add(report.name)
                return self._page(report, start, end, cursor)
            raise self._explained(report, path, error) from None

    def _new_groups(self, report: Report) -> tuple[str, ...]:
        return () if report.name in self._without_new_groups else report.new_groups

    def _parameters(
        self, report: Report, start: datetime, end: datetime, cursor: str | None
    ) -> list[tuple[str, str]]:
        width = "1d" if report.is_daily else self.width
        opening, closing = self.vendor.bounds
        return [
            (opening, self.vendor.ask_time(start)),
            (closing, self.vendor.ask_time(end)),
            ("bucket_width", width),
            ("limit", str(PAGE_BUCKETS[width])),
            *(("group_by[]", group) for group in (*report.groups, *self._new_groups(report))),
            *([("page", cursor)] if cursor is not None else []),
        ]

    def _explained(self, report: Report, path: str, error: StatusError) -> RefusedError:
        steps = {
            401: f"is ${self.client.key_env} an admin key of the organisation? An ordinary API key "
            "reads no usage",
            403: f"${self.client.key_env} needs the right to read the organisation's usage",
            404: "check base_url; to leave this report out, list the others: "
            'options = { reports = "…" }',
        }
        redirect = "redirects are not followed, since the key would go along: correct base_url"
        return RefusedError(
            f"{report.name}: {self.client.base_url}/v1/{path}: {error.words}",
            file=self.client.where,
            next_step=redirect if 300 <= error.status < 400 else steps.get(error.status, ""),
        )

    def _refused(self, report: Report, rule: str) -> RefusedError:
        return RefusedError(f"{report.name}: {rule}", file=self.client.where)


def _midnight(day: date, ahead: int = 0) -> datetime:
    return datetime.combine(day + timedelta(days=ahead), time(), UTC)
