"""Pages as rows, whatever legal amounts and page breaks: nothing is lost, doubled or rounded."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError
from orchestration.landing.api.anthropic import VENDOR as ANTHROPIC
from orchestration.landing.api.client import parse
from orchestration.landing.api.openai import VENDOR as OPENAI
from orchestration.landing.api.pages import PageReader
from orchestration.landing.api.vendor import Vendor
from tests.unit.landing.vendor_server import anthropic_bucket, day_start, openai_bucket, page

AMOUNTS = st.decimals(
    min_value=Decimal("-1e9"), max_value=Decimal("1e9"), places=18, allow_nan=False
)
DAYS = [day_start(f"2026-01-{day:02}") for day in range(1, 9)]


def read(vendor: Vendor, pages: list[str]) -> list[dict[str, str]]:
    reader = PageReader(vendor, "a file")
    return [
        dict(zip(vendor.dataset.columns, row.values, strict=True))
        for text in pages
        for row in reader.rows(parse(text))
    ]


@given(st.lists(AMOUNTS, min_size=1, max_size=30), st.integers(1, 7), st.booleans())
def test_amounts_are_exact_wherever_the_pages_break(
    amounts: list[Decimal], size: int, as_text: bool
) -> None:
    results: list[list[Any]] = [[] for _ in DAYS[:-1]]
    for place, amount in enumerate(amounts):
        shown = f'"{amount:f}"' if as_text else f"{amount:f}"
        results[place % len(results)].append(
            {"object": "organization.costs.result", "line_item": f"line {place}",
             "amount": {"value": f"<{shown}>", "currency": "usd"}}
        )  # fmt: skip
    buckets = [
        openai_bucket(start, end, found)
        for start, end, found in zip(DAYS, DAYS[1:], results, strict=False)
    ]
    texts = [
        json.dumps(page(buckets[at : at + size], "more"))
        .replace('"<\\"', '"').replace('\\">"', '"').replace('"<', "").replace('>"', "")
        for at in range(0, len(buckets), size)
    ]  # fmt: skip
    rows = read(OPENAI, texts)
    assert sorted(Decimal(row["amount_value"]) for row in rows) == sorted(amounts)
    assert {row["amount_unit"] for row in rows} == {"USD"}
    assert len({row["result_id"] for row in rows}) == len(amounts)


def test_amounts_end_at_the_18th_decimal_and_are_never_floats() -> None:
    cost = {"amount": "0.1234567890123456785", "currency": "usd", "description": "x"}
    (row,) = read(ANTHROPIC, [json.dumps(page([anthropic_bucket(DAYS[0], DAYS[1], [cost])]))])
    assert row["amount"] == "0.123456789012345678"
    assert (row["currency"], row["amount_unit"]) == ("USD", "USD cents")
    assert isinstance(parse("0.1"), Decimal)


def test_a_result_keeps_its_id_in_any_page_order_and_while_its_day_grows() -> None:
    usage = {
        "uncached_input_tokens": 1, "cache_read_input_tokens": 1, "output_tokens": 1,
        "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 1},
    }  # fmt: skip
    one, two = ({**usage, "model": name} for name in ("a", "b"))
    morning = anthropic_bucket(DAYS[0], DAYS[0].replace(hour=9), [one, two])
    evening = anthropic_bucket(DAYS[0], DAYS[1], [{**two, "output_tokens": 99}, one])
    ids = [
        {row["model"]: row["result_id"] for row in read(ANTHROPIC, [json.dumps(page([bucket]))])}
        for bucket in (morning, evening)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"results": None}, "the bucket of 2026-01-01 has no field 'results'"),
        ({"start_time": None}, "a bucket has no field 'start_time'"),
        ({"start_time": "noon"}, "'start_time' of a bucket is no time: \"noon\""),
        ({"end_time": 1767225600}, "the bucket of 2026-01-01 ends at 2026-01-01 00:00"),
        ({"end_time": 1767225600 + 86401}, "the bucket of 2026-01-01 ends at 2026-01-02 00:00"),
        ({"results": [3]}, "a result of 2026-01-01 is no object"),
        ({"results": [{"amount": {}}]}, "a result of 2026-01-01 is of no report that is known"),
        (
            {"results": [{"object": "organization.usage.vector_stores.result",
                          "usage_bytes": {"much": 1}}]},
            "vector_stores: the field 'usage_bytes' is no plain value",
        ),
    ],
)  # fmt: skip
def test_what_is_no_bucket_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    bucket = {**openai_bucket(DAYS[0], DAYS[1], []), **change}
    with pytest.raises(RefusedError) as refusal:
        read(OPENAI, [json.dumps(page([bucket]))])
    assert words in str(refusal.value)
