"""A lake as a former version left it: with fewer columns, and manifests that do not name them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import Lake
from orchestration.landing.sources import Columns, SourceType, known_types
from orchestration.settings import Settings, SourceSettings

ColumnsOf = Callable[[SourceSettings, list[str]], Columns]


@contextmanager
def version(name: str, *lacks: str, knows: dict[str, str] | None = None) -> Iterator[None]:
    """Within the block, the source type `name` lands without some columns, or with more."""
    kind = known_types()[name]
    columns = {key: sql for key, sql in kind.dataset.columns.items() if key not in lacks}
    dataset = replace(kind.dataset, columns={**columns, **(knows or {})})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS, dataset.name, dataset)
        other = replace(kind, dataset=dataset, columns=_fewer(kind, columns))
        patch.setitem(known_types(), name, other)
        yield


def _fewer(kind: SourceType, columns: dict[str, str]) -> ColumnsOf:
    def found(source: SourceSettings, available: list[str]) -> Columns:
        return {
            key: path for key, path in kind.columns(source, available).items() if key in columns
        }

    return found


def silence(settings: Settings) -> None:
    """Take out of the manifests what the first versions did not write."""
    lake = Lake(settings)
    for path in lake.fs.glob(f"{lake.root}/_loads/*.json"):
        manifest = json.loads(lake.fs.cat_file(path))
        del manifest["landed_columns"], manifest["matches"]
        lake.fs.pipe_file(path, json.dumps(manifest).encode())
