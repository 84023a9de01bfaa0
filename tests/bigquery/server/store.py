"""What the server holds: datasets, tables and views.

Everything here is a value: a statement that changes a table puts another one in its place, so that
a statement that fails has changed nothing, and whoever keeps a table (a cache, a transaction's
start) keeps what it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any, NamedTuple

from tests.bigquery.server.errors import BigQueryError, already_exists, not_found, not_implemented
from tests.bigquery.server.types import Field
from tests.bigquery.server.values import Rows


class Ref(NamedTuple):
    """A table's address. Datasets and tables are case-sensitive."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return f"{self.project}:{self.dataset}.{self.table}"

    @property
    def path(self) -> str:
        return ".".join(self)


DatasetKey = tuple[str, str]  # project, dataset


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Dataset:
    """`resource` holds what clients set over REST: labels, access, defaultTableExpirationMs, …"""

    project: str
    dataset: str
    location: str = "US"
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    created: int = field(default_factory=now_ms)  # ms since 1970
    modified: int = field(default_factory=now_ms)
    hidden: bool = False  # where the results of queries without a destination lie
    resource: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> DatasetKey:
        return (self.project, self.dataset)


@dataclass(frozen=True, eq=False)
class Table:
    """A table or a view; views have no rows of their own.

    Equal only to itself, hence its own cache key.
    """

    ref: Ref
    fields: tuple[Field, ...]
    rows: Rows = field(default_factory=Rows.none)
    kind: str = "TABLE"  # or VIEW, MATERIALIZED_VIEW
    view_query: str | None = None
    # As in the REST resource: {"type": "DAY", "field": …, "expirationMs": …}; without a field by
    # time of arrival.
    time_partitioning: Mapping[str, Any] | None = None
    range_partitioning: Mapping[str, Any] | None = None
    clustering: tuple[str, ...] = ()
    require_partition_filter: bool = False
    description: str | None = None
    friendly_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    expires: int | None = None  # ms since 1970
    options: Mapping[str, str] = field(
        default_factory=dict
    )  # the other OPTIONS of DDL, as SQL text
    primary_key: tuple[str, ...] = ()
    created: int = field(default_factory=now_ms)
    modified: int = field(default_factory=now_ms)

    @property
    def is_view(self) -> bool:
        return self.view_query is not None

    @property
    def partition_column(self) -> str | None:
        parts = self.time_partitioning or self.range_partitioning
        return parts.get("field", "_PARTITIONTIME") if parts else None

    def field(self, name: str) -> Field:
        """The column of a name in any case. Raises BigQueryError."""
        for field_ in self.fields:
            if field_.name.lower() == name.lower():
                return field_
        raise BigQueryError(f"Column not found: {name} in {self.ref}")

    def but(self, **changes: Any) -> Table:
        """The table after a change: another object, modified now."""
        return replace(self, **{"modified": now_ms(), **changes})

    def with_rows(self, rows: Iterable[Sequence[Any]]) -> Table:
        """The table with these Python rows in place of its own.

        Raises BigQueryError for a null in a REQUIRED one.
        """
        kept = [tuple(row) for row in rows]
        for index, column in enumerate(self.fields):
            if column.mode == "REQUIRED" and any(row[index] is None for row in kept):
                raise BigQueryError(f"Required field {column.name} cannot be null", 400, "invalid")
        return self.but(rows=Rows.of([column.type for column in self.fields], kept))


Key = tuple[str, ...]  # a dataset's key or a Ref
VERSIONS = 8  # of a table, kept for FOR SYSTEM_TIME AS OF
State = tuple[dict[DatasetKey, Dataset], dict["Ref", "Table"], dict[Key, Any]]
Persist = Callable[[Mapping[Key, Any]], None]


class Store:
    """The datasets and tables, and those changes that are not yet durable.

    `persist` takes the changes of one commit (None: removed), keyed by dataset key or Ref.
    """

    def __init__(
        self, persist: Persist | None = None, held: Mapping[Key, Any] | None = None
    ) -> None:
        self._persist = persist
        # Held by whoever changes the store; a reader takes a table, which stays as it is.
        self.lock = RLock()
        self._writing: dict[Ref, RLock] = {}
        self._changes: dict[Key, Any] = {}
        self.datasets: dict[DatasetKey, Dataset] = {}
        self.tables: dict[Ref, Table] = {}
        # The last versions since the server started, oldest first.
        self.history: dict[Ref, list[Table]] = {}
        for value in (held or {}).values():
            if isinstance(value, Dataset):
                self.datasets[value.key] = value
            elif isinstance(value, Table):
                self.tables[value.ref] = value

    def write_lock(self, ref: Ref) -> RLock:
        """Held while a statement reads and then rewrites a table."""
        with self.lock:
            return self._writing.setdefault(ref, RLock())

    def dataset(self, project: str, dataset: str) -> Dataset:
        """Raises BigQueryError 404."""
        found = self.datasets.get((project, dataset))
        if found is None:
            raise not_found(f"Dataset {project}:{dataset} was not found in location US")
        return found

    def table(self, ref: Ref) -> Table:
        """Raises BigQueryError 404."""
        found = self.tables.get(ref)
        if found is None:
            if ref[:2] not in self.datasets:
                raise not_found(f"Dataset {ref.project}:{ref.dataset} was not found in location US")
            raise not_found(f"Table {ref} was not found in location US")
        return found

    def put_dataset(self, dataset: Dataset) -> None:
        self.datasets[dataset.key] = self._changes[dataset.key] = dataset

    def create_dataset(self, dataset: Dataset) -> None:
        """Raises BigQueryError 409 where there is one."""
        if dataset.key in self.datasets:
            raise already_exists(f"Dataset {dataset.project}:{dataset.dataset}")
        self.put_dataset(dataset)

    def drop_dataset(self, project: str, dataset: str) -> None:
        """The dataset and everything in it."""
        for table in self.tables_of(project, dataset):
            self.drop(table.ref)
        del self.datasets[project, dataset]
        self._changes[project, dataset] = None

    def put(self, table: Table) -> None:
        """Create or replace. Raises BigQueryError 404 where its dataset is not there."""
        self.dataset(table.ref.project, table.ref.dataset)
        before = self.tables.get(table.ref)
        earlier = self.history.get(table.ref, [before] if before else [])
        self.history[table.ref] = [*earlier, table][-VERSIONS:]
        self.tables[table.ref] = self._changes[table.ref] = table

    def drop(self, ref: Ref) -> None:
        self.table(ref)
        del self.tables[ref]
        self.history.pop(ref, None)
        self._changes[ref] = None

    def tables_of(self, project: str, dataset: str) -> list[Table]:
        return [t for ref, t in list(self.tables.items()) if ref[:2] == (project, dataset)]

    def commit(self) -> None:
        """Make the changes since the last commit durable, all of them or none."""
        if self._persist:
            self._persist(self._changes)
        self._changes = {}

    def version(self, ref: Ref, moment: int) -> Table:
        """The table as it was at `moment` (ms since 1970).

        Raises BigQueryError; 501 before the server's start.
        """
        now = self.table(ref)
        for table in reversed(self.history.get(ref, [now])):
            if table.modified <= moment:
                return table
        return not_implemented(f"{ref} as it was before this server knew it")

    def state(self) -> State:
        """What `restore` goes back to."""
        return dict(self.datasets), dict(self.tables), dict(self._changes)

    def restore(self, state: State) -> None:
        """Forget what was changed since, where no commit made it durable."""
        datasets, tables, changes = state
        self.datasets, self.tables, self._changes = dict(datasets), dict(tables), dict(changes)
