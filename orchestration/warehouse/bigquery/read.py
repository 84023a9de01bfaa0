"""The published datasets as readers see them. Every statement says what it may cost at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.errors import SettingsError, TwinledgerError
from orchestration.warehouse.bigquery.client import Client
from orchestration.warehouse.bigquery.errors import BigQueryError, told_plainly
from orchestration.warehouse.bigquery.log import last_publish, without_zone
from orchestration.warehouse.bigquery.snapshot import published_tables
from orchestration.warehouse.marts import LONGER, Answer, Record, Row, time_is_up
from orchestration.warehouse.portable import with_names

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery
    from google.cloud.bigquery.table import RowIterator

MEGABYTE = 1024**2


class BigQueryMarts:
    """The published tables of one workspace; see `orchestration.warehouse.marts.Marts`."""

    def __init__(self, client: Client, publish_id: str) -> None:
        self.client = client
        self.publish_id = publish_id
        self.place = place_of(client)
        self.prefix = client.names.public_prefix
        self._kept: dict[str, tuple[str, Sequence[object]]] = {}
        self._until: float | None = None

    def relation(self, layer: str, name: str) -> str:
        """A published table's whole name, quoted."""
        return self.client.names.sql(self.client.names.public(layer), name)

    def tables(self) -> list[tuple[str, str]]:
        """(layer, name) of every published table and view."""
        return sorted(published_tables(self.client, self.publish_id))

    def columns(self, layer: str, name: str) -> list[str]:
        """The names of a table's columns, from the catalogue: it costs nothing."""
        table = self.client.table(self.client.names.public(layer), name)
        return [field.name for field in table.schema] if table else []

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of one select."""
        with told_plainly(self.client.settings, "reading the marts"):
            return list(_rows(self._run(sql, values)))

    def records(self, sql: str, values: Sequence[object] = ()) -> list[Record]:
        """The same, as column → value."""
        with told_plainly(self.client.settings, "reading the marts"):
            found = self._run(sql, values)
            names = [field.name for field in found.schema]
            return [dict(zip(names, row, strict=True)) for row in _rows(found)]

    def arrow(self, sql: str) -> pa.Table:
        """The result of one select."""
        with told_plainly(self.client.settings, "reading the marts"):
            return self._run(sql, ()).to_arrow(create_bqstorage_client=False)

    def keep(self, name: str, sql: str, values: Sequence[object] = ()) -> None:
        """Let later statements read a select by a name; it is computed with each of them."""
        self._kept[name] = (sql, values)

    def answer(self, sql: str, tell: Callable[[str], None] = lambda _: None) -> Answer:
        """Somebody else's statement. A dry run says first whether it only reads, and how much.

        Raises:
            SettingsError: it does more than read, or it cannot be run.
            BigQueryError: it would read more than `maximum_bytes_billed`.
        """
        job = self._dry_run(sql)
        if job.statement_type != "SELECT":
            raise SettingsError(
                f"not allowed here: {(job.statement_type or 'this').lower().replace('_', ' ')}",
                "a query only reads: give one select",
            )
        limit = self.client.settings.bigquery.maximum_bytes_billed
        read = int(job.total_bytes_processed or 0)
        if read > limit:
            raise BigQueryError(
                f"the query would read {_megabytes(read)}, more than maximum_bytes_billed"
                f" ({_megabytes(limit)})",
                "read fewer columns or days, or raise [warehouse.bigquery] maximum_bytes_billed",
            )
        tell(f"the query reads {_megabytes(read)}")
        with told_plainly(self.client.settings, "running the query"):
            found = self._submit(sql, ())
        return Answer([field.name for field in found.schema], self._paged(found))

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Give the block's statements so many seconds in all."""
        self._until = time.monotonic() + seconds
        try:
            yield
        except _TimeUpError:
            raise TwinledgerError(time_is_up(seconds), LONGER) from None
        finally:
            self._until = None

    def _paged(self, found: RowIterator) -> Iterator[Row]:
        with told_plainly(self.client.settings, "reading the answer"):
            yield from _rows(found)

    def _run(self, sql: str, values: Sequence[object]) -> RowIterator:
        """Our own statement, with what is kept before it and all values in the order of use."""
        statement = with_names(sql, self.relation)
        given: list[object] = []
        if self._kept:
            kept = [
                f"`{name}` as ({with_names(text, self.relation)})"
                for name, (text, _) in self._kept.items()
            ]
            statement = f"with {', '.join(kept)} {statement}"
            given = [value for _, values_of in self._kept.values() for value in values_of]
        return self._submit(statement, [*given, *values])

    def _submit(self, sql: str, values: Sequence[object]) -> RowIterator:
        config = self._config(values)
        if self._until is not None:
            # The service stops it as well, should this process be gone by then.
            config.job_timeout_ms = max(int((self._until - time.monotonic()) * 1000), 1)
        job = self.client.api.query(sql, job_config=config, retry=self.client.retry)
        if self._until is not None:
            self._wait(job, self._until)
        return job.result(retry=self.client.retry)

    def _wait(self, job: bigquery.QueryJob, until: float) -> None:
        """Look at the job until it has ended; `job.result` looks at the clock too rarely."""
        pause = 0.05
        while job.state != "DONE":
            if time.monotonic() > until:
                job.cancel(retry=self.client.retry)
                raise _TimeUpError
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
            job.reload(retry=self.client.retry)

    def _dry_run(self, sql: str) -> bigquery.QueryJob:
        from google.api_core.exceptions import BadRequest, NotFound

        config = self._config(())
        config.dry_run = True
        with told_plainly(self.client.settings, "checking the query"):
            try:
                job = self.client.api.query(sql, job_config=config, retry=self.client.retry)
            except (BadRequest, NotFound) as error:
                raise _unreadable(error.message) from None
        if job.error_result:
            raise _unreadable(job.error_result.get("message"))
        return job

    def _config(self, values: Sequence[Any]) -> bigquery.QueryJobConfig:
        from google.cloud import bigquery

        return bigquery.QueryJobConfig(
            labels=self.client.labels("query"),
            maximum_bytes_billed=self.client.settings.bigquery.maximum_bytes_billed,
            use_legacy_sql=False,
            query_parameters=[
                bigquery.ScalarQueryParameter(None, _type_of(value), value) for value in values
            ],
        )


class _TimeUpError(Exception):
    """A statement outlived the time that is left."""


@contextmanager
def open_marts(client: Client) -> Iterator[BigQueryMarts]:
    """The published tables.

    Raises:
        TwinledgerError: nothing is published yet.
    """
    last = last_publish(client)
    if last is None:
        raise TwinledgerError(
            f"nothing is published yet in {place_of(client)}",
            f"twinledger run --settings {client.settings.file}",
        )
    yield BigQueryMarts(client, last.publish_id)


def datasets_of(client: Client) -> list[str]:
    """The datasets of the project that begin with this workspace's prefix and are ours, sorted."""
    start = client.names.public_prefix
    with told_plainly(client.settings, f"listing the datasets of {client.names.project}"):
        listed = list(client.api.list_datasets(client.names.project, retry=client.retry))
    return sorted(
        item.dataset_id
        for item in listed
        if item.labels.get("app") == "twinledger" and item.dataset_id.startswith(start)
    )


def place_of(client: Client) -> str:
    """Where readers find the marts, in words."""
    prefix = client.names.public_prefix
    datasets = f", datasets {prefix}*" if prefix else ""
    return f"BigQuery project {client.names.project}{datasets}"


def _unreadable(reason: str | None) -> SettingsError:
    return SettingsError(
        f"the query cannot be run: {reason}",
        "tables are written as dataset.table; GoogleSQL's words:"
        " https://cloud.google.com/bigquery/docs/reference/standard-sql",
    )


def _rows(found: RowIterator) -> Iterator[Row]:
    for row in found:
        yield tuple(without_zone(value) for value in row.values())


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, int):
        return "INT64"
    # A null is given for texts only: allocation keys and names.
    return "DATE" if isinstance(value, date) else "STRING"


def _megabytes(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MiB"
