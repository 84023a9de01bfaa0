"""The two clouds' bills as files: FOCUS 1.2 in monthly gzip exports, and FOCUS 1.0 with text NULLs.

The first cloud writes a new export each time, under a name that ends with its time; one month comes
twice, first without its last days, its tax and the private discount.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb

from orchestration.sample.cloud_lines import COMMITMENT_LIST
from orchestration.sample.days import Span, month_after
from orchestration.sample.focus_files import FOCUS_1_0, FOCUS_1_2, write_focus_file

FIRST_DELIVERY = "day < date '{restated_day}' and charge_category <> 'Tax'"
"""The lines that the first export of the restated month knew; it billed them at list price."""


def write_aws_bill(con: duckdb.DuckDBPyConnection, folder: Path, span: Span) -> None:
    """Write one export a month, and an earlier one of the restated month."""
    for month in span.months:
        closed = month_after(month) + timedelta(days=8)
        lines = f"select * from cloud_lines where billing_month = date '{month}'"
        write_focus_file(
            con,
            folder / f"focus_1_2_{month:%Y-%m}_{closed:%Y%m%d}T060000Z.csv.gz",
            _AWS.format(lines=lines),
            FOCUS_1_2,
            gzip=True,
        )
        if month == span.restated_month:
            early = month_after(month) - timedelta(days=3)
            known = FIRST_DELIVERY.format(restated_day=span.restated_day)
            lines = (
                "select * replace (case when charge_category = 'Usage' and"
                " pricing_model = 'on_demand' then list_cost else billed_cost end as billed_cost,"
                " case when charge_category = 'Usage' and pricing_model = 'on_demand'"
                " then list_cost else effective_cost end as effective_cost)"
                f" from ({lines} and {known})"
            )
            write_focus_file(
                con,
                folder / f"focus_1_2_{month:%Y-%m}_{early:%Y%m%d}T060000Z.csv.gz",
                _AWS.format(lines=lines),
                FOCUS_1_2,
                gzip=True,
            )


def write_azure_bill(con: duckdb.DuckDBPyConnection, folder: Path, span: Span) -> None:
    """Write one CSV a month; what is missing is the text NULL."""
    for month in span.months:
        write_focus_file(
            con,
            folder / f"part_{month:%Y%m}_0001.csv",
            _AZURE.format(month=month),
            FOCUS_1_0,
            null="NULL",
        )


_COMMON = f"""
        lines.billed_cost as "BilledCost",
        lines.effective_cost as "EffectiveCost",
        lines.list_cost as "ListCost",
        case when lines.commitment_status is null then lines.price
            else (lines.price * {COMMITMENT_LIST})::decimal(18, 8) end as "ListUnitPrice",
        lines.quantity as "PricingQuantity",
        resources.unit as "PricingUnit",
        lines.quantity as "ConsumedQuantity",
        resources.unit as "ConsumedUnit",
        lines.currency as "BillingCurrency",
        lines.billing_month::timestamp as "BillingPeriodStart",
        (lines.billing_month + interval 1 month)::timestamp as "BillingPeriodEnd",
        lines.started_at as "ChargePeriodStart",
        lines.ended_at as "ChargePeriodEnd",
        lines.charge_category as "ChargeCategory",
        lines.charge_class as "ChargeClass",
"""

_AWS = (
    """
    select"""
    + _COMMON
    + """
        case when lines.commitment_status is null then lines.billed_cost
            else lines.effective_cost end as "ContractedCost",
        case when lines.quantity > 0 then
            (lines.price * case when resources.discount is null then 1 else 0.97 end)
                ::decimal(18, 8) end as "ContractedUnitPrice",
        coalesce(resources.description, case lines.resource
            when 'savings-plan' then '1 year No Upfront Compute Savings Plan'
            when 'savings-plan-web' then 'm6i.2xlarge covered by Compute Savings Plan'
            when 'support-plan' then 'AWS Support (Business)'
            when 'sales-tax' then 'Tax for product code'
            else 'Migration credit' end) as "ChargeDescription",
        case when lines.resource in ('support-plan', 'sales-tax', 'savings-plan') then 'Recurring'
            when lines.resource = 'migration-credit' then 'One-Time'
            else 'Usage-Based' end as "ChargeFrequency",
        case when lines.pricing_model = 'committed' then 'Committed'
            when lines.charge_category = 'Usage' then 'Standard' end as "PricingCategory",
        case when lines.pricing_model = 'committed' then 'Spend' end
            as "CommitmentDiscountCategory",
        case when lines.pricing_model = 'committed'
            then 'arn:aws:savingsplans::410000000000:savingsplan/5a7e' end
            as "CommitmentDiscountId",
        case when lines.pricing_model = 'committed' then 'ComputeSavingsPlans' end
            as "CommitmentDiscountType",
        lines.commitment_status as "CommitmentDiscountStatus",
        case when lines.pricing_model = 'committed'
            then (lines.quantity * lines.price)::decimal(18, 8) end as "CommitmentDiscountQuantity",
        case when lines.pricing_model = 'committed' then 'USD' end as "CommitmentDiscountUnit",
        '410000000000' as "BillingAccountId",
        'Fernhollow' as "BillingAccountName",
        'BillingAccount' as "BillingAccountType",
        coalesce(resources.account_id, '410000000003') as "SubAccountId",
        coalesce(resources.account, 'shared-platform') as "SubAccountName",
        'LinkedAccount' as "SubAccountType",
        'USD' as "PricingCurrency",
        'EU-' || strftime(lines.billing_month, '%Y%m') || '-1' as "InvoiceId",
        'Amazon Web Services, Inc.' as "InvoiceIssuerName",
        'AWS' as "ProviderName",
        'Amazon Web Services, Inc.' as "PublisherName",
        'us-east-1' as "RegionId",
        'US East (N. Virginia)' as "RegionName",
        case when resources.resource_type <> '' then
            'arn:aws:' || lower(replace(resources.service, ' ', '')) || ':us-east-1:'
            || resources.account_id || ':' || resources.resource_type || '/' || resources.name
            end as "ResourceId",
        case when resources.resource_type <> '' then resources.name end as "ResourceName",
        nullif(resources.resource_type, '') as "ResourceType",
        coalesce(resources.focus_category, case lines.resource
            when 'support-plan' then 'Other' else 'Compute' end) as "ServiceCategory",
        coalesce(resources.service, case lines.resource
            when 'support-plan' then 'AWS Support (Business)'
            when 'savings-plan' then 'Savings Plans for AWS Compute usage'
            else 'Amazon Elastic Compute Cloud' end) as "ServiceName",
        coalesce(resources.subcategory, case when lines.resource <> 'support-plan'
            then 'Virtual Machines' end) as "ServiceSubcategory",
        upper(left(md5(coalesce(resources.sku, lines.resource)), 16)) as "SkuId",
        upper(left(md5(coalesce(resources.sku, lines.resource)), 16)) || '.JRTCKXETXF'
            as "SkuPriceId",
        resources.sku as "SkuMeter",
        coalesce(resources.tags, case when lines.resource = 'savings-plan-web' then
            '{{"team": "search", "product": "finder", "feature": "answers",'
            || ' "use_case": "question_answering", "env": "prod"}}' end) as "Tags",
        '{{}}' as "x_Discounts",
        case when lines.charge_category = 'Usage' then 'RunInstances' end as "x_Operation",
        replace(coalesce(resources.service, 'ComputeSavingsPlans'), ' ', '') as "x_ServiceCode"
    from ({lines}) as lines
    left join resources
        on lines.cloud = resources.cloud and lines.resource = resources.name
    where lines.cloud = 'aws'
    order by lines.day, lines.started_at, lines.resource, lines.charge_class, lines.quantity
"""
)

_AZURE = (
    """
    select"""
    + _COMMON
    + """
        lines.billed_cost as "ContractedCost",
        lines.price as "ContractedUnitPrice",
        resources.description as "ChargeDescription",
        'Usage-Based' as "ChargeFrequency",
        'Standard' as "PricingCategory",
        '/providers/Microsoft.Billing/billingAccounts/9930117' as "BillingAccountId",
        'Fernhollow EU' as "BillingAccountName",
        resources.account_id as "SubAccountId",
        resources.account as "SubAccountName",
        'Microsoft' as "InvoiceIssuerName",
        'Microsoft' as "ProviderName",
        'Microsoft' as "PublisherName",
        case when lines.currency = 'BRL' then 'brazilsouth' else 'westeurope' end as "RegionId",
        case when lines.currency = 'BRL' then 'Brazil South' else 'West Europe' end
            as "RegionName",
        case when resources.resource_type <> '' then
            resources.account_id || '/resourcegroups/rg-ai/providers/'
            || resources.resource_type || '/' || resources.name end as "ResourceId",
        case when resources.resource_type <> '' then resources.name end as "ResourceName",
        nullif(resources.resource_type, '') as "ResourceType",
        resources.focus_category as "ServiceCategory",
        resources.service as "ServiceName",
        (1000000 + resources.milli_units % 99991)::varchar as "SkuId",
        (1000000 + resources.milli_units % 99991)::varchar as "SkuPriceId",
        resources.tags as "Tags",
        resources.sku as "x_SkuMeterName"
    from cloud_lines as lines
    left join resources
        on lines.cloud = resources.cloud and lines.resource = resources.name
    where lines.cloud = 'azure' and lines.billing_month = date '{month}'
    order by lines.day, lines.resource
"""
)
