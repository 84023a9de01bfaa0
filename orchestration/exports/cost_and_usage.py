"""FOCUS Cost and Usage out of `cost_ledger.charges`, and the rules that fill what a bill lacks.

Nothing is made up: a fallback is another fact of the same line, or the value that FOCUS prescribes.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.exports.dataset import FocusDataset
from orchestration.exports.focus_services import SUBCATEGORIES

_SINCE_1_3 = frozenset(
    (
        "ServiceProviderName",
        "HostProviderName",
        "ContractApplied",
        "AllocatedMethodId",
        "AllocatedMethodDetails",
        "AllocatedResourceId",
        "AllocatedResourceName",
        "AllocatedTags",
    )
)
_SINCE_1_4 = frozenset(("CommitmentProgramEligibilityDetails", "InvoiceDetailId"))
_UNTIL_1_3 = frozenset(("ProviderName", "PublisherName"))

SUMMABLE = (
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "PricingQuantity",
    "ConsumedQuantity",
    "PricingCurrencyEffectiveCost",
    "CommitmentDiscountQuantity",
)
"""The metrics that the parts of a split line add up to."""


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_PAIRS = [f"{category}/{name}" for category, names in SUBCATEGORIES.items() for name in names]

# Facts of a line that several columns need.
_LINES = f"""
from (
    select
        known.*,
        -- One category a service: what its bill says, else whether all of it is AI.
        coalesce(
            known.known_category,
            max(known.known_category) over (partition by known.service),
            case
                when min(case when known.is_ai then 1 else 0 end) over (partition by known.service)
                    = 1 then 'AI and Machine Learning'
                else 'Other'
            end
        ) as category
    from (
        select
            told.*,
            coalesce(told.service_name, told.provider) as service,
            case when told.service_category in ({_texts(SUBCATEGORIES)}) then told.service_category
                end as known_category,
            told.charge_category in ('Usage', 'Purchase') as is_priced,
            -- What FOCUS prescribes for a cost without a price: the cost that was paid.
            case when told.charge_category = 'Usage'
                then coalesce(told.effective_cost, told.billed_cost)
                else told.billed_cost end as paid_cost,
            case when told.charge_category <> 'Tax' then told.pricing_quantity end as quantity
        from (
            select
                charges.*,
                coalesce(
                    charges.service_provider_name, charges.host_provider_name,
                    charges.publisher_name, charges.source_name
                ) as provider,
                charges.evidence_level = 'billed' as is_billed,
                coalesce(charges.pricing_currency, charges.billing_currency) as priced_in
            from {{cost_ledger.charges}} as charges
            where substr(cast(charges.billing_period_start as string), 1, 7) = :period
        ) as told
    ) as known
) as lines
"""

_QUANTITY_OF_COMMITMENT = (
    "case when commitment_discount_id is not null and is_priced"
    " and charge_class is distinct from 'Correction' then commitment_discount_quantity end"
)
# Without a commitment what is billed is what it costs; what a purchase covers costs when used.
_EFFECTIVE = (
    "coalesce(effective_cost, case when commitment_discount_id is null then billed_cost"
    " when charge_category = 'Purchase' then 0 end)"
)
_PRICE = (
    "case when charge_category <> 'Tax' and not ({price} = 0 and {cost} is null) then {price} end"
)
# A price of nothing beside a cost that nobody knows is not told either.
_LIST_PRICE = _PRICE.format(price="list_unit_price", cost="list_cost")
_CONTRACTED_PRICE = _PRICE.format(price="contracted_unit_price", cost="contracted_cost")
_CONSUMED = (
    "case when charge_category = 'Usage'"
    " and commitment_discount_status is distinct from 'Unused'"
    " then coalesce(consumed_quantity, quantity) end"
)


def _same_currency(column: str, ours: str) -> str:
    return f"coalesce({column}, case when priced_in = billing_currency then {ours} end)"


COST_AND_USAGE = FocusDataset(
    name="CostAndUsage",
    columns={
        "ProviderName": "provider",
        "PublisherName": "coalesce(publisher_name, provider)",
        "ServiceProviderName": "provider",
        "HostProviderName": "coalesce(host_provider_name, provider)",
        "InvoiceIssuerName": "coalesce(invoice_issuer_name, provider)",
        "InvoiceId": "invoice_id",
        "InvoiceDetailId": "invoice_detail_id",
        "BillingAccountId": "coalesce(billing_account_id, source_name)",
        "BillingAccountName": "coalesce(billing_account_name, billing_account_id, source_name)",
        "BillingAccountType": "coalesce(billing_account_type, 'Billing Account')",
        "SubAccountId": "sub_account_id",
        "SubAccountName": "case when sub_account_id is not null"
        " then coalesce(sub_account_name, sub_account_id) end",
        "SubAccountType": "case when sub_account_id is not null"
        " then coalesce(sub_account_type, 'Sub Account') end",
        "BillingPeriodStart": "billing_period_start",
        "BillingPeriodEnd": "coalesce(billing_period_end, :period_end)",
        "ChargePeriodStart": "charge_period_start",
        "ChargePeriodEnd": "charge_period_end",
        "ChargeCategory": "charge_category",
        "ChargeClass": "case when charge_class = 'Correction' then charge_class end",
        "ChargeDescription": "coalesce(charge_description, sku_meter, service)",
        "ChargeFrequency": "case lower(charge_frequency) when 'one-time' then 'One-Time'"
        " when 'recurring' then 'Recurring' when 'usage-based' then 'Usage-Based'"
        " else case when charge_category = 'Usage' then 'Usage-Based' else 'One-Time' end end",
        "BilledCost": "case when is_billed then billed_cost else 0 end",
        "EffectiveCost": _EFFECTIVE,
        "ListCost": "coalesce(list_cost, paid_cost)",
        "ContractedCost": "coalesce(contracted_cost, paid_cost)",
        "ListUnitPrice": _LIST_PRICE,
        "ContractedUnitPrice": _CONTRACTED_PRICE,
        "PricingCategory": "case"
        " when charge_category = 'Tax' then null"
        " when pricing_category in ('Standard', 'Dynamic', 'Committed', 'Other')"
        " then pricing_category"
        " when pricing_model in ('committed', 'provisioned') then 'Committed'"
        " when pricing_model = 'spot' then 'Dynamic'"
        " when pricing_model is not null then 'Standard'"
        " when is_priced then 'Other' end",
        "PricingQuantity": "quantity",
        "PricingUnit": "case when quantity is not null then coalesce(pricing_unit, 'Units') end",
        "PricingCurrency": "priced_in",
        "PricingCurrencyContractedUnitPrice": "case when charge_category <> 'Tax' then "
        + _same_currency("pricing_currency_contracted_unit_price", _CONTRACTED_PRICE)
        + " end",
        "PricingCurrencyEffectiveCost": _same_currency(
            "pricing_currency_effective_cost", _EFFECTIVE
        ),
        "PricingCurrencyListUnitPrice": "case when charge_category <> 'Tax' then "
        + _same_currency("pricing_currency_list_unit_price", _LIST_PRICE)
        + " end",
        "BillingCurrency": "billing_currency",
        "ConsumedQuantity": _CONSUMED,
        "ConsumedUnit": f"case when {_CONSUMED} is not null"
        " then coalesce(consumed_unit, pricing_unit, 'Units') end",
        "ServiceName": "service",
        "ServiceCategory": "category",
        "ServiceSubcategory": "case when category || '/' || service_subcategory in"
        f" ({_texts(_PAIRS)}) then service_subcategory else 'Other (' || category || ')' end",
        "SkuId": "case when charge_category <> 'Tax' then coalesce(sku_id, sku_price_id) end",
        "SkuMeter": "case when charge_category <> 'Tax'"
        " and coalesce(sku_id, sku_price_id) is not null then sku_meter end",
        # One price a SKU where the bill names no price of its own.
        "SkuPriceId": "case when charge_category <> 'Tax' then coalesce(sku_price_id, sku_id) end",
        "SkuPriceDetails": "case when charge_category <> 'Tax'"
        " and coalesce(sku_price_id, sku_id) is not null then sku_price_details end",
        "ResourceId": "resource_id",
        "ResourceName": "case when resource_id is not null then resource_name end",
        "ResourceType": "case when resource_id is not null then resource_type end",
        "RegionId": "region_id",
        "RegionName": "case when region_id is not null then coalesce(region_name, region_id) end",
        "AvailabilityZone": "availability_zone",
        "CommitmentDiscountId": "commitment_discount_id",
        "CommitmentDiscountName": "case when commitment_discount_id is not null"
        " then commitment_discount_name end",
        "CommitmentDiscountCategory": "case when commitment_discount_id is not null"
        " then commitment_discount_category end",
        "CommitmentDiscountType": "case when commitment_discount_id is not null"
        " then commitment_discount_type end",
        "CommitmentDiscountStatus": "case when commitment_discount_id is not null"
        " and charge_category = 'Usage' then commitment_discount_status end",
        "CommitmentDiscountQuantity": _QUANTITY_OF_COMMITMENT,
        "CommitmentDiscountUnit": f"case when {_QUANTITY_OF_COMMITMENT} is not null"
        " then commitment_discount_unit end",
        "CommitmentProgramEligibilityDetails": "commitment_program_eligibility_details",
        "ContractApplied": "contract_applied",
        "CapacityReservationId": "capacity_reservation_id",
        "CapacityReservationStatus": "case when capacity_reservation_id is not null"
        " then capacity_reservation_status end",
        "AllocatedMethodId": "allocated_method_id",
        "AllocatedMethodDetails": "allocated_method_details",
        "AllocatedResourceId": "allocated_resource_id",
        "AllocatedResourceName": "allocated_resource_name",
        "AllocatedTags": "allocated_tags",
        "Tags": "tags",
        "x_ChargeId": "charge_id",
        "x_SourceName": "source_name",
        "x_EvidenceLevel": "evidence_level",
        "x_LedgerCategory": "ledger_category",
        "x_Lifecycle": "lifecycle",
        "x_Model": "model",
        "x_PricingModel": "pricing_model",
        "x_IsAi": "is_ai",
        "x_IsEffectiveCostKnown": "effective_cost is not null",
        "x_IsListCostKnown": "list_cost is not null",
        "x_IsContractedCostKnown": "contracted_cost is not null",
    },
    source=_LINES,
    money=frozenset(
        (
            *SUMMABLE,
            "ListUnitPrice",
            "ContractedUnitPrice",
            "PricingCurrencyContractedUnitPrice",
            "PricingCurrencyListUnitPrice",
        )
    ),
    times=frozenset(
        ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
    ),
    order=("x_SourceName", "ChargePeriodStart", "x_ChargeId"),
    booleans=frozenset(
        ("x_IsAi", "x_IsEffectiveCostKnown", "x_IsListCostKnown", "x_IsContractedCostKnown")
    ),
    versions={"1.2": _SINCE_1_3 | _SINCE_1_4, "1.3": _SINCE_1_4, "1.4": _UNTIL_1_3},
)
