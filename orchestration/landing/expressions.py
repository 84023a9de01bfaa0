"""From a source's text to a landed value: one SQL expression for each type.

Each expression is null where the text cannot be read; the caller compares with the text to tell an
unreadable value from a missing one.
"""

from __future__ import annotations

from orchestration.landing.datasets import BIGINT, BOOL, DATE, MONEY, TEXT, TIME
from orchestration.landing.readers import literal
from orchestration.settings import SourceSettings

_NUMBERS = ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER")
# "$10,000.00 " and "-1,234.5": a sign, a currency sign and thousands in groups of three only, so
# that a decimal comma ("1,5") is refused instead of read as fifteen.
_FORMATTED_MONEY = r"\s*-?[$€£]?\s*\d{1,3}(,\d{3})*(\.\d+)?\s*"
_PLAIN_MONEY = r"\s*-?[$€£]?\s*\d+(\.\d+)?\s*"
# Month first, as the American spreadsheets that wrote such dates do; then year first.
_OTHER_DATES = (
    "['%m/%d/%y', '%m/%d/%Y', '%m/%d/%Y %H:%M', '%m/%d/%Y %H:%M:%S', '%Y/%m/%d', "
    "'%Y/%m/%d %H:%M:%S', '%Y%m%d', '%Y%m%dT%H%M%SZ']"
)


def typed(raw: str, sql_type: str, source: SourceSettings, stated_type: str = "") -> str:
    """SQL that reads `raw` as a landed type.

    Args:
        raw: SQL of the source's value.
        sql_type: the landed type.
        source: its time zone, unit and epoch are those of the source's times.
        stated_type: the type that the file itself states (Parquet), else empty.
    """
    if sql_type == MONEY:
        return _money(raw, stated_type)
    if sql_type == TIME:
        return _time(raw, source, stated_type)
    if sql_type == DATE:
        return f"cast({_time(raw, source, stated_type)} as date)"
    if sql_type in (BIGINT, BOOL):
        return f"try_cast({raw} as {sql_type})"
    assert sql_type == TEXT
    return f"cast({raw} as varchar)" if stated_type not in ("", "VARCHAR") else raw


def _money(raw: str, stated_type: str) -> str:
    if stated_type.startswith(_NUMBERS):
        return f"try_cast({raw} as {MONEY})"
    # A double is read through its shortest text: 0.1 is 0.1, not 0.1000000000000000055.
    text = f"cast({raw} as varchar)" if stated_type else raw
    stripped = f"regexp_replace({text}, '[$€£,\\s]', '', 'g')"
    formatted = (
        f"case when regexp_full_match({text}, {literal(_FORMATTED_MONEY)}) "
        f"or regexp_full_match({text}, {literal(_PLAIN_MONEY)}) "
        f"then try_cast({stripped} as {MONEY}) end"
    )
    return f"coalesce(try_cast({text} as {MONEY}), {formatted})"


def _time(raw: str, source: SourceSettings, stated_type: str) -> str:
    if source.time_unit is not None:
        micros = {"s": "1000000", "ms": "1000"}[source.time_unit]
        since = f"timestamp {literal(source.epoch or '1970-01-01')}"
        # Microseconds as a decimal: a double would lose them in times such as 475.00000000000006.
        return (
            f"{since} + to_microseconds(cast(round(try_cast({raw} as decimal(38,9)) * {micros}) "
            "as bigint))"
        )
    if stated_type == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({raw}))"
    if stated_type.startswith("TIMESTAMP") or stated_type == "DATE":
        return _from_zone(f"cast({raw} as timestamp)", source)
    text = f"cast({raw} as varchar)" if stated_type else raw
    # Through timestamptz, which honours an offset; the session's zone is UTC, so that a time
    # without one stays as it is. Only ISO text goes there: '5/1/25' would be the year 5.
    iso = f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
    parsed = (
        f"case when substr({text}, 5, 1) = '-' "
        f"then coalesce({iso}, try_strptime({text}, '%Y-%m-%dT%H:%MZ')) "
        f"else try_strptime({text}, {_OTHER_DATES}) end"
    )
    return _from_zone(parsed, source)


def _from_zone(expression: str, source: SourceSettings) -> str:
    if source.timezone == "UTC":
        return expression
    return f"make_timestamp(epoch_us(timezone({literal(source.timezone)}, {expression})))"
