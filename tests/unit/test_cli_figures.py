"""How figures look: separators, decimals, unknowns, and no figure that says more than is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orchestration.commands.console import ago, count, exact, money, percent, unit_price


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal("1234567.891"), "1,234,567.89"),
        (Decimal("-5"), "-5.00"),
        (Decimal("0.004"), "<0.01"),
        (Decimal("-0.004"), "-<0.01"),
        (Decimal("0"), "0.00"),
        (None, "unknown"),
    ],
)
def test_money(amount, shown):
    assert money(amount) == shown


def test_exact_keeps_every_decimal():
    assert exact(Decimal("12345.678901234567890000")) == "12,345.67890123456789"
    assert exact(Decimal("100")) == "100"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(1.0, "100.0 %"), (0.99971, "99.9 %"), (0.5, "50.0 %"), (0, "0.0 %"), (None, "unknown")],
)
def test_almost_all_is_not_all(share, shown):
    assert percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.009748331, "0.00974833"),
        (0.0000012345678, "0.00000123457"),
        (123.456789, "123.457"),
        (0.3, "0.30"),
        (0, "0.00"),
        (None, "unknown"),
    ],
)
def test_unit_costs_have_six_digits(value, shown):
    assert unit_price(value) == shown


def test_counts_and_ages():
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert count(1_234_567) == "1,234,567"
    assert count(None) == "unknown"
    assert ago(now - timedelta(minutes=3), now) == "3 min"
    assert ago(now - timedelta(hours=30), now) == "30 h"
    assert ago(now - timedelta(days=12), now) == "12 d"
    assert ago(None, now) == "never"
