"""Identities of persons as keyed hashes, so that a usage log can be kept without its names.

HMAC-SHA256 (RFC 2104) in DuckDB's own SQL: no row passes through Python. The key never stands in a
statement, so that no error can quote it.
"""

from __future__ import annotations

import hashlib
import os

import duckdb

from orchestration.errors import SettingsError
from orchestration.settings import SourceSettings

OPTION = "hash_users_key_env"
_BLOCK = 64


def is_asked_for(source: SourceSettings) -> bool:
    """Whether the source's identities are to be hashed."""
    return OPTION in source.options


def load_key(con: duckdb.DuckDBPyConnection, source: SourceSettings) -> None:
    """Give the connection the source's key.

    Raises:
        SettingsError: the environment variable that should hold the key is empty.
    """
    if not is_asked_for(source):
        return
    variable = str(source.options[OPTION])
    key = os.environ.get(variable, "").encode()
    if not key:
        raise SettingsError(
            f"source '{source.name}': options.{OPTION} names ${variable}, which is not set",
            f"set it to a secret of your own: export {variable}=…",
        )
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    for name, pad in (("hash_key_inner", 0x36), ("hash_key_outer", 0x5C)):
        con.execute(f"set variable {name} = ?", [bytes(byte ^ pad for byte in block)])


def hashed(text: str) -> str:
    """SQL of the hash of a text, 64 hexadecimal digits; null stays null."""
    inner = f"sha256(getvariable('hash_key_inner') || encode(cast({text} as varchar)))"
    return f"sha256(getvariable('hash_key_outer') || unhex({inner}))"
