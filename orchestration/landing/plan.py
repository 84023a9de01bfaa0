"""The SQL that reads one file into a dataset's columns, and finds the rows that break a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from orchestration.landing.datasets import MONEY, TEXT, Dataset
from orchestration.landing.expressions import typed
from orchestration.landing.hashing import hashed, is_asked_for
from orchestration.landing.readers import Reader, identifier, json_value, literal
from orchestration.landing.sources import (
    Combined,
    Derived,
    SourceType,
    constant_columns,
    paths_of,
)
from orchestration.settings import SourceSettings


class Plan:
    """The SQL that reads one file into a dataset's columns."""

    def __init__(self, source: SourceSettings, source_type: SourceType, reader: Reader) -> None:
        self.dataset = source_type.dataset
        self.source = source
        self.reader = reader
        self.constants = constant_columns(source, source_type)
        sparse = source_type.sparse if reader.is_open else ()
        available = list(dict.fromkeys([*reader.columns, *sparse]))
        self.columns = source_type.columns(source, available)
        self.users = self.dataset.users if is_asked_for(source) else ()
        self.extra = source_type.extra_column
        paths = (path for column in self.columns.values() for path in paths_of(column))
        sources = dict.fromkeys(path for path in paths if reader.has(path))
        self.others = [column for column in reader.columns if self.extra and column not in sources]
        self.relation = reader.relation([*sources, *self.others])

    def raws(self) -> str:
        """SQL of the values that feed the landed columns, as `raw <column>`, from the file."""
        parsed = {
            path.parsed.replace("{raw}", self.reader.raw(path.source)): path.parsed
            for path in self.columns.values()
            if isinstance(path, Derived)
        }
        places = {template: f"parsed_{place}" for place, template in enumerate(parsed.values())}
        paths = dict.fromkeys(
            path
            for column in self.columns.values()
            if isinstance(column, Combined)
            for path in column.sources
        )
        parents = self._parents(list(paths))
        texts = {path: identifier(f"text {place}") for place, path in enumerate(paths)}
        whole = ", ".join(
            ["*", *(f"{self._text(path)} as {name}" for path, name in parents.items())]
        )
        below = ", ".join(
            [
                "*",
                *(f"{sql} as {places[parsed[sql]]}" for sql in parsed),
                *(f"{self._text(path, parents)} as {name}" for path, name in texts.items()),
            ]
        )
        listed = []
        for column, path in self.columns.items():
            if isinstance(path, Combined):
                value = path.over([texts[one] for one in path.sources])
            elif isinstance(path, Derived):
                value = path.sql.replace("{parsed}", places[path.parsed])
            else:
                value = self.reader.raw(path)
            value = hashed(value) if column in self.users else value
            listed.append(f"{value} as {self.raw(column)}")
        if self.extra:
            pairs = ", ".join(
                f"{literal(name)}, cast({self.reader.raw(name)} as varchar)" for name in self.others
            )
            document = f"cast(json_object({pairs}) as varchar)" if pairs else "null"
            listed.append(f"{document} as {self.raw(self.extra)}")
        return (
            f"select {', '.join(listed)} from (select {below} "
            f"from (select {whole} from {self.relation}))"
        )

    def _parents(self, paths: list[str]) -> dict[str, str]:
        """Objects of which several members are read: each is cut out of its document once."""
        counts = Counter(path.rpartition(".")[0] for path in paths if '"' not in path)
        shared = [path for path, count in counts.items() if path and count > 2]
        known = [path for path in shared if self.reader.has(path) and path not in paths]
        return {path: identifier(f"object {place}") for place, path in enumerate(known)}

    def _text(self, path: str, parents: Mapping[str, str] = MappingProxyType({})) -> str:
        """SQL of a value as text; null where the file lacks it."""
        parent, _, member = path.rpartition(".")
        if parent in parents and path not in self.reader.columns:
            return json_value(f"try_cast({parents[parent]} as json)", member)
        found = self.reader.raw(path) if self.reader.has(path) else "null"
        return f"cast({found} as varchar)"

    def raw(self, column: str) -> str:
        """The name of the value, before typing, that feeds a landed column."""
        return identifier(f"raw {column}")

    def value(self, column: str) -> str:
        """SQL of a landed column."""
        sql_type = self.dataset.columns[column]
        if column in self.constants:
            return f"cast({literal(self.constants[column])} as {sql_type})"
        if column == self.extra:
            return f"cast({self.raw(column)} as varchar)"
        if column not in self.columns:
            return f"cast(null as {sql_type})"
        path = self.columns[column]
        # A hashed value is text, whatever the file's type was.
        stated = (
            self.reader.types.get(path, "")
            if isinstance(path, str) and column not in self.users
            else ""
        )
        value = typed(self.raw(column), sql_type, self.source, stated)
        if column == "gpu_fraction" and "gpu_fraction_scale" in self.source.options:
            return f"cast({value} / {self.source.options['gpu_fraction_scale']} as {sql_type})"
        return value

    def rule(self) -> str:
        """SQL of the first rule that a row breaks, or null."""
        cases = [
            f"when {self.raw(column)} is not null and {identifier(column)} is null "
            f"then {literal(f'unreadable {column}')}"
            for column in self.typed_columns()
        ]
        cases += [
            f"when {identifier(column)} is null then {literal(f'missing {column}')}"
            for column in self.dataset.required
        ]
        cases += [
            f"when {identifier(column)} < 0 then {literal(f'negative {column}')}"
            for column in self.dataset.non_negative
            if column in self.columns
        ]
        return f"case {' '.join(cases)} end" if cases else "cast(null as varchar)"

    def typed_columns(self) -> list[str]:
        """Columns that are read from text into something else, money first."""
        found = [column for column in self.columns if self.dataset.columns[column] != TEXT]
        return sorted(found, key=lambda column: self.dataset.columns[column] != MONEY)

    def select(self, load_id: str, shown: str) -> str:
        """The whole conversion."""
        values = [
            f"{self.value(column)} as {identifier(column)}" for column in self.dataset.columns
        ]
        raws = [self.raw(column) for column in self.typed_columns()]
        own = [identifier(column) for column in self.dataset.columns]
        if self.dataset.is_bill:
            own.append(f"{_row_hash(self.dataset)} as _row_hash")
        own += [
            f"{literal(load_id)} as _load_id",
            f"{literal(self.source.name)} as _source_name",
            f"{literal(shown)} as _source_file",
            "cast(null as bigint) as _source_row",
            f"{self.dataset.period} as _period",
            f"{self.rule()} as _rule",
        ]
        return (
            f"select {', '.join(own)} from (select {', '.join([*values, *raws])} "
            f"from ({self.raws()})) as source_rows"
        )


def _row_hash(dataset: Dataset) -> str:
    """A line's identity by content: equal for the same line in any file, order or format."""
    texts = [
        f"coalesce(cast({identifier(column)} as varchar), chr(30))" for column in dataset.columns
    ]
    return f"md5(concat_ws(chr(31), {', '.join(texts)}))"
