"""What the tests of the usage logs share: landing files, reading them back, looking for a text."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from orchestration.landing.land import land
from orchestration.settings import Settings

# What users wrote. It is put in every place that must not be read, and searched for afterwards.
CANARY = "canary-9c41 the customer's secret question"

Landed = Callable[[Settings], duckdb.DuckDBPyConnection]
Workspace = Callable[..., Settings]

COUNT = st.integers(0, 2**40)
A_FEW = hypothesis_settings(max_examples=12)
"""Each example is a whole landing of many records: the records are the examples."""


def deliver(settings: Settings, files: Mapping[str, str | bytes]) -> None:
    """Write files into `in/` of a workspace; a name that ends in .gz is packed."""
    for name, content in files.items():
        path = settings.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


def landed_files(
    workspace: Workspace, kind: str, files: Mapping[str, str | bytes], more: str = "", **named: str
) -> Settings:
    """Land files as one source of a type; `more` is added to the source's settings."""
    text = f'[[sources]]\nname = "usage"\ntype = "{kind}"\nuri = "in/**"\n{more}\n'
    settings = workspace(named.get("gate", "") + text, named.get("folder", "workspace"))
    deliver(settings, files)
    land(settings)
    return settings


def lines(records: Iterable[Any]) -> str:
    """JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


def one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The only value, or the only row, of a query."""
    row = con.execute(sql).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def holders(settings: Settings, text: str) -> list[str]:
    """Files of a workspace, the delivered ones apart, that hold a text; what packs its texts
    (Parquet, DuckDB, gzip) is unpacked."""
    found = []
    for path in settings.folder.rglob("*"):
        if not path.is_file() or path.is_relative_to(settings.folder / "in"):
            continue
        if path.name == "twinledger.toml":
            continue
        if text.encode() in path.read_bytes() or _packs(path, text):
            found.append(str(path.relative_to(settings.folder)))
    return found


def _packs(path: Path, text: str) -> bool:
    # A part that was being written when its file was refused has no end yet.
    if path.suffix == ".parquet" and path.read_bytes().endswith(b"PAR1"):
        with duckdb.connect() as con:
            return _has(con, f"'{path}'", text)
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            return any(_has(con, f'"{schema}"."{name}"', text) for schema, name in tables)
    return path.suffix == ".gz" and text.encode() in gzip.decompress(path.read_bytes())


def _has(con: duckdb.DuckDBPyConnection, table: str, text: str) -> bool:
    shown = "cast(to_json(part) as varchar)"
    sql = f"select count(*) > 0 from {table} as part where contains({shown}, ?)"
    return bool(con.execute(sql, [text]).fetchall()[0][0])
