"""The columns of each landed dataset: the one agreement between landing and the dbt sources.

One module a family; `DATASETS` holds all of them by name.
"""

from __future__ import annotations

from orchestration.landing.datasets.base import (
    ALLOCATION_KEYS,
    BIGINT,
    BOOKING_COLUMNS,
    BOOL,
    DATE,
    MONEY,
    SYSTEM_COLUMNS,
    TEXT,
    TIME,
    Dataset,
    named,
)
from orchestration.landing.datasets.bills import CLOUD_BILLS
from orchestration.landing.datasets.clouds import (
    AZURE_OPENAI,
    BEDROCK_LOGS,
    OTEL_GENAI,
    VERTEX_USAGE,
)
from orchestration.landing.datasets.contracts import CONTRACT_COMMITMENT
from orchestration.landing.datasets.gateways import (
    LANGFUSE,
    LITELLM,
    LITELLM_DAILY,
    OPENROUTER,
)
from orchestration.landing.datasets.invoices import BILLING_PERIOD, INVOICE_DETAIL, INVOICES
from orchestration.landing.datasets.serving import VLLM
from orchestration.landing.datasets.vendors import ANTHROPIC, OPENAI

__all__ = [
    "ALLOCATION_KEYS", "BIGINT", "BOOKING_COLUMNS", "BOOL", "DATASETS", "DATE", "MONEY",
    "SYSTEM_COLUMNS", "TEXT", "TIME", "Dataset",
]  # fmt: skip

_KEYS = dict.fromkeys(ALLOCATION_KEYS, TEXT)

# FOCUS 1.0 to 1.4, Cost and Usage; a file holds the columns of its version, the others are null.
FOCUS = Dataset(
    name="focus_cost_and_usage",
    columns={
        **named(
            "BilledCost EffectiveCost ContractedCost ListCost ContractedUnitPrice ListUnitPrice"
            " PricingQuantity ConsumedQuantity CommitmentDiscountQuantity"
            " PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost"
            " PricingCurrencyListUnitPrice",
            MONEY,
        ),
        **named("ChargePeriodStart ChargePeriodEnd BillingPeriodStart BillingPeriodEnd", TIME),
        **named(
            "AllocatedMethodDetails AllocatedMethodId AllocatedResourceId AllocatedResourceName"
            " AllocatedTags AvailabilityZone BillingAccountId BillingAccountName"
            " BillingAccountType BillingCurrency CapacityReservationId CapacityReservationStatus"
            " ChargeCategory ChargeClass ChargeDescription ChargeFrequency"
            " CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName"
            " CommitmentDiscountStatus CommitmentDiscountType CommitmentDiscountUnit"
            " CommitmentProgramEligibilityDetails ConsumedUnit ContractApplied HostProviderName"
            " InvoiceDetailId InvoiceId InvoiceIssuerName PricingCategory PricingCurrency"
            " PricingUnit ProviderName PublisherName RegionId RegionName ResourceId ResourceName"
            " ResourceType ServiceCategory ServiceName ServiceProviderName ServiceSubcategory"
            " SkuId SkuMeter SkuPriceDetails SkuPriceId SubAccountId SubAccountName"
            " SubAccountType Tags",
            TEXT,
        ),
        "_extra": TEXT,
    },
    required=("BilledCost", "BillingCurrency", "ChargePeriodStart", "BillingPeriodStart"),
    period="strftime(BillingPeriodStart, '%Y-%m')",
    time="ChargePeriodStart",
    money=("BilledCost", "EffectiveCost", "ContractedCost", "ListCost"),
    currency="BillingCurrency",
    is_bill=True,
)

COST_LINES = Dataset(
    name="cost_lines",
    columns={
        **named("charge_period_start charge_period_end", TIME),
        **named("billed_cost effective_cost list_cost quantity", MONEY),
        **named(
            "currency line_id billing_period invoice_id provider billing_account sub_account"
            " service sku resource region description charge_category pricing_model"
            " ledger_category unit tags",
            TEXT,
        ),
    },
    required=("charge_period_start", "currency"),
    period="coalesce(billing_period, strftime(charge_period_start, '%Y-%m'))",
    time="charge_period_start",
    money=("billed_cost", "effective_cost"),
    currency="currency",
    is_bill=True,
)

_MODALITIES = (
    "input_audio_tokens input_image_tokens cached_audio_tokens output_audio_tokens"
    " output_image_tokens"
)
TOKEN_EVENTS = Dataset(
    name="token_events",
    columns={
        **named("started_at ended_at", TIME),
        **named("request_id provider model", TEXT),
        **named(
            "input_tokens output_tokens cached_input_tokens cache_write_tokens reasoning_tokens",
            BIGINT,
        ),
        **named("input_includes_cached output_includes_reasoning", BOOL),
        **named("service_tier status retry_of session_id", TEXT),
        "quantity": MONEY,
        "unit": TEXT,
        "cost": MONEY,
        "currency": TEXT,
        **named(_MODALITIES, BIGINT),
        "geography": TEXT,
        "sampling_rate": MONEY,
        **_KEYS,
    },
    required=("started_at", "input_tokens", "output_tokens"),
    period="strftime(started_at, '%Y-%m-%d')",
    time="started_at",
    money=("cost",),
    currency="currency",
    identity="request_id",
    models=("provider", "model"),
    non_negative=(
        "input_tokens",
        "output_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        *_MODALITIES.split(),
    ),
)

GPU_JOBS = Dataset(
    name="gpu_jobs",
    columns={
        "job": TEXT,
        **named("started_at ended_at", TIME),
        **named("gpus gpu_fraction", MONEY),
        **named("gpu_model node state kind owner queue", TEXT),
        **_KEYS,
    },
    required=("job", "gpus"),
    # A job that never started used nothing, but it did arrive: it has a period of its own.
    period="coalesce(strftime(started_at, '%Y-%m-%d'), 'not-started')",
    time="started_at",
    non_negative=("gpus", "gpu_fraction"),
)

GPU_NODES = Dataset(
    name="gpu_nodes",
    columns={
        **named("node gpu_model", TEXT),
        **named("gpus hourly_price", MONEY),
        "currency": TEXT,
        **named("available_from available_to", TIME),
    },
    required=("node", "gpus"),
    non_negative=("gpus", "hourly_price"),
)

OUTCOMES = Dataset(
    name="outcomes",
    columns={
        **named("event_id outcome_type", TEXT),
        "occurred_at": TIME,
        **named("quantity unit_value", MONEY),
        "currency": TEXT,
        "succeeded": BOOL,
        **named("cost attribution_share", MONEY),
        **named("evidence_grade reverses", TEXT),
        **_KEYS,
    },
    required=("outcome_type", "occurred_at"),
    period="strftime(occurred_at, '%Y-%m-%d')",
    time="occurred_at",
    money=("cost",),
    currency="currency",
    identity="event_id",
)

UNITS = Dataset(
    name="units",
    columns={"date": DATE, "unit": TEXT, "quantity": MONEY, **named("entity_type entity", TEXT)},
    required=("date", "unit", "quantity"),
    period="strftime(date, '%Y-%m')",
    time="date",
    non_negative=("quantity",),
)

BUDGETS = Dataset(
    name="budgets",
    columns={"period": TEXT, "amount": MONEY, "currency": TEXT, **_KEYS},
    required=("period", "amount"),
    period="period",
    money=("amount",),
    currency="currency",
)

SEATS = Dataset(
    name="seats",
    columns={
        **named("service period", TEXT),
        **named("assigned active", BIGINT),
        "seat_price": MONEY,
        "currency": TEXT,
        **_KEYS,
    },
    required=("service", "period", "assigned"),
    period="period",
    non_negative=("assigned", "active", "seat_price"),
)

PRICES = Dataset(
    name="prices",
    columns={
        "snapshot_source": TEXT,
        "snapshot_date": DATE,
        **named("provider model token_class service_tier", TEXT),
        "context_from_tokens": BIGINT,
        **named("valid_from valid_to", DATE),
        **named("from_time to_time", TEXT),
        "unit_price": MONEY,
        "currency": TEXT,
        **named("price_kind geography weekdays", TEXT),
        "quantity_from": MONEY,
        "tier_mode": TEXT,
        "is_promotion": BOOL,
        **named("valid_from_at valid_until_at", TIME),
    },
    required=("provider", "model", "token_class", "unit_price"),
    # A list that was landed stays landed: what comes later, under whatever file name, is a period
    # of its own.
    period="concat_ws(' ', strftime(snapshot_date, '%Y-%m-%d'), _load_id)",
    non_negative=("unit_price", "quantity_from"),
)

FORECASTS = Dataset(
    name="forecasts",
    columns={
        "issued_at": TIME,
        "vintage": DATE,
        "series": TEXT,
        "target_date": DATE,
        "horizon_days": BIGINT,
        **named("p10 p50 p80 p90", MONEY),
        **named("method currency", TEXT),
        "is_backcast": BOOL,
    },
    required=("vintage", "series", "target_date"),
    period="strftime(vintage, '%Y-%m-%d')",
    internal=True,
)

CLOSES = Dataset(
    name="closes",
    columns={"period": TEXT, "closed_at": TIME, "is_closed": BOOL, "note": TEXT},
    required=("period", "closed_at", "is_closed"),
    period="period",
    internal=True,
)

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        FOCUS,
        CONTRACT_COMMITMENT,
        COST_LINES,
        *CLOUD_BILLS,
        LITELLM,
        TOKEN_EVENTS,
        GPU_JOBS,
        GPU_NODES,
        OUTCOMES,
        UNITS,
        BUDGETS,
        SEATS,
        INVOICES,
        INVOICE_DETAIL,
        BILLING_PERIOD,
        PRICES,
        FORECASTS,
        CLOSES,
        OPENAI,
        ANTHROPIC,
        BEDROCK_LOGS,
        VERTEX_USAGE,
        AZURE_OPENAI,
        LITELLM_DAILY,
        LANGFUSE,
        OTEL_GENAI,
        OPENROUTER,
        VLLM,
    )
}
