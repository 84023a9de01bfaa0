"""FOCUS files name their columns themselves: what a source of a FOCUS dataset takes from them."""

from __future__ import annotations

from orchestration.errors import SettingsError
from orchestration.landing.datasets import Dataset
from orchestration.landing.sources import Columns, SourceType
from orchestration.settings import Delivery, SourceSettings, nearest


def focus_type(
    name: str, dataset: Dataset, delivery: Delivery, required: tuple[str, ...]
) -> SourceType:
    """A source type whose files have the dataset's own column names.

    Args:
        required: columns without which a file is refused; a constant or a mapping may stand in.
    """

    def columns(source: SourceSettings, available: list[str]) -> Columns:
        found = {column: column for column in dataset.columns if column in available}
        return {
            column: path
            for column, path in {**found, **source.mapping}.items()
            if column not in source.constants
        }

    def needed(source: SourceSettings) -> tuple[str, ...]:
        return tuple(
            source.mapping.get(column, column)
            for column in required
            if column not in source.constants
        )

    def check(source: SourceSettings) -> None:
        for given in [*source.mapping, *source.constants]:
            if given not in dataset.columns:
                raise SettingsError(
                    f"source '{source.name}': '{given}' is no FOCUS column",
                    nearest(given, list(dataset.columns)),
                )

    return SourceType(
        name=name,
        dataset=dataset,
        delivery=delivery,
        columns=columns,
        required=needed,
        check=check,
        extra_column="_extra",
    )
