"""What the product asks of an engine. Nothing outside this package knows which one it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from orchestration.settings import Settings
from orchestration.warehouse.marts import Marts, Row

if TYPE_CHECKING:
    from orchestration.publishing.log import LastPublish
    from orchestration.publishing.result import PublishResult

__all__ = ["Marts", "Progress", "Row", "Warehouse", "warehouse"]

Progress = Callable[[str], None]


class Warehouse(Protocol):
    """One engine, in one workspace.

    Attributes:
        target: dbt's target in profiles.yml.
        kind: the asset kind that Dagster shows.
    """

    target: str
    kind: str

    def environment(self) -> dict[str, str]:
        """The variables that profiles.yml and dbt_project.yml read."""
        ...

    def load(self, progress: Progress) -> None:
        """Bring the lake's accepted parts into the engine, unless it reads them where they are."""
        ...

    def register(self, as_of: str | None, progress: Progress) -> None:
        """Make what stands visible to dbt: landing views and small tables.

        Args:
            as_of: ISO time (UTC); deliveries that came later are not seen.
        """
        ...

    def release(self) -> None:
        """Give back what dbt's adapter keeps open after an invocation."""
        ...

    def relation(self, layer: str, name: str) -> str:
        """A table of the build, quoted for `build_rows`; `layer` is without any prefix."""
        ...

    def build_rows(self, sql: str) -> list[Row]:
        """The rows of one select on the build; portable SQL only.

        Raises:
            TwinledgerError: the engine refuses it.
        """
        ...

    def build_records(self, sql: str) -> list[dict[str, Any]]:
        """The same, as column → value."""
        ...

    def row_counts(self, tables: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Rows of these (layer, name), from the engine's catalogue; views have no count."""
        ...

    def publish(
        self,
        *,
        publish_id: str,
        inputs_hash: str = "",
        as_of: date | None = None,
        progress: Progress = lambda _: None,
    ) -> PublishResult:
        """Show the finished build to the readers, verified; see `orchestration.publishing`."""
        ...

    def last_publish(self) -> LastPublish | None:
        """The newest publish that readers see, or None."""
        ...

    def marts(self) -> AbstractContextManager[Marts]:
        """The published marts, open until the end of the block.

        Raises:
            TwinledgerError: nothing is published yet.
        """
        ...


def warehouse(settings: Settings) -> Warehouse:
    """The engine that the settings name; its client library is imported only here."""
    if settings.warehouse.target == "bigquery":
        from orchestration.warehouse.bigquery import BigQueryWarehouse

        return BigQueryWarehouse(settings)
    from orchestration.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(settings)
