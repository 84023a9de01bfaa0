"""Prices of one's own as CSV in the price book's columns, judged row by row.

Moments are UTC. A date in `valid_to` is the last day; a moment in it is the end, not included.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.landing.damage import BrokenFileError
from orchestration.pricing.litellm_map import CLASSES
from orchestration.pricing.snapshot import TOKEN_CLASSES
from orchestration.settings import nearest

Row = dict[str, Any]

_LONG_AGO, _EVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
TIER_MODES = ("graduated", "volume")
KINDS = ("list", "negotiated")
_REQUIRED = ("provider", "model", "token_class")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?|24:00(:00)?")


@dataclass(frozen=True)
class Defaults:
    """What holds for every row that does not say otherwise.

    `units` are classes beside the known ones: units that usage records count by.
    """

    kind: str = "list"
    currency: str = "USD"
    units: tuple[str, ...] = ()


def known_classes() -> frozenset[str]:
    """Every class that some list prices: tokens, and the units of genai-prices and LiteLLM."""
    from genai_prices.units import _get_registry

    own = {"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"}
    own |= {"cache_write_5m_tokens", "cache_write_1h_tokens", "output_reasoning_tokens"}
    # These are named by the classes of the ledger instead.
    units = set(_get_registry().units) - own
    return frozenset({*TOKEN_CLASSES, *CLASSES.values(), *units})


def csv_rows(text: str, defaults: Defaults, delimiter: str | None = None) -> list[Row]:
    """Rows of the dataset `prices`, without the snapshot's columns, in the file's order.

    Raises:
        BrokenFileError: the first row that cannot be read, or prices that contradict each other.
    """
    header, records = _records(text, delimiter)
    _check_header(header)
    classes = known_classes() | set(defaults.units)
    rows = []
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            raise BrokenFileError(
                f"{len(record)} values for {len(header)} columns", number, "see that line"
            )
        given = {name: value.strip() for name, value in zip(header, record, strict=True)}
        rows.append(_row({k: v for k, v in given.items() if v}, number, defaults, classes))
    if not rows:
        raise BrokenFileError("the list holds no price", None, "deliver the file again")
    _check_steps(rows)
    _check_overlaps(rows)
    return rows


def _records(text: str, delimiter: str | None) -> tuple[list[str], list[list[str]]]:
    first = text.partition("\n")[0]
    chosen = delimiter or max(",;\t|", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=chosen, strict=True))
    except csv.Error as error:
        raise BrokenFileError(f"the CSV cannot be read ({error})", None, "see the file") from None
    header, *records = lines or [[]]
    return [name.strip().lower() for name in header], [record for record in records if record]


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in _COLUMNS]
    if unknown:
        raise BrokenFileError(
            f"the column '{unknown[0]}' is no column of a price list",
            None,
            nearest(unknown[0], [*_COLUMNS]),
        )
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise BrokenFileError(f"the column '{repeated[0]}' stands twice", None, "remove one")
    missing = [name for name in _REQUIRED if name not in header]
    if not {"unit_price", "price_per_million"} & set(header):
        missing.append("unit_price (or price_per_million)")
    if missing:
        raise BrokenFileError(
            f"the required column '{missing[0]}' is missing",
            None,
            "a price list needs provider, model, token_class, and unit_price or price_per_million",
        )


def _row(given: dict[str, str], number: int, defaults: Defaults, classes: frozenset[str]) -> Row:
    values: Row = dict.fromkeys(_COLUMNS)
    for name, text in given.items():
        try:
            values[name] = _COLUMNS[name](text)
        except ValueError as error:
            raise BrokenFileError(
                f"{name} '{text[:40]}' {error}", number, "correct that row"
            ) from None
    for name in _REQUIRED:
        if values[name] is None:
            raise BrokenFileError(f"{name} is empty", number, "fill it in, or remove the row")
    if values["token_class"] not in classes:
        raise BrokenFileError(
            f"'{values['token_class']}' is no token class",
            number,
            f"{_near(values['token_class'], classes)}name a unit of your own in options.units",
        )
    prices = [values.pop("unit_price"), values.pop("price_per_million")]
    stated = [price for price in prices if price is not None]
    if len(stated) != 1:
        rule = "two prices stand in it" if stated else "it has no price"
        raise BrokenFileError(rule, number, "give either unit_price or price_per_million")
    # Scaling moves the point alone: no digit is lost.
    unit_price = stated[0] if prices[1] is None else stated[0].scaleb(-6)
    if len(f"{unit_price.normalize():f}".partition(".")[2]) > 18:
        raise BrokenFileError(
            "the price has more than 18 decimals a unit", number, "round it as the vendor bills"
        )
    values |= {
        "unit_price": unit_price,
        "currency": values["currency"] or defaults.currency,
        "price_kind": values["price_kind"] or defaults.kind,
        "context_from_tokens": values["context_from_tokens"] or 0,
        "quantity_from": values["quantity_from"] or Decimal(0),
        "is_regular": not values["is_promotion"],
        "row": number,
    }
    _dated(values, number)
    _timed(values, number)
    if values["quantity_from"] and values["tier_mode"] is None:
        raise BrokenFileError(
            "a price from a quantity on needs a tier_mode",
            number,
            "graduated: each unit at its step's price; volume: all units at the step reached",
        )
    if values["is_promotion"] and values["until"] == _EVER:
        raise BrokenFileError("a promotion has an end", number, "give its last day in valid_to")
    return values


def _near(word: str, known: Iterable[str]) -> str:
    near = nearest(word, sorted(known))
    return f"{near} Or " if near.startswith("did you mean") else ""


def _dated(values: Row, number: int) -> None:
    """`valid_*` as dates or moments; `since` and `until`, the moments between which it holds."""
    since, until = values.pop("valid_from"), values.pop("valid_to")
    is_day, is_last_day = (not isinstance(value, datetime) for value in (since, until))
    values["since"] = _start(since) if since else _LONG_AGO
    values["until"] = _start(until) if until else _EVER
    if until and is_last_day:
        values["until"] += timedelta(days=1)
    if values["since"] >= values["until"]:
        raise BrokenFileError("it ends before it begins", number, "correct valid_from or valid_to")
    values["valid_from"], values["valid_from_at"] = (since, None) if is_day else (None, since)
    values["valid_to"], values["valid_until_at"] = (until, None) if is_last_day else (None, until)


def _start(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time(), UTC)


def _timed(values: Row, number: int) -> None:
    start, end = values["from_time"], values["to_time"]
    if end in ("24:00:00", "00:00:00"):
        values["to_time"] = end = None
    if end is not None and (start or "00:00:00") >= end:
        raise BrokenFileError(
            "to_time is not after from_time",
            number,
            "write hours over midnight as two rows: up to 24:00, and from 00:00",
        )
    if end is not None and start is None:
        values["from_time"] = "00:00:00"
    elif start == "00:00:00" and end is None:
        values["from_time"] = None


def _key(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


_WHAT = (
    "provider", "model", "token_class", "service_tier", "geography", "context_from_tokens",
    "price_kind", "is_regular",
)  # fmt: skip
_WHEN = ("since", "until", "weekdays", "from_time", "to_time")


def _check_steps(rows: Iterable[Row]) -> None:
    """The steps of one price by volume say how they add up, all alike, and begin at 0."""
    prices: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        prices[_key(row, *_WHAT, *_WHEN)].append(row)
    for steps in prices.values():
        if all(row["quantity_from"] == 0 for row in steps):
            continue
        if len({_key(row, "tier_mode", "currency") for row in steps}) > 1:
            raise BrokenFileError(
                "the steps of this price differ in tier_mode or currency",
                steps[-1]["row"],
                "give all steps, the one from 0 too, the same ones",
            )
        if min(row["quantity_from"] for row in steps) != 0:
            raise BrokenFileError(
                "the price has no step from 0: its first units would have no price",
                steps[0]["row"],
                "add the step with quantity_from 0, over the same time",
            )


def _check_overlaps(rows: Iterable[Row]) -> None:
    """No two prices for the same thing at the same time. Promotions, and prices of certain hours
    or weekdays, may stand beside the regular price: they come before it."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        is_general = row["from_time"] is None and row["weekdays"] is None
        groups[(*_key(row, *_WHAT, "quantity_from"), is_general)].append(row)
    for group in groups.values():
        standing: list[Row] = []
        for row in sorted(group, key=lambda one: (one["since"], one["row"])):
            standing = [other for other in standing if other["until"] > row["since"]]
            other = next((one for one in standing if _at_once(one, row)), None)
            if other is not None:
                first, second = sorted((other["row"], row["row"]))
                raise BrokenFileError(
                    f"the price stands in row {first} already, over the same time",
                    second,
                    "end the one before the other begins, or remove one",
                )
            standing.append(row)


def _at_once(one: Row, other: Row) -> bool:
    """Whether two prices whose days overlap meet on a weekday at some hour."""
    week = "1234567"
    shares_days = set(one["weekdays"] or week) & set(other["weekdays"] or week)
    first, second = sorted((one, other), key=lambda row: row["from_time"] or "")
    return bool(shares_days) and (second["from_time"] or "") < (first["to_time"] or "24")


# How each column is read: a ValueError says what is wrong with the value.


def _text(value: str) -> str:
    return value


def _lower(value: str) -> str:
    return value.lower()


def _tier(value: str) -> str | None:
    return None if value.lower() in ("standard", "default", "auto", "on_demand") else value.lower()


def _number(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError("is no number (a point for decimals, no thousands, no sign)") from None
    if not number.is_finite():
        raise ValueError("is no number")
    if number < 0:
        raise ValueError("is negative")
    if number >= 10**18:
        raise ValueError("is beyond all measure")
    return number


def _count(value: str) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError("is no whole number")
    return int(number)


def _choice(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower() not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return value.lower()

    return read


def _flag(value: str) -> bool:
    return _choice("true", "false")(value) == "true"


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError("is no currency code such as USD")
    return value


def _weekdays(value: str) -> str | None:
    if not re.fullmatch("[1-7]{1,7}", value) or len(set(value)) != len(value):
        raise ValueError("are no weekdays: 1 is Monday, such as 12345")
    return None if len(value) == 7 else "".join(sorted(value))


def _clock(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError("is no time of the day such as 16:30 (UTC)")
    return value if len(value) == 8 else f"{value}:00"


def _moment(value: str) -> date:
    """A date, or a moment in UTC."""
    try:
        if len(value) == 10:
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no date (2026-10-31) or moment (2026-10-31T16:00:00Z)") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_COLUMNS: dict[str, Callable[[str], Any]] = {
    "provider": _text,
    "model": _text,
    "token_class": _lower,
    "service_tier": _tier,
    "geography": _lower,
    "weekdays": _weekdays,
    "from_time": _clock,
    "to_time": _clock,
    "currency": _currency,
    "price_kind": _choice(*KINDS),
    "tier_mode": _choice(*TIER_MODES),
    "context_from_tokens": _count,
    "quantity_from": _number,
    "unit_price": _number,
    "price_per_million": _number,
    "is_promotion": _flag,
    "valid_from": _moment,
    "valid_to": _moment,
}
