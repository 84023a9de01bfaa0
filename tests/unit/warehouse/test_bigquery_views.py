"""The landing views' text: bounded, and of the days in which a record may repeat."""

from __future__ import annotations

from dataclasses import replace

from orchestration.landing.datasets import DATASETS
from orchestration.landing.lake import LandedFile, Manifest, standing
from orchestration.landing.profile import PeriodProfile
from orchestration.landing.records import Landed
from orchestration.warehouse.bigquery.names import Names
from orchestration.warehouse.bigquery.views import landing_view, standing_loads

NAMES = Names("acme", "")
LOG = DATASETS["token_events"]


def load(number: int, day: str, distinct: int = 2) -> Manifest:
    time = f"{day}T10:00:00Z"
    return Manifest(
        load_id=f"log-{number:06d}",
        source_name="log",
        source_type="token_events",
        dataset=LOG.name,
        delivery="append",
        sequence=number,
        loaded_at="2026-11-01T00:00:00.000000Z",
        config="",
        files=(LandedFile(f"{number}.csv", f"{number}", "", f"part-{number}", rows=2),),
        periods=(PeriodProfile(day, 2, 0, distinct, "1", time, time),),
    )


def found(*loads: Manifest) -> Landed:
    return Landed({"log": list(loads)}, {"log": standing(list(loads))}, [])


def test_the_text_does_not_grow_with_the_deliveries() -> None:
    few = found(load(1, "2026-10-01"), load(2, "2026-10-01"))
    many = found(*(load(number, "2026-10-01") for number in range(1, 3001)))
    assert landing_view(NAMES, LOG, few, True) == landing_view(NAMES, LOG, many, True)
    assert len(standing_loads(many, [LOG])) == 3000


def test_only_days_in_which_a_record_may_repeat_are_searched() -> None:
    clean = found(load(1, "2026-10-01"), load(2, "2026-10-02"))
    assert "qualify" not in landing_view(NAMES, LOG, clean, True)
    days = [("2026-10-01", 2), ("2026-10-05", 1), ("2026-10-07", 1), ("2026-10-09", 2)]
    mixed = found(*(load(n, day, distinct) for n, (day, distinct) in enumerate(days, 1)))
    text = landing_view(NAMES, LOG, mixed, True)
    assert (
        "landed.`started_at` >= timestamp '2026-10-05 00:00:00+00'"
        " and landed.`started_at` < timestamp '2026-10-08 00:00:00+00'"
    ) in text
    assert [row["may_repeat"] for row in standing_loads(mixed, [LOG])] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_load_that_was_replaced_supplies_nothing() -> None:
    former, newer = load(1, "2026-10-01"), load(2, "2026-10-01")
    newer = replace(newer, files=(replace(former.files[0], sha256="other", part="part-2"),))
    assert [row["load_id"] for row in standing_loads(found(former, newer), [LOG])] == ["log-000002"]


def test_a_table_that_is_not_there_is_a_typed_empty_view() -> None:
    text = landing_view(NAMES, LOG, found(), False)
    assert "cast(null as BIGNUMERIC) as `cost`" in text
    assert "cast(null as TIMESTAMP) as `started_at`" in text
    assert text.endswith("from unnest(array<int64>[]) as nothing")
