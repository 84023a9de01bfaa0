"""FOCUS 1.0 to 1.4 Cost and Usage, as CSV or Parquet, with the columns that a vendor adds."""

from orchestration.errors import SettingsError
from orchestration.landing.datasets import FOCUS
from orchestration.landing.sources import Columns, SourceType
from orchestration.settings import SourceSettings, nearest

# Without these a line has no money, no currency or no time. The specification requires far more
# columns, but vendors leave many of them out, and a null says so.
_REQUIRED = (
    "BilledCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ChargeCategory",
)


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    found = {column: column for column in FOCUS.columns if column in available}
    return {
        column: path
        for column, path in {**found, **source.mapping}.items()
        if column not in source.constants
    }


def _required(source: SourceSettings) -> tuple[str, ...]:
    return tuple(
        source.mapping.get(column, column) for column in _REQUIRED if column not in source.constants
    )


def _check(source: SourceSettings) -> None:
    for given in [*source.mapping, *source.constants]:
        if given not in FOCUS.columns:
            raise SettingsError(
                f"source '{source.name}': '{given}' is no FOCUS column",
                nearest(given, list(FOCUS.columns)),
            )


SOURCE_TYPE = SourceType(
    name="focus",
    dataset=FOCUS,
    delivery="snapshot",
    columns=_columns,
    required=_required,
    check=_check,
    extra_column="_extra",
)
