"""Twinledger: landing, building and publishing the cost ledger and the value ledger."""

__version__ = "0.1.0"
