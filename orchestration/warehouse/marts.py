"""What readers can ask of the published tables, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

Row = tuple[Any, ...]
Record = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A result that is fetched while its rows are read."""

    columns: Sequence[str]
    rows: Iterable[Row]


class Marts(Protocol):
    """The published tables, read-only.

    All but `answer` take our own statements: SQL that both engines run (see
    `orchestration.warehouse.portable`), in which `{layer.table}` names a table and `?` a value.
    Times come back in UTC, without a zone.

    Attributes:
        place: where the marts are, in words.
        prefix: what stands before a layer's name there, in somebody else's statements too.
    """

    place: str
    prefix: str

    def relation(self, layer: str, name: str) -> str:
        """A published table's whole name, quoted."""
        ...

    def tables(self) -> list[tuple[str, str]]:
        """(layer, name) of every published table and view, sorted."""
        ...

    def columns(self, layer: str, name: str) -> list[str]:
        """The names of a table's columns."""
        ...

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of one select.

        Raises:
            TwinledgerError: the engine cannot answer.
        """
        ...

    def records(self, sql: str, values: Sequence[object] = ()) -> list[Record]:
        """The same, as column → value."""
        ...

    def arrow(self, sql: str) -> pa.Table:
        """The result of one select, with its column names and types."""
        ...

    def keep(self, name: str, sql: str, values: Sequence[object] = ()) -> None:
        """Let later statements read the result of a select by a name, without braces.

        Neither this select nor one that reads it may begin with `with`.
        """
        ...

    def answer(self, sql: str, tell: Callable[[str], None] = lambda _: None) -> Answer:
        """Somebody else's statement, in the engine's own dialect: one that only reads.

        Args:
            tell: called with what it will cost, before it runs, where it costs anything.

        Raises:
            SettingsError: it does more than read, or it cannot be run.
        """
        ...

    def time_limit(self, seconds: float) -> AbstractContextManager[None]:
        """Stop whatever is asked in the block after so many seconds.

        Raises:
            TwinledgerError: the time was up.
        """
        ...


def time_is_up(seconds: float) -> str:
    """The message of a statement that was stopped."""
    return f"the query was stopped after {seconds:g} s"


LONGER = "narrow it to fewer days, or give it longer with --timeout"
