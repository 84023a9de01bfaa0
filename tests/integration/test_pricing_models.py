"""One bill a pricing model, and the usage behind it: every figure computed by hand.

The commitments are the worked examples of the FOCUS specification. Azure's capacity is bought
with a reservation on the first day and without one on the second.
"""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.pipeline import run
from orchestration.settings import Settings, load_settings

BILL = {"BillingCurrency": "USD", "BillingPeriodStart": "2026-10-01T00:00:00Z"}
DAY_1, DAY_2, DAY_3 = (f"2026-10-0{day}T00:00:00Z" for day in (1, 2, 3))
SETTINGS = """
[reference]
credit_grants = "credit_grants.csv"
provisioned_throughput = "provisioned_throughput.csv"

[[sources]]
name = "azure"
type = "focus"
uri = "azure.csv"

[[sources]]
name = "azure_log"
type = "azure_openai"
uri = "azure_log.jsonl"
billed_by = "azure"
options = { provisioned_deployments = "chat-ptu" }

[[sources]]
name = "cloud"
type = "focus"
uri = "cloud.csv"

[[sources]]
name = "nodes"
type = "gpu_nodes"
uri = "nodes.csv"
billed_by = "cloud"

[[sources]]
name = "jobs"
type = "gpu_jobs"
uri = "jobs.csv"

[[sources]]
name = "assistant_seats"
type = "seats"
uri = "seats.csv"
constants = { currency = "USD" }

[[sources]]
name = "assistant_log"
type = "token_events"
uri = "assistant.csv"
billed_by = "assistant_seats"
constants = { service_tier = "subscription", provider = "anthropic" }
"""
SCENARIOS = {
    "all_used": "commitment_discount_usage_scenario_1",
    "none_used": "commitment_discount_usage_scenario_2",
    "three_quarters_used": "commitment_discount_usage_scenario_3",
    "more_than_committed": "commitment_discount_usage_scenario_4",
    "bought_for_a_year": "commitment_discount_purchase_scenario_1",
}
CURRENCIES = ("virtual_currency_pricing_model_a1", "virtual_currency_pricing_model_a2")


def line(day: str, provider: str, service: str, text: str, **columns: Any) -> dict[str, Any]:
    """A usage line of a day that costs what it lists, unless `columns` say more."""
    amount = columns.pop("amount", 0)
    return {
        **BILL,
        "ServiceProviderName": provider,
        "ServiceName": service,
        "ChargeDescription": text,
        "ChargeCategory": "Usage",
        "PricingCategory": "Standard",
        "ChargePeriodStart": day,
        "ChargePeriodEnd": DAY_2 if day == DAY_1 else DAY_3,
        **dict.fromkeys(("ListCost", "ContractedCost", "BilledCost", "EffectiveCost"), amount),
        **columns,
    }


def ptu(day: str, **columns: Any) -> dict[str, Any]:
    """50 units for 24 hours at a dollar."""
    meter = {
        "SkuMeter": "Provisioned Managed Global Unit", "ResourceId": "/accounts/chat",
        "ResourceName": "chat", "PricingQuantity": 1200, "PricingUnit": "1 Hour",
        "ConsumedQuantity": 1200, "ConsumedUnit": "Hours",
    }  # fmt: skip
    return line(
        day, "Microsoft", "Azure OpenAI", "GPT capacity", amount=1200, **{**meter, **columns}
    )


RESERVED = {"CommitmentDiscountId": "r-1", "PricingCategory": "Committed", "BilledCost": 0}
AZURE = [
    ptu(DAY_1, **RESERVED, CommitmentDiscountStatus="Used", EffectiveCost=720),
    ptu(DAY_1, **RESERVED, CommitmentDiscountStatus="Unused", EffectiveCost=80,
        ResourceId="r-1", ResourceName="reservation"),
    ptu(DAY_2),
    line(DAY_1, "Microsoft", "Azure OpenAI", "gpt-4o tokens", amount="0.1"),
]  # fmt: skip
CLOUD = [
    line(DAY_1, "AWS", "Bedrock", "Claude tokens", amount=9, ListCost=10),
    line(DAY_2, "AWS", "Bedrock", "Claude tokens", amount=9, ListCost=10),
    line(DAY_1, "AWS", "Bedrock", "Credit trial-1 applied", amount=-9, ListCost="",
         ContractedCost="", ChargeCategory="Credit", PricingCategory=""),
    line(DAY_2, "AWS", "Bedrock", "Credit trial-1 applied", amount=-9, ListCost="",
         ContractedCost="", ChargeCategory="Credit", PricingCategory=""),
    line(DAY_1, "AWS", "EC2", "p5 spot hours", amount=40, ListCost=100, ContractedCost=100,
         PricingCategory="Dynamic", ResourceId="node-1"),
    line(DAY_1, "AWS", "S3", "$0.023 per GB - first 50 TB / month of storage used", amount=5),
    line(DAY_1, "AWS", "Lambda", "Requests in the free tier", ListCost=2, ListUnitPrice="0.02"),
    line(DAY_1, "AWS", "Support", "Plan of the month", amount=29, ChargeCategory="Purchase",
         ChargeFrequency="Recurring"),
    line(DAY_1, "AWS", "GitHub Copilot", "Copilot Business, per user", amount=190),
    line(DAY_1, "AWS", "Amazon Bedrock", "Claude Provisioned Throughput, model units", amount=1000,
         PricingQuantity=48, PricingUnit="Hours", ConsumedQuantity=48, ConsumedUnit="Hours"),
    line(DAY_1, "AWS", "EBS", "$0.04 per provisioned MiBps-month of throughput", amount=4),
    line(DAY_1, "AWS", "Tax", "Sales tax", amount=3, ListCost="", ContractedCost="",
         ChargeCategory="Tax", PricingCategory=""),
    line(DAY_1, "Google", "Vertex AI", "Gemini Provisioned Throughput, 1 month", amount=3100,
         ChargeCategory="Purchase", ChargeFrequency="Recurring", PricingQuantity=3,
         PricingUnit="GSU-Months") | {"ChargePeriodEnd": "2026-11-01T00:00:00Z"},
    line(DAY_1, "OpenAI", "OpenAI API", "gpt-4o scale tier, input units", amount=110),
]  # fmt: skip


def request(number: int, deployment: str, usage: dict[str, Any], **more: Any) -> str:
    properties = {"modelDeploymentName": deployment, "modelName": "gpt-4o", "usage": usage, **more}
    return json.dumps(
        {
            "time": "2026-10-01T10:00:00Z", "category": "RequestResponse", "resultSignature": "200",
            "correlationId": f"c-{number}", "properties": json.dumps(properties),
        }
    )  # fmt: skip


REQUESTS = [
    request(1, "chat-ptu", {
        "prompt_tokens": 1_000_000, "completion_tokens": 100_000, "total_tokens": 1_100_000,
        "prompt_tokens_details": {"cached_tokens": 400_000},
    }),
    request(2, "chat-standard", {
        "prompt_tokens": 20_000, "completion_tokens": 5_000, "total_tokens": 25_000,
    }, responseHeaders={"x-ms-spillover-from-deployment": "chat-ptu"}),
]  # fmt: skip
FILES = {
    "azure_log.jsonl": "\n".join(REQUESTS) + "\n",
    "credit_grants.csv": "issuer,credit_id,amount,currency,valid_from,valid_to\n"
    "AWS,trial-1,100,USD,2026-10-01,2026-12-31\n",
    "provisioned_throughput.csv": "provider,model,unit,tokens_per_minute,valid_from,valid_to,"
    "source\nMicrosoft,gpt-4o,PTU,2500,,,the vendor's capacity calculator\n",
    "nodes.csv": "node,gpu_model,gpus,hourly_price,currency,available_from,available_to\n"
    "node-1,H100,8,1,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z\n",
    "jobs.csv": "job,node,gpus,state,started_at,ended_at\n"
    "a,node-1,4,COMPLETED,2026-10-01T00:00:00Z,2026-10-01T12:00:00Z\n"
    "b,node-1,8,PREEMPTED,2026-10-01T12:00:00Z,2026-10-01T18:00:00Z\n",
    "seats.csv": "service,period,assigned,active,seat_price,team\n"
    "Claude,2026-10,60,50,30,core\nClaude,2026-10,40,30,30,ads\n",
    "assistant.csv": "started_at,request_id,model,input_tokens,output_tokens\n"
    "2026-10-05T08:00:00Z,r1,claude-sonnet-4-5,100000,20000\n",
}


def write_bill(path: Path, lines: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for item in lines for key in item)))
        writer.writeheader()
        writer.writerows(lines)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Settings:
    """All of it, published."""
    folder = tmp_path_factory.mktemp("pricing_models")
    examples = data / "focus_spec_examples"
    scenarios = "".join(
        f'[[sources]]\nname = "{name}"\ntype = "focus"\n'
        f'uri = "{examples}/commitment_discount_scenarios/{file}.csv"\n'
        f'constants = {{ BillingCurrency = "USD", ServiceProviderName = "{name}" }}\n\n'
        for name, file in SCENARIOS.items()
    )
    currencies = "".join(
        f'[[sources]]\nname = "{name}"\ntype = "focus"\n'
        f'uri = "{examples}/saas_examples/{name}.csv"\n\n'
        for name in CURRENCIES
    )
    (folder / "twinledger.toml").write_text(f"{SETTINGS}\n{scenarios}{currencies}", "utf-8")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    write_bill(folder / "azure.csv", AZURE)
    write_bill(folder / "cloud.csv", CLOUD)
    settings = load_settings(folder / "twinledger.toml")
    run(settings)
    return settings


def marts(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.publish / "marts.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_line_has_its_pricing_model(company: Settings) -> None:
    assert marts(
        company,
        "select charge_description, pricing_model from cost_ledger.charges "
        "where source_name = 'cloud' and charge_date = '2026-10-01' order by all",
    ) == [
        ("$0.023 per GB - first 50 TB / month of storage used", "tiered"),
        ("$0.04 per provisioned MiBps-month of throughput", "on_demand"),
        ("Claude Provisioned Throughput, model units", "provisioned"),
        ("Claude tokens", "on_demand"),
        ("Copilot Business, per user", "subscription"),
        ("Credit trial-1 applied", "free"),
        ("Gemini Provisioned Throughput, 1 month", "provisioned"),
        ("Plan of the month", "subscription"),
        ("Requests in the free tier", "free"),
        ("Sales tax", None),
        ("gpt-4o scale tier, input units", "provisioned"),
        ("p5 spot hours", "spot"),
    ]  # fmt: skip
    assert marts(
        company,
        "select source_name, pricing_model, evidence_level, sum(cost) from cost_ledger.charges "
        "where source_name not in ('cloud') and service_provider_name <> 'ACMECORP' "
        "and pricing_model <> 'committed' group by all order by all",
    ) == [
        ("assistant_seats", "subscription", "modelled", Decimal(3000)),
        ("azure", "on_demand", "billed", Decimal("0.1")),
        ("azure", "provisioned", "billed", Decimal(1200)),
        ("more_than_committed", "on_demand", "billed", Decimal("0.5")),
    ]


def test_the_models_of_a_day_add_up_with_their_savings(company: Settings) -> None:
    assert marts(
        company,
        "select pricing_model, list_cost, billed_cost, effective_cost, saving, "
        "saving_completeness, negotiated_saving from cost_ledger.pricing_models_daily "
        "where provider = 'AWS' and charge_date = '2026-10-01' order by pricing_model nulls last",
    ) == [
        # Of the credit of 9 and the 2 of the free tier, all is saved.
        ("free", 2, -9, -9, 11, 1.0, 2),
        ("on_demand", 14, 13, 13, 1, 1.0, 1),
        ("provisioned", 1000, 1000, 1000, 0, 1.0, 0),
        ("spot", 100, 40, 40, 60, 1.0, 0),
        ("subscription", 219, 219, 219, 0, 1.0, 0),
        ("tiered", 5, 5, 5, 0, 1.0, 0),
        (None, None, 3, 3, None, 0.0, None),
    ]
    # The pre-empted job had 48 of the node's 192 GPU-hours.
    assert marts(
        company,
        "select rework_cost, spot_net_saving from cost_ledger.pricing_models_daily "
        "where pricing_model = 'spot'",
    ) == [(Decimal(10), Decimal(50))]


def test_used_and_unused_add_up_to_what_was_bought(company: Settings) -> None:
    found = marts(
        company,
        "select provider, used_commitment_cost, unused_commitment_cost, commitment_utilization, "
        "billed_cost, effective_cost, saving from cost_ledger.pricing_models_daily "
        "where pricing_model = 'committed' and year(charge_date) = 2023 order by provider",
    )
    one, none, quarter = Decimal(1), Decimal(0), Decimal("0.25")
    assert found == [
        ("all_used", one, none, 1.0, none, one, None),
        ("bought_for_a_year", None, None, None, Decimal(8760), none, none),
        ("more_than_committed", one, none, 1.0, none, one, None),
        ("none_used", none, one, 0.0, none, one, -one),
        ("three_quarters_used", 3 * quarter, quarter, 0.75, none, one, -quarter),
    ]
    bought = found[1][4]
    for name in ("all_used", "none_used", "three_quarters_used", "more_than_committed"):
        hour = next(row for row in found if row[0] == name)
        assert (hour[1] + hour[2]) * 8760 == bought
    # Paid beforehand in a currency of the vendor's own: bought, and drawn.
    assert marts(
        company,
        "select source_name, pricing_model, sum(billed_cost), sum(effective_cost) from "
        "cost_ledger.charges where service_provider_name = 'ACMECORP' group by all order by all",
    ) == [
        (CURRENCIES[0], "committed", Decimal(200_000), none),
        (CURRENCIES[1], "committed", none, Decimal(1230)),
    ]
    assert marts(
        company,
        "select used_commitment_cost, unused_commitment_cost, commitment_utilization, saving "
        "from cost_ledger.pricing_models_daily where provider = 'Microsoft' "
        "and pricing_model = 'committed'",
    ) == [(Decimal(720), Decimal(80), 0.9, Decimal(400))]


def test_bought_capacity_is_compared_with_the_same_tokens_by_the_token(company: Settings) -> None:
    """600k x 2.5 + 400k x 1.25 + 100k x 10 dollars a million = 3; 180 million could be served."""
    (row,) = marts(
        company,
        "select effective_cost, capacity_unit_hours, capacity_units, tokens_served, "
        "capacity_tokens, used_share, effective_price_per_million, pay_as_you_go_cost, "
        "break_even_tokens, break_even_used_share, spillover_tokens, spillover_cost "
        "from cost_ledger.provisioned_capacity_daily "
        "where deployment_name = 'chat' and charge_date = '2026-10-01'",
    )
    assert row[:5] == (720, 1200, 50.0, 1_100_000, 180_000_000)
    assert row[5] == pytest.approx(1.1 / 180, rel=1e-12)
    assert row[6] == pytest.approx(720 / 1.1, rel=1e-12)
    assert row[7] == Decimal(3)
    assert row[8] == pytest.approx(264_000_000, rel=1e-12)
    assert row[9] == pytest.approx(264 / 180, rel=1e-12)
    assert row[10:] == (25_000, Decimal("0.1"))
    assert marts(
        company,
        "select provider, deployment_name, capacity_unit, charge_date::varchar, effective_cost, "
        "capacity_unit_hours, tokens_served, used_share, pay_as_you_go_cost "
        "from cost_ledger.provisioned_capacity_daily where charge_date < '2026-10-03' "
        "and coalesce(deployment_name, '') <> 'chat' or deployment_name = 'chat' "
        "and charge_date = '2026-10-02' order by provider, charge_date",
    ) == [
        # No usage of these is told; the reservation that was not deployed served nothing.
        ("AWS", None, "model unit", "2026-10-01", 1000, 48, None, None, None),
        ("Google", None, "GSU", "2026-10-01", 100, 72, None, None, None),
        ("Google", None, "GSU", "2026-10-02", 100, 72, None, None, None),
        ("Microsoft", "reservation", "PTU", "2026-10-01", 80, 0, 0, None, 0),
        ("Microsoft", "chat", "PTU", "2026-10-02", 1200, 1200, None, None, None),
        ("OpenAI", None, "scale tier unit", "2026-10-01", 110, None, None, None, None),
    ]
    assert marts(
        company,
        "select count(*), sum(effective_cost), sum(capacity_unit_hours) from "
        "cost_ledger.provisioned_capacity_daily where provider = 'Google'",
    ) == [(31, 3100, 3 * 744)]


def test_tokens_that_capacity_or_seats_pay_for_cost_nothing_again(company: Settings) -> None:
    assert marts(
        company,
        "select service_tier, rated_cost from cost_ledger.token_usage_daily order by all",
    ) == [("provisioned", 0), ("spillover", Decimal("0.1")), ("subscription", 0)]
    assert marts(
        company, "select count(*) from cost_ledger.charges where evidence_level = 'rated'"
    ) == [(0,)]


def test_seats_are_compared_with_the_api(company: Settings) -> None:
    """100k x 3 + 20k x 15 dollars a million = 0.6 for the use of 80 of 100 seats at 30."""
    (row,) = marts(
        company,
        "select service, assigned, active, idle, cost, idle_cost, cost_per_active_seat, "
        "used_tokens, api_equivalent_cost, saving_against_api, crossover_active_seats "
        "from cost_ledger.seat_costs",
    )
    assert row[:8] == ("Claude", 100, 80, 20, 3000, 600, 37.5, 120_000)
    assert row[8:10] == (Decimal("0.6"), Decimal("-2999.4"))
    assert row[10] == pytest.approx(400_000, rel=1e-12)
    assert marts(
        company,
        "select team, ledger_category, sum(cost) from allocation.costs_daily "
        "where team is not null group by all order by all",
    ) == [("ads", "ai_platform", 1200), ("core", "ai_platform", 1800)]
    # The charges lead back to the rows that they are made of.
    assert marts(
        company,
        "select charges.source_row, charges.cost, loads.dataset from cost_ledger.charges "
        "inner join landing.loads on charges.load_id = loads.load_id "
        "where evidence_level = 'modelled' order by source_row",
    ) == [(1, 1800, "seats"), (2, 1200, "seats")]


def test_a_credit_says_how_long_it_lasts_and_what_comes_after(company: Settings) -> None:
    (row,) = marts(
        company,
        "select issuer, credit_id, granted, used, remaining, burn_per_day, days_until_exhausted, "
        "run_rate_after_credit_per_day, expires_unused, as_of_date::varchar "
        "from cost_ledger.credit_balances",
    )
    assert row[:6] == ("AWS", "trial-1", 100, 18, 82, 9.0)
    assert row[6] == pytest.approx(82 / 9, rel=1e-12)
    assert row[7:] == (10.0, False, "2026-10-02")
