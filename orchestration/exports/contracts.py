"""FOCUS' Contract Commitment: what was agreed with vendors, as they told it."""

from __future__ import annotations

from orchestration.exports.dataset import FocusDataset

_SINCE_1_4 = (
    "ContractCommitmentApplicability",
    "ContractCommitmentBenefitCategory",
    "ContractCommitmentCreated",
    "ContractCommitmentDiscountPercentage",
    "ContractCommitmentDurationType",
    "ContractCommitmentFulfillmentInterval",
    "ContractCommitmentLastUpdated",
    "ContractCommitmentLifecycleStatus",
    "ContractCommitmentModel",
    "ContractCommitmentOfferCategory",
    "ContractCommitmentPaymentInterval",
    "ContractCommitmentPaymentModel",
    "ContractCommitmentPaymentUpfrontPercentage",
    "InvoiceIssuerName",
    "PricingCurrency",
    "PricingCurrencyContractCommitmentCost",
    "ServiceProviderName",
)

CONTRACT_COMMITMENT = FocusDataset(
    name="ContractCommitment",
    columns={
        "BillingCurrency": "billing_currency",
        "ContractCommitmentApplicability": "contract_commitment_applicability",
        "ContractCommitmentBenefitCategory": "contract_commitment_benefit_category",
        "ContractCommitmentCategory": "contract_commitment_category",
        "ContractCommitmentCost": "contract_commitment_cost",
        "ContractCommitmentCreated": "contract_commitment_created",
        "ContractCommitmentDescription": "contract_commitment_description",
        "ContractCommitmentDiscountPercentage": "contract_commitment_discount_percentage",
        "ContractCommitmentDurationType": "contract_commitment_duration_type",
        "ContractCommitmentFulfillmentInterval": "contract_commitment_fulfillment_interval",
        "ContractCommitmentId": "contract_commitment_id",
        "ContractCommitmentLastUpdated": "contract_commitment_last_updated",
        "ContractCommitmentLifecycleStatus": "contract_commitment_lifecycle_status",
        "ContractCommitmentModel": "contract_commitment_model",
        "ContractCommitmentOfferCategory": "contract_commitment_offer_category",
        "ContractCommitmentPaymentInterval": "contract_commitment_payment_interval",
        "ContractCommitmentPaymentModel": "contract_commitment_payment_model",
        "ContractCommitmentPaymentUpfrontPercentage": (
            "contract_commitment_payment_upfront_percentage"
        ),
        "ContractCommitmentPeriodEnd": "contract_commitment_period_end",
        "ContractCommitmentPeriodStart": "contract_commitment_period_start",
        "ContractCommitmentQuantity": "contract_commitment_quantity",
        "ContractCommitmentType": "contract_commitment_type",
        "ContractCommitmentUnit": "contract_commitment_unit",
        "ContractId": "contract_id",
        "ContractPeriodEnd": "contract_period_end",
        "ContractPeriodStart": "contract_period_start",
        "InvoiceIssuerName": "invoice_issuer_name",
        "PricingCurrency": "pricing_currency",
        "PricingCurrencyContractCommitmentCost": "pricing_currency_contract_commitment_cost",
        "ServiceProviderName": "service_provider_name",
    },
    # Those that hold at some time of the month; an end is the first moment after.
    source="""
from (
    select *
    from {cost_ledger.contract_commitments}
    where contract_commitment_period_start < :period_end
        and contract_commitment_period_end > cast(concat(:period, '-01 00:00:00') as timestamp)
) as commitments
""",
    money=frozenset(
        (
            "ContractCommitmentCost",
            "ContractCommitmentDiscountPercentage",
            "ContractCommitmentPaymentUpfrontPercentage",
            "ContractCommitmentQuantity",
            "PricingCurrencyContractCommitmentCost",
        )
    ),
    times=frozenset(
        (
            "ContractCommitmentCreated",
            "ContractCommitmentLastUpdated",
            "ContractCommitmentPeriodEnd",
            "ContractCommitmentPeriodStart",
            "ContractPeriodEnd",
            "ContractPeriodStart",
        )
    ),
    order=("ContractId", "ContractCommitmentId"),
    versions={"1.3": frozenset(_SINCE_1_4), "1.4": frozenset()},
)
