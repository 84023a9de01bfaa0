"""What a FOCUS dataset is: its columns in the order of each version, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VERSIONS = ("1.2", "1.3", "1.4")


@dataclass(frozen=True)
class FocusDataset:
    """One FOCUS dataset, declared over the published tables.

    Attributes:
        name: FOCUS' name of it.
        columns: FOCUS column → SQL over `source`, in FOCUS' order; those that begin with `x_` are
            ours, and stand in every version.
        source: what the columns are read from: `from …`, with `{layer.table}`, `:period` for the
            billing period (YYYY-MM) and `:period_end` for its end, a timestamp.
        money: columns of the type Decimal.
        times: columns of the type Date/Time.
        order: columns that the rows are sorted by.
        booleans: columns of ours that are true or false.
        versions: version → the FOCUS columns that it lacks.
    """

    name: str
    columns: Mapping[str, str]
    source: str
    money: frozenset[str]
    times: frozenset[str]
    versions: Mapping[str, frozenset[str]]
    order: tuple[str, ...]
    booleans: frozenset[str] = field(default_factory=frozenset)

    def columns_of(self, version: str) -> list[str]:
        """The columns that a version has, in order."""
        return [name for name in self.columns if name not in self.versions[version]]
