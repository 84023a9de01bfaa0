"""FOCUS 1.4 Invoice Detail: the lines of the invoices that a bill must add up to."""

from dataclasses import replace

from orchestration.errors import SettingsError
from orchestration.landing.datasets.invoices import INVOICE_DETAIL
from orchestration.landing.focus_columns import focus_type
from orchestration.settings import SourceSettings

_REQUIRED = ("InvoiceId", "BilledCost", "BillingCurrency", "BillingPeriodStart")

_TYPE = focus_type("focus_invoice_detail", INVOICE_DETAIL, "snapshot", _REQUIRED)


def _check(source: SourceSettings) -> None:
    _TYPE.check(source)
    # These lines never become charges: without a bill they would be compared with nothing.
    if not source.billed_by or source.billed_by == source.name:
        raise SettingsError(
            f"source '{source.name}': key 'billed_by' is missing",
            "name the source of the bill that these invoices are about",
        )


SOURCE_TYPE = replace(_TYPE, check=_check)
