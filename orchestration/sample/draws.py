"""Repeatable draws: the same seed, name and number give the same value on every machine.

MD5 rather than the engine's `hash()`, whose values may change with its version; and integers
rather than logarithms, whose last digits differ between processors.
"""

from __future__ import annotations

import hashlib

import duckdb


def create_draw_macros(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Create `dice(name, number)` → 64 random bits, and `part(dice, k)` → its k-th 16 bits."""
    con.execute(
        f"create macro dice(name, number) as md5_number_lower('{seed}:' || name || ':' || number)"
    )
    con.execute("create macro part(dice, k) as ((dice >> (16 * k)) & 65535)::bigint")
    # A number from 0 to n - 1.
    con.execute("create macro pick(dice, k, n) as (part(dice, k) * n) >> 16")


def draw(seed: int, name: str, n: int) -> int:
    """A number from 0 to n - 1 for the few rows that Python makes."""
    digest = hashlib.md5(f"{seed}:{name}".encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") * n >> 64
