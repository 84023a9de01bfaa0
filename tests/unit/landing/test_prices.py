"""Price lists land as they are said, beside each other: none takes another's place in the lake."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.damage import BrokenFileError
from orchestration.landing.land import land
from orchestration.pricing.price_csv import Defaults, csv_rows
from orchestration.settings import PROJECT_ROOT, Settings
from tests.unit.landing.usage_logs import Landed, Workspace

pytestmark = pytest.mark.usefixtures("no_gate")

CSV = '[[sources]]\nname = "contract"\ntype = "prices"\nuri = "prices/*.csv"\n'
OWN = CSV + 'options = {kind = "negotiated", currency = "EUR"}\n'
HEADER = "provider,model,token_class,unit_price"
M = Decimal("0.000001")
UNIT = Decimal("1e-18")


def write(settings: Settings, text: str, name: str = "prices/2026-10-01.csv") -> Path:
    target = settings.folder / name
    target.parent.mkdir(exist_ok=True)
    data = text.encode()
    target.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return target


def rows_of(settings: Settings, landed: Landed, columns: str = "*") -> list[dict[str, Any]]:
    con = landed(settings)
    order = "order by snapshot_date, _load_id, _source_row"
    rows: list[dict[str, Any]] = (
        con.sql(f"select {columns} from landing.prices {order}").to_arrow_table().to_pylist()
    )
    return rows


def test_a_list_of_ones_own_in_the_price_books_columns(
    workspace: Workspace, landed: Landed
) -> None:
    settings = workspace(OWN)
    write(
        settings,
        "Provider;model;token_class;price_per_million;service_tier;geography;weekdays;from_time;"
        "to_time;currency;tier_mode;context_from_tokens;quantity_from;is_promotion;valid_from;"
        "valid_to\n"
        "openai;gpt-4o;output;9.5;;;;;;;;;;;;\n"
        "openai;gpt-4o;input_uncached;2.123456789012;Default;EU;54321;16:30;24:00;USD;;;;;"
        "2026-10-01;2026-12-31\n"
        "openai;gpt-4o;output;1;Batch;;;;;;volume;272001;0;true;2026-10-01T15:59:00Z;"
        "2026-10-31T18:00:00+02:00\n",
    )
    land(settings)
    plain, bound, batch = rows_of(settings, landed)
    assert (plain["unit_price"], plain["currency"], plain["price_kind"]) == (
        Decimal("0.0000095"),
        "EUR",
        "negotiated",
    )
    assert (plain["snapshot_source"], plain["snapshot_date"], plain["_source_row"]) == (
        "contract",
        date(2026, 10, 1),
        1,
    )
    assert (plain["valid_from"], plain["valid_to"], plain["from_time"]) == (None, None, None)
    # Every decimal of a price for a million stays.
    assert bound["unit_price"] == Decimal("0.000002123456789012")
    assert (bound["service_tier"], bound["geography"], bound["weekdays"]) == (None, "eu", "12345")
    assert (bound["from_time"], bound["to_time"], bound["currency"]) == ("16:30:00", None, "USD")
    assert (bound["valid_from"], bound["valid_to"]) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (batch["service_tier"], batch["context_from_tokens"]) == ("batch", 272001)
    assert batch["is_promotion"] is True
    assert (batch["valid_from"], batch["valid_from_at"], batch["valid_until_at"]) == (
        None,
        datetime(2026, 10, 1, 15, 59),
        datetime(2026, 10, 31, 16, 0),
    )


def test_the_examples_of_the_docs_are_true(workspace: Workspace, landed: Landed) -> None:
    text = (PROJECT_ROOT / "docs" / "how-to" / "token-prices.md").read_text(encoding="utf-8")
    [source, prices, aliases] = re.findall(r"```(?:toml|csv)\n(.*?)```", text, re.DOTALL)
    settings = workspace(source)
    write(settings, prices)
    land(settings)
    assert len(rows_of(settings, landed)) == prices.count("\n") - 1
    seed = PROJECT_ROOT / "seeds" / "reference" / "model_aliases.csv"
    assert aliases.splitlines()[0] == seed.read_text(encoding="utf-8").strip()


def test_a_list_that_changes_stands_beside_what_it_said_before(
    workspace: Workspace, landed: Landed
) -> None:
    settings = workspace(CSV)
    said = []
    # And back to what it said at first, which is news again.
    for price in ("1", "2", "1"):
        write(settings, f"{HEADER}\np,m,output,{price}\n")
        land(settings)
        said.append(price)
        assert [str(row["unit_price"].normalize()) for row in rows_of(settings, landed)] == said
    assert not any(result.is_new for result in land(settings))
    loads = landed(settings).execute("select status, period from landing.loads").fetchall()
    assert [status for status, _ in loads] == ["accepted"] * 3
    assert len({period for _, period in loads}) == 3


def test_two_lists_of_one_day_both_stand(workspace: Workspace, landed: Landed) -> None:
    settings = workspace(CSV)
    write(settings, f"{HEADER}\np,m,output,1\n", "prices/a_2026-10-01.csv")
    write(settings, f"{HEADER}\np,m,output,2\n", "prices/b_2026-10-01.csv")
    land(settings)
    assert [row["unit_price"] for row in rows_of(settings, landed)] == [1, 2]


def test_other_settings_are_another_list(workspace: Workspace, landed: Landed) -> None:
    """What was known before the list was said to be negotiated stays known as it was."""
    settings = workspace(CSV)
    write(settings, f"{HEADER}\np,m,output,1\n")
    land(settings)
    settings = workspace(OWN)
    land(settings)
    kinds = [row["price_kind"] for row in rows_of(settings, landed)]
    assert kinds == ["list", "negotiated"]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("prices_v2_2026-03-30.csv", "", date(2026, 3, 30)),
        # A date in the name is the surest.
        ("2026-03-30.csv", 'options = {snapshot_date = "2025-01-01"}\n', date(2026, 3, 30)),
        ("prices.csv", 'options = {snapshot_date = "2025-01-01"}\n', date(2025, 1, 1)),
        ("99999-99-99.csv", "", datetime.now(UTC).date()),
    ],
)
def test_the_day_of_a_list(
    workspace: Workspace, landed: Landed, name: str, options: str, expected: date
) -> None:
    settings = workspace(CSV + options)
    write(settings, f"{HEADER}\np,m,output,1\n", f"prices/{name}")
    land(settings)
    assert [row["snapshot_date"] for row in rows_of(settings, landed)] == [expected]


def test_steps_by_volume_hours_and_promotions_stand_beside_the_regular_price(
    workspace: Workspace, landed: Landed
) -> None:
    settings = workspace(CSV)
    write(
        settings,
        f"{HEADER},tier_mode,quantity_from,from_time,to_time,is_promotion,valid_to\n"
        "p,m,output,5,graduated,0,,,,\n"
        "p,m,output,4,graduated,1000000,,,,\n"
        "p,m,output,3,,,22:00,24:00,,\n"
        "p,m,output,3,,,00:00,06:00,,\n"
        "p,m,output,1,,,,,true,2026-10-31\n",
    )
    land(settings)
    rows = rows_of(settings, landed, "quantity_from, from_time, to_time, tier_mode")
    assert [tuple(row.values()) for row in rows] == [
        (0, None, None, "graduated"),
        (1_000_000, None, None, "graduated"),
        (0, "22:00:00", None, None),
        (0, "00:00:00", "06:00:00", None),
        (0, None, None, None),
    ]


def test_a_unit_of_ones_own_is_named(workspace: Workspace, landed: Landed) -> None:
    settings = workspace(CSV + 'options = {units = "pages, Gpu_Minutes"}\n')
    write(settings, f"{HEADER}\np,m,pages,1\np,m,gpu_minutes,2\np,m,web_searches,3\n")
    land(settings)
    assert len(rows_of(settings, landed)) == 3


DATED = f"{HEADER},valid_from,valid_to"


@pytest.mark.parametrize(
    ("text", "row", "rule", "step"),
    [
        ("", None, "empty|'provider' is missing", ""),
        (f"{HEADER}\n", None, "holds no price", "again"),
        ("provider,model,unit_price\np,m,1\n", None, "'token_class' is missing", "needs"),
        ("provider,model,token_class\np,m,output\n", None, "unit_price .* is missing", "needs"),
        (f"{HEADER},servce_tier\np,m,output,1,x\n", None, "'servce_tier'", "service_tier"),
        (f"{HEADER},model\np,m,output,1,x\n", None, "stands twice", "remove"),
        (f"{HEADER}\np,m,output,1\np,m,output\n", 2, "3 values for 4", "line"),
        (f"{HEADER}\np,m,output,1\np,n,output,-1\n", 2, "unit_price '-1' is negative", "correct"),
        (f"{HEADER}\np,m,output,nan\n", 1, "is no number", "correct"),
        (f"{HEADER}\np,m,output,$1\n", 1, "is no number", "correct"),
        (f"{HEADER}\np,m,output,1e30\n", 1, "beyond", "correct"),
        (f"{HEADER}\np,m,output,1e-19\n", 1, "more than 18 decimals", "round"),
        (f"{HEADER}\np,,output,1\n", 1, "model is empty", "fill"),
        (f"{HEADER}\np,m,output,\n", 1, "no price", "unit_price"),
        (f"{HEADER},price_per_million\np,m,output,1,1\n", 1, "two prices", "either"),
        (f"{HEADER}\np,m,ouput,1\n", 1, "'ouput' is no token class", "output.*options.units"),
        (f"{HEADER},currency\np,m,output,1,usd\n", 1, "no currency", "correct"),
        (f"{HEADER},weekdays\np,m,output,1,18\n", 1, "no weekdays", "correct"),
        (f"{HEADER},from_time\np,m,output,1,25:00\n", 1, "no time of the day", "correct"),
        (f"{HEADER},from_time,to_time\np,m,output,1,22:00,06:00\n", 1, "not after", "two rows"),
        (f"{DATED}\np,m,output,1,1.10.2026,\n", 1, "is no date", "correct"),
        (f"{DATED}\np,m,output,1,2026-10-02,2026-10-01\n", 1, "ends before", "valid_to"),
        (f"{HEADER},is_promotion\np,m,output,1,true\n", 1, "promotion has an end", "valid_to"),
        (f"{HEADER},quantity_from\np,m,output,1,0\np,m,output,1,10\n", 2, "tier_mode", "graduated"),
        (
            f"{HEADER},quantity_from,tier_mode\np,m,output,1,0,volume\np,m,output,1,10,graduated\n",
            2,
            "differ in tier_mode",
            "same",
        ),
        (f"{HEADER},quantity_from,tier_mode\np,m,output,1,5,volume\n", 1, "no step from 0", "add"),
        (f"{HEADER}\np,m,output,1\np,m,output,2\n", 2, "stands in row 1", "end the one"),
        (
            f"{DATED}\np,m,output,1,2026-10-01,2026-10-31\np,m,output,2,,2026-10-01\n",
            2,
            "stands in row 1",
            "end the one",
        ),
        (
            f"{HEADER},service_tier,currency\np,m,output,1,standard,EUR\np,m,output,1,,USD\n",
            2,
            "stands in row 1",
            "end the one",
        ),
        (
            f"{HEADER},weekdays,from_time,to_time\np,m,output,1,12,08:00,\np,m,output,1,,,09:00\n",
            2,
            "stands in row 1",
            "end the one",
        ),
        ('{"m": 1}', None, "no price list that is known", "genai-prices"),
        ('{"m": {"litellm_provider": "p"}}', None, "holds no price", "again"),
        ('{"m": {\n"input_cost_per_token": }}', 2, "no valid JSON", "line"),
        ('{"m": {"input_cost_per_token": -1}}', None, "m: .* is negative", "correct"),
        ('[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": -1}}]}]', None,
         "p/m: input_mtok is negative", "correct"),
        ('[{"id": "p", "models": [{"id": "m", "prices": {"input_mtok": "1"}}]}]', None,
         "p/m: input_mtok is no number", "correct"),
        ('[{"id": "p", "models": [{"id": "m", "prices": [{"constraint": {"moon": "full"}, '
         '"prices": {}}]}]}]', None, "unknown constraint: moon", "correct"),
        ('[{"id": "p", "models": [{"id": "m"}]}]', None, "p/m cannot be read", "correct"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(
    workspace: Workspace, landed: Landed, text: str, row: int | None, rule: str, step: str
) -> None:
    settings = workspace(CSV)
    write(settings, text)
    with pytest.raises(RefusedError, match=rule) as refused:
        land(settings)
    assert (refused.value.file, refused.value.row) == ("prices/2026-10-01.csv", row)
    assert re.search(step, refused.value.next_step)
    assert rows_of(settings, landed) == []


HOURS = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda one: one[0] < one[1])


@given(
    st.lists(
        st.tuples(
            st.integers(1, 27),
            st.integers(0, 5),
            st.none() | HOURS,
            st.none() | st.sets(st.integers(1, 7), min_size=1),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_a_list_is_accepted_exactly_if_no_moment_has_two_prices(
    prices: list[tuple[int, int, tuple[int, int] | None, set[int] | None]],
) -> None:
    """Of the general prices, and of those of certain hours or weekdays."""
    lines, moments = [f"{HEADER},valid_from,valid_to,from_time,to_time,weekdays"], []
    for day, length, hours, weekdays in prices:
        last = min(day + length, 31)
        start, end = (f"{hours[0]:02}:00", f"{hours[1]:02}:00") if hours else ("", "")
        on = "".join(str(one) for one in weekdays) if weekdays else ""
        lines.append(f"p,m,output,1,2026-10-{day:02},2026-10-{last:02},{start},{end},{on}")
        is_general = hours in (None, (0, 24)) and len(weekdays or "1234567") == 7
        moments.append(
            {
                (is_general, date(2026, 10, one), hour)
                for one in range(day, last + 1)
                for hour in range(*(hours or (0, 24)))
                if date(2026, 10, one).isoweekday() in (weekdays or range(1, 8))
            }
        )
    # Two lists of weekdays that never come in their days do not meet, but say so together.
    is_clear = sum(map(len, moments)) == len(set().union(*moments))
    rule = ""
    try:
        csv_rows("\n".join(lines), Defaults())
    except BrokenFileError as broken:
        rule = broken.rule
    if rule:
        assert "over the same time" in rule
        assert not is_clear or any(weekdays for *_, weekdays in prices)
    else:
        assert is_clear


@pytest.mark.parametrize("cut", [1, 40])
def test_a_damaged_file_is_refused(workspace: Workspace, cut: int) -> None:
    settings = workspace(CSV.replace("*.csv", "*"))
    file = write(settings, '{"m": {"input_cost_per_token": 1e-6}}', "prices/2026-10-01.json.gz")
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(RefusedError, match="gzip"):
        land(settings)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('options = {kind = "secret"}', "options.kind 'secret'"),
        ('options = {currency = "Euro"}', "options.currency 'Euro'"),
        ('options = {snapshot_date = "soon"}', "options.snapshot_date 'soon' is no date"),
        ('options = {snapshot = "2026-01-01"}', "unknown option 'snapshot'"),
        ('delivery = "append"', "no key 'delivery'"),
        ('mapping = {model = "Model"}', "no key 'mapping'"),
        ('format = "parquet"', "format 'parquet'"),
    ],
)
def test_settings_that_do_not_fit(workspace: Workspace, line: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        workspace(CSV + line + "\n")


def test_a_data_file_of_genai_prices_is_the_list_that_is_bundled(
    workspace: Workspace, landed: Landed
) -> None:
    settings = workspace(CSV.replace("*.csv", "*.json"))
    price = {
        "input_mtok": 1.1,
        "output_mtok": {"base": 2, "tiers": [{"start": 200000, "price": 3}]},
    }
    document = [
        {
            "id": "p",
            "models": [
                {
                    "id": "m",
                    "prices": [
                        {"prices": price},
                        {"constraint": {"start_date": "2026-02-01"}, "prices": {"input_mtok": 1}},
                    ],
                    "price_variants": [
                        {"when": {"processing": "batch"}, "prices": {"input_mtok": 0.5},
                         "constraint": {"start_date": "2026-03-01"}}
                    ],
                }
            ],
        }
    ]  # fmt: skip
    write(settings, json.dumps(document), "prices/data_2026-03-30.json")
    land(settings)
    found = {
        (row["token_class"], row["service_tier"], row["context_from_tokens"], row["valid_from"]):
        row["unit_price"]
        for row in rows_of(settings, landed)
        if row["token_class"] in ("input_uncached", "output")
    }  # fmt: skip
    assert found == {
        ("input_uncached", None, 0, None): Decimal("1.1") * M,
        ("input_uncached", None, 200_001, None): Decimal("1.1") * M,
        ("output", None, 0, None): 2 * M,
        ("output", None, 200_001, None): 3 * M,
        ("input_uncached", None, 0, date(2026, 2, 1)): 1 * M,
        ("input_uncached", "batch", 0, date(2026, 3, 1)): Decimal("0.5") * M,
    }
    assert {row["snapshot_source"] for row in rows_of(settings, landed)} == {"genai_prices"}


def test_the_real_lists_land_exactly(workspace: Workspace, landed: Landed, data: Path) -> None:
    settings = workspace(
        f'[[sources]]\nname = "genai"\ntype = "prices"\n'
        f'uri = "{data}/price_books_genai_prices/data_*.json.gz"\n'
        f'[[sources]]\nname = "litellm"\ntype = "prices"\n'
        f'uri = "{data}/price_books_litellm/*.json.gz"\n'
    )
    land(settings)
    con = landed(settings)
    counted = con.execute(
        "select snapshot_source, snapshot_date, count(distinct (provider, model)) "
        "from landing.prices where snapshot_source = 'genai_prices' group by all order by all"
    ).fetchall()
    assert [str(day) for _, day, _ in counted] == [
        "2025-06-23", "2025-09-29", "2025-12-31", "2026-03-30"
    ]  # fmt: skip
    for file, (_, day, models) in zip(
        sorted((data / "price_books_genai_prices").glob("*.gz")), counted, strict=True
    ):
        document = json.loads(gzip.decompress(file.read_bytes()), parse_float=Decimal)
        stated = {
            (provider["id"], model["id"]): model["prices"]["input_mtok"]
            for provider in document
            for model in provider["models"]
            if isinstance(model["prices"], dict)
            and isinstance(model["prices"].get("input_mtok"), Decimal | int)
        }
        ours = {
            (provider, model): price
            for provider, model, price in con.execute(
                "select provider, model, unit_price from landing.prices where snapshot_date = ? "
                "and token_class = 'input_uncached' and context_from_tokens = 0 "
                "and snapshot_source = 'genai_prices'",
                [day],
            ).fetchall()
            if (provider, model) in stated
        }
        # Some prices carry the noise of a double past any decimal that is billed.
        assert ours == {pair: (price * M).quantize(UNIT) for pair, price in stated.items()}
        assert models >= len(stated)
    lists = con.execute(
        "select count(distinct _period), count(*) filter (unit_price < 0) from landing.prices "
        "where snapshot_source = 'litellm'"
    ).fetchall()
    assert lists == [(3, 0)]
