"""Bill lines written as FOCUS files: the columns of a version, in its order, and their files."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.landing.readers import literal

_COLUMNS = """
    AvailabilityZone BilledCost BillingAccountId BillingAccountName BillingAccountType
    BillingCurrency BillingPeriodEnd BillingPeriodStart CapacityReservationId
    CapacityReservationStatus ChargeCategory ChargeClass ChargeDescription ChargeFrequency
    ChargePeriodEnd ChargePeriodStart CommitmentDiscountCategory CommitmentDiscountId
    CommitmentDiscountName CommitmentDiscountQuantity CommitmentDiscountStatus
    CommitmentDiscountType CommitmentDiscountUnit ConsumedQuantity ConsumedUnit ContractedCost
    ContractedUnitPrice EffectiveCost InvoiceId InvoiceIssuerName ListCost ListUnitPrice
    PricingCategory PricingCurrency PricingCurrencyContractedUnitPrice
    PricingCurrencyEffectiveCost PricingCurrencyListUnitPrice PricingQuantity PricingUnit
    ProviderName PublisherName RegionId RegionName ResourceId ResourceName ResourceType
    ServiceCategory ServiceName ServiceSubcategory SkuId SkuMeter SkuPriceDetails SkuPriceId
    SubAccountId SubAccountName SubAccountType Tags
"""

FOCUS_1_2 = tuple(_COLUMNS.split())
"""The columns of FOCUS 1.2, as its specification sorts them."""

_SINCE_1_2 = {
    "BillingAccountType",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "InvoiceId",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountType",
}
FOCUS_1_0 = tuple(column for column in FOCUS_1_2 if column not in _SINCE_1_2)


def write_focus_file(
    con: duckdb.DuckDBPyConnection,
    target: Path,
    query: str,
    columns: tuple[str, ...],
    *,
    null: str = "",
    gzip: bool = False,
) -> None:
    """Write the rows of `query` as CSV in `columns`' order; columns that it lacks are null.

    Columns of the query that `columns` does not name (`x_…`) follow in their own order.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    given = [row[0] for row in con.execute(f"describe {query}").fetchall()]
    listed = [
        f'"{column}"' if column in given else f'null::varchar as "{column}"' for column in columns
    ]
    extra = [f'"{column}"' for column in given if column.startswith("x_")]
    compression = "gzip" if gzip else "none"
    con.execute(
        f"copy (select {', '.join(listed + extra)} from ({query})) to {literal(str(target))}"
        f" (format csv, header true, nullstr '{null}', compression {compression},"
        " timestampformat '%Y-%m-%dT%H:%M:%SZ')"
    )
