"""BigQuery: the lake's parts are loaded into tables, dbt builds a candidate, readers see views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.settings import Settings
from orchestration.warehouse.base import Progress
from orchestration.warehouse.bigquery.client import Client, environment
from orchestration.warehouse.marts import Marts, Row

if TYPE_CHECKING:
    from orchestration.publishing import LastPublish, PublishResult


class BigQueryWarehouse:
    """The engine for what one machine cannot hold; see `orchestration.warehouse.base.Warehouse`."""

    target = "bigquery"
    kind = "bigquery"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client = Client(settings)

    def environment(self) -> dict[str, str]:
        """Project, location, limits and the prefix of the candidate's datasets."""
        return environment(self.settings)

    def load(self, progress: Progress) -> None:
        """Load the accepted parts that are not in their table yet."""
        from orchestration.warehouse.bigquery.load import load_parts

        load_parts(self.client, progress)

    def register(self, as_of: str | None, progress: Progress) -> None:
        """Load what is missing, then bring landing views and small tables up to date."""
        from orchestration.warehouse.bigquery.register import register_landing

        self.load(progress)
        register_landing(self.client, as_of)

    def release(self) -> None:
        """Nothing to give back: dbt's connections hold nothing that others need."""

    def relation(self, layer: str, name: str) -> str:
        """Project, dataset of the build and table, quoted."""
        return self.client.names.sql(self.client.names.build(layer), name)

    def build_rows(self, sql: str) -> list[Row]:
        """The rows of one select on the build."""
        return self.client.rows(sql, step="build")

    def build_records(self, sql: str) -> list[dict[str, Any]]:
        """The same, as column → value."""
        return self.client.records(sql, step="build")

    def row_counts(self, tables: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """From the tables' own descriptions, which cost nothing to read."""
        counts = {}
        for layer, name in tables:
            found = self.client.table(self.client.names.build(layer), name)
            if found is not None and found.table_type == "TABLE" and found.num_rows is not None:
                counts[layer, name] = int(found.num_rows)
        return counts

    def publish(
        self,
        *,
        publish_id: str,
        inputs_hash: str = "",
        as_of: date | None = None,
        progress: Progress = lambda _: None,
    ) -> PublishResult:
        """Keep the candidate as a snapshot and switch the readers' views to it."""
        from orchestration.warehouse.bigquery.publish import publish

        return publish(
            self.client,
            publish_id=publish_id,
            inputs_hash=inputs_hash,
            as_of=as_of,
            progress=progress,
        )

    def last_publish(self) -> LastPublish | None:
        """The newest row of the published log."""
        from orchestration.warehouse.bigquery.log import last_publish

        return last_publish(self.client)

    def marts(self) -> AbstractContextManager[Marts]:
        """The readers' views."""
        from orchestration.warehouse.bigquery.read import open_marts

        return open_marts(self.client)
