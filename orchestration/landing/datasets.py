"""The columns of each landed dataset: the one agreement between landing and the dbt sources.

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
        is_bill: rows carry `_row_hash`, their identity by content, and overlaps are searched.
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

    @property
    def landed_columns(self) -> dict[str, str]:
        """All columns of the landing view: the dataset's own, then the system's."""
        own = {**self.columns, **({"_row_hash": TEXT} if self.is_bill else {})}
        return {**own, **SYSTEM_COLUMNS}


_KEYS = dict.fromkeys(ALLOCATION_KEYS, TEXT)


def _columns(text: str, sql_type: str) -> dict[str, str]:
    return dict.fromkeys(text.split(), sql_type)


# FOCUS 1.0 to 1.4, Cost and Usage; a file holds the columns of its version, the others are null.
FOCUS = Dataset(
    name="focus_cost_and_usage",
    columns={
        **_columns(
            "BilledCost EffectiveCost ContractedCost ListCost ContractedUnitPrice ListUnitPrice"
            " PricingQuantity ConsumedQuantity CommitmentDiscountQuantity"
            " PricingCurrencyContractedUnitPrice PricingCurrencyEffectiveCost"
            " PricingCurrencyListUnitPrice",
            MONEY,
        ),
        **_columns("ChargePeriodStart ChargePeriodEnd BillingPeriodStart BillingPeriodEnd", TIME),
        **_columns(
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
        **_columns("charge_period_start charge_period_end", TIME),
        **_columns("billed_cost effective_cost list_cost quantity", MONEY),
        **_columns(
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

# Only these columns of LiteLLM's spend log are read: messages, response and the rest of metadata
# may hold what users wrote.
LITELLM = Dataset(
    name="litellm_spend_logs",
    columns={
        "request_id": TEXT,
        "call_type": TEXT,
        "api_key": TEXT,
        "spend": MONEY,
        **_columns("total_tokens prompt_tokens completion_tokens", BIGINT),
        **_columns("startTime endTime", TIME),
        **_columns(
            "model model_group custom_llm_provider team_id organization_id end_user session_id"
            " status cache_hit request_tags agent_id",
            TEXT,
        ),
        **_columns(
            "metadata_cache_read_tokens metadata_cache_write_tokens metadata_reasoning_tokens",
            BIGINT,
        ),
    },
    required=("request_id", "startTime", "prompt_tokens", "completion_tokens"),
    period="strftime(startTime, '%Y-%m-%d')",
    time="startTime",
    money=("spend",),
    identity="request_id",
    models=("custom_llm_provider", "model"),
    non_negative=("prompt_tokens", "completion_tokens"),
)

TOKEN_EVENTS = Dataset(
    name="token_events",
    columns={
        **_columns("started_at ended_at", TIME),
        **_columns("request_id provider model", TEXT),
        **_columns(
            "input_tokens output_tokens cached_input_tokens cache_write_tokens reasoning_tokens",
            BIGINT,
        ),
        **_columns("input_includes_cached output_includes_reasoning", BOOL),
        **_columns("service_tier status retry_of session_id", TEXT),
        "quantity": MONEY,
        "unit": TEXT,
        "cost": MONEY,
        "currency": TEXT,
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
    ),
)

GPU_JOBS = Dataset(
    name="gpu_jobs",
    columns={
        "job": TEXT,
        **_columns("started_at ended_at", TIME),
        **_columns("gpus gpu_fraction", MONEY),
        **_columns("gpu_model node state kind owner queue", TEXT),
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
        **_columns("node gpu_model", TEXT),
        **_columns("gpus hourly_price", MONEY),
        "currency": TEXT,
        **_columns("available_from available_to", TIME),
    },
    required=("node", "gpus"),
    non_negative=("gpus", "hourly_price"),
)

OUTCOMES = Dataset(
    name="outcomes",
    columns={
        **_columns("event_id outcome_type", TEXT),
        "occurred_at": TIME,
        **_columns("quantity unit_value", MONEY),
        "currency": TEXT,
        "succeeded": BOOL,
        **_columns("cost attribution_share", MONEY),
        **_columns("evidence_grade reverses", TEXT),
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
    columns={"date": DATE, "unit": TEXT, "quantity": MONEY, **_columns("entity_type entity", TEXT)},
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

PRICES = Dataset(
    name="prices",
    columns={
        "snapshot_source": TEXT,
        "snapshot_date": DATE,
        **_columns("provider model token_class service_tier", TEXT),
        "context_from_tokens": BIGINT,
        **_columns("valid_from valid_to", DATE),
        **_columns("from_time to_time", TEXT),
        "unit_price": MONEY,
        "currency": TEXT,
    },
    required=("provider", "model", "token_class", "unit_price"),
    period="strftime(snapshot_date, '%Y-%m-%d')",
    internal=True,
)

FORECASTS = Dataset(
    name="forecasts",
    columns={
        "issued_at": TIME,
        "vintage": DATE,
        "series": TEXT,
        "target_date": DATE,
        "horizon_days": BIGINT,
        **_columns("p10 p50 p80 p90", MONEY),
        **_columns("method currency", TEXT),
        "is_backcast": BOOL,
    },
    required=("vintage", "series", "target_date"),
    period="strftime(vintage, '%Y-%m-%d')",
    internal=True,
)

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        FOCUS,
        COST_LINES,
        LITELLM,
        TOKEN_EVENTS,
        GPU_JOBS,
        GPU_NODES,
        OUTCOMES,
        UNITS,
        BUDGETS,
        PRICES,
        FORECASTS,
    )
}
