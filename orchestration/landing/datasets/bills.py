"""The clouds' own bills: cost and usage reports as AWS, Google, Microsoft and Oracle export them.

Each dataset has one spelling of its vendor's column names, whatever the header style of a file; all
other columns stand in `_extra`, tags as one JSON object.
"""

from __future__ import annotations

from orchestration.landing.datasets.base import BOOL, MONEY, TEXT, TIME, Dataset, named

# The names of CUR 2.0 (docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html).
AWS_CUR = Dataset(
    name="aws_cur",
    columns={
        **named(
            "bill_billing_period_start_date bill_billing_period_end_date"
            " line_item_usage_start_date line_item_usage_end_date",
            TIME,
        ),
        **named(
            "line_item_unblended_cost line_item_usage_amount line_item_unblended_rate"
            " line_item_net_unblended_cost pricing_public_on_demand_cost"
            " pricing_public_on_demand_rate reservation_effective_cost"
            " reservation_unused_amortized_upfront_fee_for_billing_period"
            " reservation_unused_recurring_fee savings_plan_savings_plan_effective_cost"
            " savings_plan_total_commitment_to_date savings_plan_used_commitment"
            " split_line_item_split_usage split_line_item_split_cost"
            " split_line_item_unused_cost",
            MONEY,
        ),
        **named(
            "identity_line_item_id identity_time_interval bill_invoice_id bill_invoicing_entity"
            " bill_billing_entity bill_bill_type bill_payer_account_id"
            " line_item_usage_account_id line_item_usage_account_name line_item_line_item_type"
            " line_item_product_code line_item_usage_type line_item_operation"
            " line_item_availability_zone line_item_resource_id line_item_currency_code"
            " line_item_line_item_description line_item_tax_type line_item_legal_entity"
            " line_item_iam_principal line_item_user_identifier product_product_name"
            " product_product_family product_region_code product_from_region_code"
            " product_to_region_code product_transfer_type product_sku pricing_rate_code"
            " pricing_rate_id pricing_term pricing_unit pricing_purchase_option"
            " reservation_reservation_a_r_n reservation_subscription_id"
            " savings_plan_savings_plan_a_r_n split_line_item_parent_resource_id"
            " resource_tags cost_category",
            TEXT,
        ),
        "_extra": TEXT,
    },
    required=(
        "line_item_unblended_cost",
        "line_item_currency_code",
        "line_item_usage_start_date",
        "bill_billing_period_start_date",
    ),
    period="strftime(bill_billing_period_start_date, '%Y-%m')",
    time="line_item_usage_start_date",
    money=("line_item_unblended_cost",),
    currency="line_item_currency_code",
    is_bill=True,
)

# The names of Microsoft's usage details, lower case without separators
# (learn.microsoft.com/azure/cost-management-billing/automate/understand-usage-details-fields).
AZURE_COST = Dataset(
    name="azure_cost",
    columns={
        **named("date billingperiodstartdate billingperiodenddate", TIME),
        **named("cost quantity effectiveprice unitprice paygprice paygcost", MONEY),
        **named(
            "currency billingaccountid billingaccountname billingprofileid billingprofilename"
            " invoiceid invoicesectionid invoicesectionname subscriptionid subscriptionname"
            " resourcegroup resourcelocation resourceid resourcename consumedservice"
            " servicefamily product metercategory metersubcategory meterid metername meterregion"
            " unitofmeasure partnumber chargetype frequency pricingmodel term reservationid"
            " reservationname productorderid benefitid benefitname publishertype publishername"
            " planname costcenter offerid additionalinfo tags metric",
            TEXT,
        ),
        "_extra": TEXT,
    },
    required=("date", "cost", "currency"),
    period="strftime(coalesce(billingperiodstartdate, date), '%Y-%m')",
    time="date",
    money=("cost",),
    currency="currency",
    is_bill=True,
)

# docs.oracle.com/iaas/Content/Billing/Concepts/costreportsoverview.htm
OCI_COST = Dataset(
    name="oci_cost",
    columns={
        **named("line_item_interval_usage_start line_item_interval_usage_end", TIME),
        **named(
            "cost_my_cost cost_my_cost_overage cost_unit_price cost_unit_price_overage"
            " usage_billed_quantity usage_billed_quantity_overage",
            MONEY,
        ),
        **named(
            "line_item_reference_no line_item_backreference_no line_item_tenant_id"
            " product_service product_compartment_id product_compartment_name product_region"
            " product_availability_domain product_resource_id product_description"
            " cost_subscription_id cost_product_sku cost_currency_code"
            " cost_billing_unit_readable cost_sku_unit_description tags",
            TEXT,
        ),
        **named("cost_overage_flag line_item_is_correction", BOOL),
        "_extra": TEXT,
    },
    required=("cost_my_cost", "cost_currency_code", "line_item_interval_usage_start"),
    period="strftime(line_item_interval_usage_start, '%Y-%m')",
    time="line_item_interval_usage_start",
    money=("cost_my_cost",),
    currency="cost_currency_code",
    is_bill=True,
)

# cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/detailed-usage; the period is
# the invoice's month, which is not the month of the usage.
GCP_BILLING = Dataset(
    name="gcp_billing",
    columns={
        **named("usage_start_time usage_end_time export_time", TIME),
        **named(
            "cost credits_amount cost_at_list currency_conversion_rate usage_amount"
            " usage_amount_in_pricing_units price_effective_price",
            MONEY,
        ),
        **named(
            "billing_account_id invoice_month cost_type currency service_id service_description"
            " sku_id sku_description project_id project_name project_number location_region"
            " location_location resource_name resource_global_name usage_unit"
            " usage_pricing_unit transaction_type seller_name labels credits",
            TEXT,
        ),
    },
    required=("cost", "currency", "usage_start_time"),
    period=(
        "coalesce(substr(invoice_month, 1, 4) || '-' || substr(invoice_month, 5, 2),"
        " strftime(usage_start_time, '%Y-%m'))"
    ),
    time="usage_start_time",
    money=("cost", "credits_amount"),
    currency="currency",
    is_bill=True,
)

CLOUD_BILLS = (AWS_CUR, AZURE_COST, OCI_COST, GCP_BILLING)
