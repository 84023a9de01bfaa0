"""DuckDB: the lake's parts are read where they are, the build is one file, the marts another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.build.file import (
    UnreadableBuildError,
    open_build,
    release_connections,
    remove_build,
)
from orchestration.errors import TwinledgerError
from orchestration.landing.readers import identifier
from orchestration.settings import Settings
from orchestration.warehouse.base import Progress
from orchestration.warehouse.marts import Marts, Row

if TYPE_CHECKING:
    from orchestration.publishing import LastPublish, PublishResult


class DuckDBWarehouse:
    """The embedded engine; see `orchestration.warehouse.base.Warehouse`."""

    target = "dev"
    kind = "duckdb"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def environment(self) -> dict[str, str]:
        """The build file and how much memory its engine may use."""
        return {
            "TWINLEDGER_BUILD": str(self.settings.build),
            "TWINLEDGER_MEMORY_LIMIT": self.settings.warehouse.memory_limit,
            "TWINLEDGER_SCHEMA_PREFIX": "",
        }

    def load(self, progress: Progress) -> None:
        """Nothing to do: DuckDB reads the lake itself."""

    def register(self, as_of: str | None, progress: Progress) -> None:
        """Create the landing views; a broken build file is made anew."""
        from orchestration.landing.register import register_landing

        try:
            with open_build(self.settings) as con:
                register_landing(con, self.settings, as_of=as_of)
        except UnreadableBuildError:
            progress("the build file cannot be read: building anew")
            remove_build(self.settings)
            with open_build(self.settings) as con:
                register_landing(con, self.settings, as_of=as_of)

    def release(self) -> None:
        """Close dbt's handles on the build file, so that others can open it."""
        release_connections()

    def relation(self, layer: str, name: str) -> str:
        """Schema and table, quoted."""
        return f"{identifier(layer)}.{identifier(name)}"

    def build_rows(self, sql: str) -> list[Row]:
        """The rows of one select on the build."""
        return self._read(sql)[1]

    def build_records(self, sql: str) -> list[dict[str, Any]]:
        """The same, as column → value."""
        names, rows = self._read(sql)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def row_counts(self, tables: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """From the catalogue of the build file; nothing where there is no such file."""
        wanted = set(tables)
        try:
            found = self.build_rows(
                "select schema_name, table_name, estimated_size from duckdb_tables()"
            )
        except TwinledgerError:
            return {}
        counts = {(schema, name): int(size) for schema, name, size in found}
        return {key: count for key, count in counts.items() if key in wanted}

    def publish(
        self,
        *,
        publish_id: str,
        inputs_hash: str = "",
        as_of: date | None = None,
        progress: Progress = lambda _: None,
    ) -> PublishResult:
        """Write `marts.duckdb` and its Parquet copies."""
        from orchestration.publishing import publish

        return publish(
            self.settings,
            publish_id=publish_id,
            inputs_hash=inputs_hash,
            as_of=as_of,
            progress=progress,
        )

    def last_publish(self) -> LastPublish | None:
        """What `marts.duckdb` says about itself."""
        from orchestration.publishing import last_publish

        return last_publish(self.settings.publish / "marts.duckdb")

    def marts(self) -> AbstractContextManager[Marts]:
        """`marts.duckdb`, read-only and closed off."""
        from orchestration.publishing.read import open_marts

        return open_marts(self.settings)

    def _read(self, sql: str) -> tuple[list[str], list[Row]]:
        try:
            with open_build(self.settings, read_only=True) as con:
                cursor = con.execute(sql)
                return [column[0] for column in cursor.description], cursor.fetchall()
        except duckdb.Error as error:
            raise TwinledgerError(f"the build cannot be read: {error}") from None
