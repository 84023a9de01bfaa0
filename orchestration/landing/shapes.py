"""Which columns the parts of a load have: versions know more and more of them, parts never change.

A manifest says it in words. Loads of the first versions do not: one footer of each is looked into
once, and what was found is kept in the workspace.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pyarrow.parquet as pq

from orchestration.errors import TwinledgerError
from orchestration.landing.datasets import Dataset
from orchestration.landing.lake import Lake, Manifest, described

_ARROW = {"string": "varchar", "int64": "bigint", "bool": "boolean", "date32[day]": "date"}


class Shapes:
    """The columns of some loads' parts beside those that this version lands."""

    def __init__(self, lake: Lake, dataset: Dataset, loads: Iterable[Manifest]) -> None:
        """Look at the loads; free where their manifests name the present columns.

        Raises:
            TwinledgerError: a column had another type.
        """
        self.dataset = dataset
        current = described(dataset.landed_columns)
        self._lacks: dict[str, frozenset[str]] = {}
        self._foreign: dict[str, list[str]] = {}
        others = [item for item in loads if item.landed_columns != current]
        for load_id, shape in _shapes(lake, others).items():
            columns = _parsed(shape)
            self._check_types(load_id, columns)
            self._lacks[load_id] = frozenset(dataset.landed_columns.keys() - columns.keys())
            self._foreign[load_id] = sorted(columns.keys() - dataset.landed_columns.keys())

    def lacks(self, load_id: str) -> frozenset[str]:
        """Columns of the dataset that the load's parts do not have."""
        return self._lacks.get(load_id, frozenset())

    @property
    def all_complete(self) -> bool:
        """Whether every part has every column."""
        return not any(self._lacks.values())

    def refuse_foreign(self) -> None:
        """For what copies parts: columns of a newer version would be lost in the copy.

        Raises:
            TwinledgerError: a part has columns that this version does not know.
        """
        for load_id, columns in self._foreign.items():
            if columns:
                raise TwinledgerError(
                    f"the load {load_id} was landed by a newer version, which knows more columns"
                    f" ({', '.join(columns)}): this one would leave them out of the copy",
                    "go on with the newer version",
                )

    def _check_types(self, load_id: str, columns: Mapping[str, str]) -> None:
        for name, kind in self.dataset.landed_columns.items():
            if columns.get(name, kind) != kind:
                raise TwinledgerError(
                    f"{self.dataset.name}.{name} is {columns[name]} in the load {load_id}, but"
                    f" {kind} in this version",
                    "land its files again (twinledger land SOURCE --force), or go on with the"
                    " version that landed it",
                )


def _shapes(lake: Lake, loads: Iterable[Manifest]) -> dict[str, str]:
    """Load id → the columns of its parts in words; loads without rows have none."""
    loads = [item for item in loads if any(file.part and file.rows for file in item.files)]
    silent = [item for item in loads if not item.landed_columns]
    known = _looked_up(lake, silent) if silent else {}
    return {item.load_id: item.landed_columns or known[_key(item)] for item in loads}


def _key(item: Manifest) -> str:
    # An id may come again in another lake; its time does not.
    return f"{item.load_id} {item.loaded_at}"


def _looked_up(lake: Lake, loads: list[Manifest]) -> dict[str, str]:
    """What one part of each load says; kept by shape, as there are few."""
    path = lake.settings.work / "cache" / "columns.json"
    kept: dict[str, list[str]] = {}
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
    known = {key: shape for shape, keys in kept.items() for key in keys}
    new = [item for item in loads if _key(item) not in known]
    for item in new:
        shape = _footer(lake, next(file.part for file in item.files if file.part and file.rows))
        kept.setdefault(shape, []).append(_key(item))
        known[_key(item)] = shape
    if new:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(kept), encoding="utf-8")
        partial.replace(path)
    return known


def _footer(lake: Lake, part: str) -> str:
    """The landed columns of a part, without reading its rows."""
    with lake.fs.open(f"{lake.root}/{part}", "rb") as stream:
        schema = pq.read_schema(stream)
    return described(
        {field.name: _duckdb_type(str(field.type)) for field in schema if field.name != "_rule"}
    )


def _duckdb_type(arrow: str) -> str:
    if arrow.startswith("timestamp"):
        return "timestamp"
    if arrow.startswith("decimal128"):
        return arrow.replace("decimal128", "decimal").replace(" ", "")
    return _ARROW.get(arrow, arrow)


def _parsed(shape: str) -> dict[str, str]:
    """The inverse of `described`."""
    pairs = (column.rpartition(" ") for column in shape.split("; "))
    return {name: kind for name, _, kind in pairs}
