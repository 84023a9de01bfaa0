"""The sample's files: repeatable, in the sources' formats, with what is planted in them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.errors import SettingsError
from orchestration.sample import SampleSummary, write_sample
from orchestration.sample.company import CANARY
from orchestration.sample.focus_files import FOCUS_1_0, FOCUS_1_2
from orchestration.sample.litellm_logs import DUPLICATED_ROWS, QUARANTINED_ROWS
from orchestration.settings import load_settings

# Columns of LiteLLM_SpendLogs in release 1.109.1, as its documentation of the table lists them.
SPEND_LOG_COLUMNS = (
    "request_id call_type api_key spend total_tokens prompt_tokens completion_tokens startTime"
    " endTime request_duration_ms completionStartTime model model_id model_group"
    " custom_llm_provider api_base user metadata cache_hit cache_key request_tags team_id"
    " organization_id end_user requester_ip_address messages response session_id status"
    " mcp_namespaced_tool_name billing_agent_id agent_id proxy_server_request litellm_call_id"
    " created_at updated_at"
)
MONEY = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("sample") / "out")


@pytest.fixture(scope="module")
def truth(sample: SampleSummary) -> dict[str, Any]:
    return json.loads(sample.ground_truth.read_text())


def rows_of(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bill(sample: SampleSummary, name: str) -> list[dict[str, str]]:
    files = sorted((sample.folder / "exports" / name).iterdir())
    assert files
    return [row for path in files for row in rows_of(path)]


def requests_of(sample: SampleSummary) -> list[dict[str, str]]:
    files = sorted((sample.folder / "litellm").glob("*.csv"))
    return [row for path in files for row in rows_of(path)]


def fingerprints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("scale", [1, 3])
def test_the_same_arguments_give_the_same_bytes(tmp_path: Path, scale: int) -> None:
    for name in ("first", "second"):
        write_sample(tmp_path / name, days=40, scale=scale, seed=11)
    assert fingerprints(tmp_path / "first") == fingerprints(tmp_path / "second")


def test_another_seed_gives_other_figures(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_sample(tmp_path / str(seed), days=10, seed=seed)
    first, second = fingerprints(tmp_path / "1"), fingerprints(tmp_path / "2")
    assert first.keys() == second.keys()
    assert (
        first["exports/model_vendor/cost_and_usage_2026-10.csv"]
        != (second["exports/model_vendor/cost_and_usage_2026-10.csv"])
    )


def test_a_sample_replaces_an_earlier_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_sample(out, days=20, end=date(2025, 3, 31))
    (out / "published").mkdir()
    summary = write_sample(out, days=10)
    assert sum(1 for path in out.rglob("*") if path.is_file()) == summary.files
    assert (out / "published").is_dir()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match="holds no sample"):
        write_sample(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(("days", "scale"), [(7, 1), (120, 0)])
def test_too_little_is_refused(tmp_path: Path, days: int, scale: int) -> None:
    with pytest.raises(SettingsError, match="at least"):
        write_sample(tmp_path / "out", days=days, scale=scale)


@pytest.mark.parametrize("days", [8, 31, 45])
def test_any_span_can_be_written(tmp_path: Path, days: int) -> None:
    summary = write_sample(tmp_path / "out", days=days, end=date(2027, 2, 12))
    assert (summary.last_day - summary.first_day).days == days - 1
    assert summary.checks > 100


def test_the_settings_load_and_name_existing_files(sample: SampleSummary) -> None:
    settings = load_settings(sample.settings)
    assert {source.type for source in settings.sources} == {
        "focus", "litellm", "token_events", "gpu_nodes", "gpu_jobs", "outcomes", "units", "seats",
        "invoices", "focus_invoice_detail", "focus_billing_period", "budgets",
    }  # fmt: skip
    for source in settings.sources:
        assert list(sample.folder.glob(source.uri)), source.uri
        found = sorted(sample.folder.glob(source.uri))[0]
        if found.suffix == ".csv" and source.mapping:
            assert set(source.mapping.values()) <= rows_of(found)[0].keys(), source.name
    assert all(path.is_file() for path in settings.reference.values())


def test_the_bills_have_their_versions_columns(sample: SampleSummary) -> None:
    for name, columns in (("aws", FOCUS_1_2), ("azure", FOCUS_1_0), ("model_vendor", FOCUS_1_2)):
        row = bill(sample, name)[0]
        assert tuple(row)[: len(columns)] == columns
        assert all(column.startswith("x_") for column in tuple(row)[len(columns) :])
    assert len(FOCUS_1_2) == 57
    assert len(FOCUS_1_0) == 43


def test_money_is_written_as_plain_decimals(sample: SampleSummary) -> None:
    for name in ("aws", "azure", "model_vendor"):
        for row in bill(sample, name):
            for column in MONEY:
                value = row[column]
                assert value in ("", "NULL") or set(value) <= set("-0123456789."), (name, value)


def test_list_cost_is_unit_price_times_quantity(sample: SampleSummary) -> None:
    for name in ("aws", "azure", "model_vendor"):
        for row in bill(sample, name):
            if row["CommitmentDiscountId"] in ("", "NULL") and row["ChargeCategory"] == "Usage":
                product = Decimal(row["ListUnitPrice"]) * Decimal(row["PricingQuantity"])
                assert Decimal(row["ListCost"]) == product, row


def test_a_commitment_costs_over_the_month_what_was_paid_for_it(sample: SampleSummary) -> None:
    rows = [row for row in bill(sample, "aws") if row["CommitmentDiscountId"]]
    final = {row["InvoiceId"]: [Decimal(0), Decimal(0)] for row in rows}
    for path in sorted((sample.folder / "exports" / "aws").iterdir()):
        # The last export of a month stands.
        months = {row["InvoiceId"]: [Decimal(0), Decimal(0)] for row in rows_of(path)}
        for row in rows_of(path):
            if row["CommitmentDiscountId"]:
                months[row["InvoiceId"]][0] += Decimal(row["BilledCost"])
                months[row["InvoiceId"]][1] += Decimal(row["EffectiveCost"])
        final.update(months)
    assert all(billed == effective > 0 for billed, effective in final.values()), final


def test_the_second_cloud_writes_null_as_text_and_bills_in_other_currencies(
    sample: SampleSummary,
) -> None:
    rows = bill(sample, "azure")
    assert {row["BillingCurrency"] for row in rows} == {"EUR", "BRL"}
    assert {row["AvailabilityZone"] for row in rows} == {"NULL"}
    rates = rows_of(sample.folder / "config" / "exchange_rates.csv")
    assert {row["from_currency"] for row in rates} == {"EUR"}


def test_one_month_is_delivered_twice(sample: SampleSummary, truth: dict[str, Any]) -> None:
    files = sorted(path.name for path in (sample.folder / "exports" / "aws").iterdir())
    months = Counter(name.split("_")[3] for name in files)
    restated = truth["planted"]["restated_month"]["month"]
    assert {month for month, count in months.items() if count == 2} == {restated}


def test_the_spend_log_has_the_columns_of_the_table(sample: SampleSummary) -> None:
    path = sorted((sample.folder / "litellm").iterdir())[0]
    assert list(rows_of(path)[0]) == SPEND_LOG_COLUMNS.split()


def test_these_are_the_columns_of_a_real_release(data: Path) -> None:
    shapes = json.loads((data / "api_shapes" / "litellm_tables.json").read_text())
    table = shapes["1.109.1"]["LiteLLM_SpendLogs"]
    assert [column["name"] for column in table] == SPEND_LOG_COLUMNS.split()


def test_the_spend_log_holds_what_is_planted(sample: SampleSummary, truth: dict[str, Any]) -> None:
    rows = requests_of(sample)
    ids = Counter(row["request_id"] for row in rows)
    failed = {row["request_id"] for row in rows if row["status"] == "failure"}
    retried = {
        tag.removeprefix("retry_of:")
        for row in rows
        for tag in json.loads(row["request_tags"])
        if tag.startswith("retry_of:")
    }
    untagged = sum(1 for row in rows if row["request_tags"] == "[]" and not row["team_id"])
    assert len(rows) == sample.requests + DUPLICATED_ROWS + QUARANTINED_ROWS
    assert sum(1 for count in ids.values() if count == 2) == DUPLICATED_ROWS
    assert sum(1 for row in rows if row["completion_tokens"] == "-1") == QUARANTINED_ROWS
    assert 0.02 < len(failed) / len(rows) < 0.04
    assert retried <= failed
    assert 0.05 < untagged / len(rows) < 0.09
    assert all(CANARY in row["messages"] and CANARY in row["metadata"] for row in rows)
    assert any(row["model"] == truth["planted"]["unpriced_model"]["model"] for row in rows)


def test_token_counts_agree_within_a_row(sample: SampleSummary) -> None:
    for row in requests_of(sample):
        usage = json.loads(row["metadata"])["usage_object"]
        prompt = int(row["prompt_tokens"])
        assert usage["prompt_tokens"] == prompt
        assert 0 <= usage["prompt_tokens_details"]["cached_tokens"] <= prompt
        reasoning = usage["completion_tokens_details"]["reasoning_tokens"]
        assert 0 <= reasoning <= usage["completion_tokens"]
        assert prompt < 270_000


def test_the_vendor_bills_the_log_and_the_failed_calls(
    sample: SampleSummary, truth: dict[str, Any]
) -> None:
    billed = sum(Decimal(row["BilledCost"]) for row in bill(sample, "model_vendor"))
    seen = {row["request_id"]: row for row in requests_of(sample)}
    logged = sum(Decimal(row["spend"]) for row in seen.values() if row["completion_tokens"] != "-1")
    failed = Decimal(truth["planted"]["failed_but_billed"]["cost"])
    assert failed > 0
    assert abs(billed - logged - failed) < Decimal("0.000001")


def test_a_price_changes_on_its_day(sample: SampleSummary, truth: dict[str, Any]) -> None:
    change = truth["planted"]["price_change"]
    prices = {
        (row["ChargePeriodStart"][:10] >= change["from"], Decimal(row["ListUnitPrice"]))
        for row in bill(sample, "model_vendor")
        if row["x_ModelId"] == change["model"] and row["x_TokenClass"] == "input"
    }
    assert prices == {(False, Decimal(5)), (True, Decimal(4))}


def test_one_feature_sends_its_prompts_twice(sample: SampleSummary, truth: dict[str, Any]) -> None:
    bug = truth["planted"]["prompt_length_bug"]
    prompts: dict[bool, list[int]] = {False: [], True: []}
    for row in requests_of(sample):
        if f"feature:{bug['feature']}" in json.loads(row["request_tags"]):
            prompts[row["startTime"][:10] >= bug["from"]].append(int(row["prompt_tokens"]))
    before, after = (sum(found) / len(found) for found in (prompts[False], prompts[True]))
    assert 1.8 < after / before < 2.2


def test_gpus_are_never_promised_twice_and_often_idle(sample: SampleSummary) -> None:
    con = duckdb.connect()
    gpu = sample.folder / "gpu"
    busiest, share = con.execute(
        f"""
        with jobs as (select * from read_csv('{gpu}/jobs.csv') where "Start" is not null),
        nodes as (select * from read_csv('{gpu}/nodes.csv')),
        quarters as (
            select "NodeList" as node, unnest(generate_series("Start",
                "End" - interval 15 minutes, interval 15 minutes)) as quarter,
                "AllocGPUs" * "GPUShare" as held
            from jobs
        ),
        load as (select node, quarter, sum(held) as held from quarters group by all)
        select max(load.held / nodes.gpu_count), sum(load.held) / 4 / (
            select sum(gpu_count * date_diff('hour', lease_start, lease_end)) from nodes)
        from load inner join nodes on load.node = nodes.hostname
            and load.quarter >= nodes.lease_start and load.quarter < nodes.lease_end
        """
    ).fetchall()[0]
    assert busiest <= 1
    assert 0.2 < share < 0.5


def test_it_costs_what_such_a_company_spends(truth: dict[str, Any]) -> None:
    total = sum(
        Decimal(check["value"])
        for check in truth["checks"]
        if check["table"] == "allocation.costs_daily" and "ledger_category" in check["where"]
    )
    assert 150_000 < total < 300_000


def test_the_prices_written_by_hand_are_the_price_books() -> None:
    from genai_prices.data_snapshot import get_snapshot
    from genai_prices.types import ModelPrice as BookPrice
    from genai_prices.types import StartDateConstraint, TieredPrices

    from orchestration.sample.prices import ASSISTANT_PRICE, VENDOR_PRICES

    def base(price: Decimal | TieredPrices | None) -> Decimal:
        return price.base if isinstance(price, TieredPrices) else price or Decimal(0)

    for price in (*VENDOR_PRICES, ASSISTANT_PRICE):
        provider = "anthropic" if price.model.startswith("claude") else "openai"
        _, model = get_snapshot().find_provider_model(price.model, None, provider, None)
        listed = model.prices
        if not isinstance(listed, BookPrice):
            listed = next(
                step.prices
                for step in listed
                if (
                    step.constraint.start_date
                    if isinstance(step.constraint, StartDateConstraint)
                    else date(2024, 1, 1)
                )
                == price.valid_from
            )
        assert (base(listed.input_mtok), base(listed.output_mtok)) == (price.input, price.output)
        assert base(listed.cache_read_mtok) == price.cached_input


def test_the_unknown_models_are_unknown() -> None:
    from genai_prices.data_snapshot import get_snapshot

    from orchestration.sample.company import UNKNOWN_MODEL
    from orchestration.sample.support_log import PREVIEW_MODEL

    for provider, name in (("openai", UNKNOWN_MODEL), ("anthropic", PREVIEW_MODEL)):
        with pytest.raises(LookupError):
            get_snapshot().find_provider_model(name, None, provider, None)
