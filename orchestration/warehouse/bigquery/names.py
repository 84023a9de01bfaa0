"""Which dataset holds what.

    P lake                  all accepted loads, appended
    P build_<layer>         the candidate that dbt builds
    P publish_<publish_id>  one snapshot a publish
    P <layer>               what readers see: views only

P is `dataset_prefix`. A past state (`--as-of`) has a build and readers' datasets of its own, over
the same lake: `P as_of_build_<layer>`, `P as_of_20261031_<layer>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from orchestration.settings import Settings


@dataclass(frozen=True)
class Names:
    """The datasets of one workspace."""

    project: str
    prefix: str
    day: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Names:
        """The names that the settings give."""
        day = settings.as_of
        return cls(
            settings.bigquery.project,
            settings.bigquery.dataset_prefix,
            _digits(day) if day else "",
        )

    @property
    def lake(self) -> str:
        """The dataset of all loads."""
        return f"{self.prefix}lake"

    @property
    def build_prefix(self) -> str:
        """What stands before a layer's name in the build."""
        return f"{self.prefix}as_of_build_" if self.day else f"{self.prefix}build_"

    def build(self, layer: str) -> str:
        """The dataset of a layer that is being built."""
        return f"{self.build_prefix}{layer}"

    @property
    def public_prefix(self) -> str:
        """What stands before a layer's name for readers."""
        return f"{self.prefix}as_of_{self.day}_" if self.day else self.prefix

    def public(self, layer: str) -> str:
        """The dataset of a layer that readers see."""
        return f"{self.public_prefix}{layer}"

    def snapshot(self, publish_id: str) -> str:
        """The dataset of one publish; ids hold characters that datasets may not."""
        plain = re.sub(r"[^A-Za-z0-9_]", "_", publish_id)
        return f"{self.public_prefix}publish_{plain}"

    def sql(self, dataset: str, table: str) -> str:
        """A table's whole name, quoted."""
        return f"`{self.project}`.`{dataset}`.`{table}`"


def _digits(as_of: date) -> str:
    """A day, or a moment to the microsecond where it has any."""
    if not isinstance(as_of, datetime):
        return f"{as_of:%Y%m%d}"
    return f"{as_of:%Y%m%dT%H%M%S}{as_of.microsecond or ''}"
