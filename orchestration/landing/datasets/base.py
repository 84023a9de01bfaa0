"""What a landed dataset is, and the types that its columns have.

Types are DuckDB's. Money and quantities are decimal(38,18), never sniffed; ids are text; times are
UTC timestamps without zone.
"""

from __future__ import annotations

from dataclasses import dataclass

MONEY = "decimal(38,18)"
TEXT = "varchar"
BIGINT = "bigint"
TIME = "timestamp"
DATE = "date"
BOOL = "boolean"

ALLOCATION_KEYS = (
    "cost_center",
    "team",
    "product",
    "feature",
    "use_case",
    "customer",
    "environment",
    "workload",
)
"""What a cost can be allocated to, in the order in which series and keys are written."""

SYSTEM_COLUMNS = {
    "_load_id": TEXT,
    "_source_name": TEXT,
    "_source_file": TEXT,
    "_source_row": BIGINT,
    "_period": TEXT,
}
"""Added to every landed row; `_source_row` counts data records from 1, the header not counted."""

BOOKING_COLUMNS = {"_adjustment": BIGINT, "_booked_in": DATE}
"""Of bills: null where a line stands in its own month. Where the month was closed, `_adjustment` is
the number of the difference with which the line came, negative where it went with it, and
`_booked_in` the first day of the month that bears it."""


@dataclass(frozen=True)
class Dataset:
    """One landed dataset.

    Attributes:
        name: the view's name in the schema `landing`.
        columns: column → DuckDB type, in order.
        required: columns that a row must have a value in, else it is quarantined.
        period: SQL expression over the columns that gives the period, text.
        time: the column that dates a row.
        money: columns whose sums are the delivery's totals.
        currency: the column that names their currency.
        identity: the column that identifies a record, if the source has one.
        newest: the column by whose last value one of a repeated record's rows stands.
        users: columns that name a person; hashed where the source's settings ask for it.
        is_bill: rows carry `_row_hash`, their identity by content; overlaps are searched, closed
            months keep what stood.
        models: (provider column, model column) to be matched with the price book.
        internal: written by Twinledger itself, never by a source.
    """

    name: str
    columns: dict[str, str]
    required: tuple[str, ...] = ()
    period: str = "'all'"
    time: str | None = None
    money: tuple[str, ...] = ()
    currency: str | None = None
    identity: str | None = None
    is_bill: bool = False
    models: tuple[str, str] | None = None
    non_negative: tuple[str, ...] = ()
    internal: bool = False
    newest: str | None = None
    users: tuple[str, ...] = ()

    @property
    def landed_columns(self) -> dict[str, str]:
        """All columns of a part: the dataset's own, then the system's."""
        own = {**self.columns, **({"_row_hash": TEXT} if self.is_bill else {})}
        return {**own, **SYSTEM_COLUMNS}

    @property
    def view_columns(self) -> dict[str, str]:
        """All columns of the landing view: those of a bill also say where a line is booked."""
        return {**self.landed_columns, **(BOOKING_COLUMNS if self.is_bill else {})}


def named(text: str, sql_type: str) -> dict[str, str]:
    """Columns of one type, named in one text."""
    return dict.fromkeys(text.split(), sql_type)
