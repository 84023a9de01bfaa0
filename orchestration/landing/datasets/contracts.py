"""What was agreed with a vendor: FOCUS' Contract Commitment dataset, versions 1.3 and 1.4."""

from __future__ import annotations

from orchestration.landing.datasets.base import MONEY, TEXT, TIME, Dataset, named

# A file holds the columns of its version, the others are null: 1.3 has 13 of them.
CONTRACT_COMMITMENT = Dataset(
    name="focus_contract_commitment",
    columns={
        **named(
            "ContractCommitmentId ContractId ServiceProviderName InvoiceIssuerName"
            " ContractCommitmentCategory ContractCommitmentType ContractCommitmentDescription"
            " ContractCommitmentBenefitCategory ContractCommitmentOfferCategory"
            " ContractCommitmentModel ContractCommitmentApplicability"
            " ContractCommitmentLifecycleStatus ContractCommitmentDurationType"
            " ContractCommitmentFulfillmentInterval ContractCommitmentPaymentModel"
            " ContractCommitmentPaymentInterval ContractCommitmentUnit BillingCurrency"
            " PricingCurrency",
            TEXT,
        ),
        **named(
            "ContractCommitmentCost ContractCommitmentQuantity"
            " ContractCommitmentDiscountPercentage ContractCommitmentPaymentUpfrontPercentage"
            " PricingCurrencyContractCommitmentCost",
            MONEY,
        ),
        **named(
            "ContractCommitmentPeriodStart ContractCommitmentPeriodEnd ContractPeriodStart"
            " ContractPeriodEnd ContractCommitmentCreated ContractCommitmentLastUpdated",
            TIME,
        ),
        "_extra": TEXT,
    },
    required=(
        "ContractCommitmentId",
        "ContractId",
        "ContractCommitmentPeriodStart",
        "ContractCommitmentPeriodEnd",
    ),
    money=("ContractCommitmentCost",),
    currency="BillingCurrency",
    identity="ContractCommitmentId",
    newest="ContractCommitmentLastUpdated",
    non_negative=("ContractCommitmentCost", "ContractCommitmentQuantity"),
)
