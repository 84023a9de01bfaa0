"""The model vendor's FOCUS 1.2 bill: a line a day, model and token class, without anybody's tags.

It bills what the gateway logged, and besides it the prompts of calls that failed, which the
gateway logged without tokens.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.sample.company import VENDOR
from orchestration.sample.days import Span
from orchestration.sample.focus_files import FOCUS_1_2, write_focus_file


def create_vendor_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Create `vendor_lines(day, month, model, token_class, tokens, price, cost, failed_cost)`.

    The price is US dollars per million tokens; `failed_cost` is the part for failed calls.
    """
    con.execute(
        """
        create table vendor_lines as
        with used as (
            select
                day, month, model, 'input' as token_class,
                sum(input_tokens + failed_tokens) as tokens, sum(failed_tokens) as failed
            from request_days group by all
            union all
            select day, month, model, 'cached_input', sum(cached_input_tokens), 0
            from request_days group by all
            union all
            select day, month, model, 'output', sum(output_tokens), 0
            from request_days group by all
        )
        select
            used.day,
            used.month,
            used.model,
            used.token_class,
            used.tokens::bigint as tokens,
            vendor_prices.price,
            (used.tokens::decimal(18, 0) * 0.000001::decimal(7, 6))::decimal(18, 6)
                as millions,
            (millions * vendor_prices.price)::decimal(30, 10) as cost,
            ((used.failed::decimal(18, 0) * 0.000001::decimal(7, 6))::decimal(18, 6)
                * vendor_prices.price)::decimal(30, 10) as failed_cost
        from used
        inner join vendor_prices
            on used.model = vendor_prices.model
            and used.token_class = vendor_prices.token_class
            and used.day >= vendor_prices.valid_from
            and used.day < vendor_prices.valid_to
        where used.tokens > 0
        order by used.day, used.model, used.token_class
        """
    )


def write_vendor_bill(con: duckdb.DuckDBPyConnection, folder: Path, span: Span) -> None:
    """Write one CSV a month."""
    for month in span.months:
        write_focus_file(
            con,
            folder / f"cost_and_usage_{month:%Y-%m}.csv",
            _LINES.format(month=month, vendor=VENDOR),
            FOCUS_1_2,
        )


_LINES = """
    select
        cost as "BilledCost",
        cost as "EffectiveCost",
        cost as "ContractedCost",
        cost as "ListCost",
        price as "ListUnitPrice",
        price as "ContractedUnitPrice",
        millions as "PricingQuantity",
        '1000000 Tokens' as "PricingUnit",
        tokens as "ConsumedQuantity",
        'Token' as "ConsumedUnit",
        'org-fernhollow' as "BillingAccountId",
        'Fernhollow' as "BillingAccountName",
        'Organization' as "BillingAccountType",
        'USD' as "BillingCurrency",
        'USD' as "PricingCurrency",
        month::timestamp as "BillingPeriodStart",
        (month + interval 1 month)::timestamp as "BillingPeriodEnd",
        day::timestamp as "ChargePeriodStart",
        (day + interval 1 day)::timestamp as "ChargePeriodEnd",
        'Usage' as "ChargeCategory",
        model || ', ' || replace(token_class, '_', ' ') || ' tokens' as "ChargeDescription",
        'Usage-Based' as "ChargeFrequency",
        'INV-' || strftime(month, '%Y%m') as "InvoiceId",
        '{vendor}' as "InvoiceIssuerName",
        '{vendor}' as "ProviderName",
        '{vendor}' as "PublisherName",
        'Standard' as "PricingCategory",
        'AI and Machine Learning' as "ServiceCategory",
        'Generative AI' as "ServiceSubcategory",
        'OpenAI API' as "ServiceName",
        model || '-' || token_class as "SkuId",
        model || '-' || token_class || '-' || price as "SkuPriceId",
        'Tokens' as "SkuMeter",
        'proj_gateway' as "SubAccountId",
        'Gateway' as "SubAccountName",
        'Project' as "SubAccountType",
        model as "x_ModelId",
        token_class as "x_TokenClass"
    from vendor_lines
    where month = date '{month}'
    order by day, model, token_class
"""
