"""One publish as a dataset: clones of the public tables, and views that read nothing of the build.

A clone costs nothing until the table that it was made of changes. Public relations are called
`<layer>__<name>`; what public views read below them `below__<layer>__<name>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestration.errors import AuditError
from orchestration.publishing.tables import Relation
from orchestration.publishing.verify import Counts
from orchestration.warehouse.bigquery.client import Client
from orchestration.warehouse.bigquery.errors import told_plainly
from orchestration.warehouse.bigquery.log import text_literal

if TYPE_CHECKING:
    from google.cloud import bigquery

BELOW = "below"
DECIMALS = ("NUMERIC", "BIGNUMERIC")
BATCH = 10
"""Tables that one statement compares: few enough to tell progress, many enough to be quick."""

Key = tuple[str, str]


@dataclass
class Snapshot:
    """A publish in the making.

    Attributes:
        dataset: where it is kept.
        made: (layer, name) → the relation's name in the dataset.
        columns: (layer, name) → its columns, of the public relations.
        tables: the public tables.
        views: the public views.
    """

    client: Client
    dataset: str
    made: dict[Key, str] = field(default_factory=dict)
    columns: dict[Key, list[bigquery.SchemaField]] = field(default_factory=dict)
    tables: list[Key] = field(default_factory=list)
    views: list[Key] = field(default_factory=list)

    def sql(self, key: Key) -> str:
        """A relation's whole name, quoted."""
        return self.client.names.sql(self.dataset, self.made[key])

    def take(self, public: Iterable[Relation], progress: Callable[[str], None]) -> None:
        """Clone the public tables, then make the public views and what they need.

        Raises:
            AuditError: the build lacks one of them, or a view cannot stand without the build.
        """
        wanted = [(relation.schema, relation.name) for relation in public]
        self._create({layer for layer, _ in wanted})
        found = {key: self._of_build(key) for key in wanted}
        self.tables = [key for key in wanted if found[key].table_type != "VIEW"]
        self.views = [key for key in wanted if found[key].table_type == "VIEW"]
        # Tables first: the views then read the public clones instead of others of their own.
        for number, key in enumerate([*self.tables, *self.views], start=1):
            progress(f"{number} of {len(wanted)} {'.'.join(key)}")
            self.columns[key] = list(found[key].schema)
            self._make(key, found[key], "__".join(key))

    def counts(self, progress: Callable[[str], None]) -> Counts:
        """Rows and exact sums of the public tables, equal in the build and here.

        Raises:
            AuditError: they differ.
        """
        progress("verifying")
        counts: Counts = {}
        for start in range(0, len(self.tables), BATCH):
            counts |= self._compared(self.tables[start : start + BATCH])
        for key in self.views:
            # A dry run resolves every name and type below the view, and reads nothing.
            self.client.query(
                f"select * from {self.sql(key)}",
                step="publish",
                doing=f"checking the view {'.'.join(key)}",
                dry_run=True,
            )
        return counts

    def _create(self, layers: set[str]) -> None:
        """Make the dataset, and let the readers' views read it.

        Whoever may read a layer's dataset needs no right on this one, which is another at each
        publish. What reads the lake stays closed to those who may not read the lake.
        """
        from google.cloud import bigquery

        dataset = self.client.ensure_dataset(self.dataset, "One publish, kept for its readers")
        readers = [
            {"projectId": self.client.names.project, "datasetId": self.client.names.public(layer)}
            for layer in sorted(layers)
        ]
        dataset.access_entries = [
            *dataset.access_entries,
            *(
                bigquery.AccessEntry(
                    entity_type="dataset",
                    entity_id={"dataset": reader, "targetTypes": ["VIEWS"]},
                )
                for reader in readers
            ),
        ]
        with told_plainly(self.client.settings, f"authorizing the views on {self.dataset}"):
            self.client.api.update_dataset(dataset, ["access_entries"], retry=self.client.retry)

    def _of_build(self, key: Key) -> bigquery.Table:
        found = self.client.table(self.client.names.build(key[0]), key[1])
        if found is None:
            raise AuditError(f"the build lacks the table {'.'.join(key)}", "run: twinledger build")
        return found

    def _make(self, key: Key, source: bigquery.Table, name: str) -> None:
        target = self.client.names.sql(self.dataset, name)
        if source.table_type == "VIEW":
            query = self._without_build(key, str(source.view_query))
            statement = f"create or replace view {target} as {query}"
        else:
            build = self.client.names.sql(self.client.names.build(key[0]), key[1])
            statement = f"create or replace table {target} clone {build}"
        self.client.query(statement, step="publish", doing=f"keeping {'.'.join(key)}")
        self.made[key] = name

    def _without_build(self, key: Key, query: str) -> str:
        """A view's query with the build's relations replaced by those of the snapshot."""
        prefix = re.escape(self.client.names.build_prefix)
        reference = re.compile(
            rf"`{re.escape(self.client.names.project)}`?\.`?{prefix}(\w+)`?\.`?(\w+)`"
        )
        for layer, name in dict.fromkeys(reference.findall(query)):
            if (layer, name) not in self.made:
                self._make(
                    (layer, name), self._of_build((layer, name)), f"{BELOW}__{layer}__{name}"
                )
        rewritten = reference.sub(lambda found: self.sql((found[1], found[2])), query)
        if left := re.search(rf"(?<!\w){prefix}\w+`?\.`?\w+", rewritten):
            raise AuditError(
                f"the view {'.'.join(key)} reads {left[0]} in a way that cannot be kept;"
                " nothing was published",
                "write its tables with ref() or source()",
            )
        return rewritten

    def _compared(self, tables: list[Key]) -> Counts:
        names = self.client.names
        sides = [
            _count(".".join(key), side, sql, self._money(key))
            for key in tables
            for side, sql in (
                ("build", names.sql(names.build(key[0]), key[1])),
                ("clone", self.sql(key)),
            )
        ]
        rows = self.client.rows(" union all ".join(sides), step="publish", doing="verifying")
        found = {(table, side): (count, tuple(sums)) for table, side, count, sums in rows}
        counts: Counts = {}
        for key in tables:
            table = ".".join(key)
            build, clone = found[table, "build"], found[table, "clone"]
            if build != clone:
                raise AuditError(
                    f"the snapshot differs from the build in {table}: {clone} against {build};"
                    " nothing was published",
                    "run again: something wrote to the build meanwhile",
                )
            sums = [text or None for text in clone[1]]
            counts[table] = (clone[0], dict(zip(self._money(key), sums, strict=True)))
        return counts

    def _money(self, key: Key) -> list[str]:
        return [column.name for column in self.columns[key] if column.field_type in DECIMALS]


def _count(table: str, side: str, sql: str, money: list[str]) -> str:
    """A select of one row: table, side, rows, and the exact sum of each column, '' for null."""
    sums = ", ".join(f"coalesce(cast(sum(`{name}`) as string), '')" for name in money)
    listed = f"[{sums}]" if sums else "cast([] as array<string>)"
    return f"select {text_literal(table)}, '{side}', count(*), {listed} from {sql}"


def published_tables(client: Client, publish_id: str) -> set[Key]:
    """(layer, name) of what a publish showed to its readers; empty where it is gone."""
    from google.api_core.exceptions import NotFound

    dataset = f"{client.names.project}.{client.names.snapshot(publish_id)}"
    with told_plainly(client.settings, "listing the published tables"):
        try:
            names = [item.table_id for item in client.api.list_tables(dataset, retry=client.retry)]
        except NotFound:
            return set()
    split = (name.split("__", 1) for name in names)
    return {(layer, name) for layer, name in split if layer != BELOW}
