"""Which tables are published, and what is said about them: read from dbt's manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.errors import AuditError

ALWAYS_PUBLISHED = (("landing", "loads"),)
"""Tables that landing writes itself and the contract promises to readers."""


@dataclass(frozen=True)
class Relation:
    """A table or view of the build.

    Attributes:
        schema: the layer.
        name: the table's name.
        description: what it is, one row per what.
        columns: column → description, as documented.
        depends_on: manifest ids of what it reads.
    """

    schema: str
    name: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """`schema.name`, for people."""
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """Both parts quoted."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


def quoted(identifier: str) -> str:
    """An SQL identifier, whatever it holds."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL text literal, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def read_manifest(target: Path) -> dict[str, Any]:
    """dbt's manifest.json of the last parse.

    Raises:
        AuditError: nothing was built in this workspace yet.
    """
    try:
        manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text("utf-8"))
        return manifest
    except (OSError, ValueError):
        raise AuditError("there is no build to publish", "run: twinledger build") from None


def relations(manifest: Mapping[str, Any], prefix: str = "") -> dict[str, Relation]:
    """Every model, seed and source of the manifest, by its id.

    Args:
        prefix: what stands before a layer's name in this build's schemas.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    return {
        key: Relation(
            schema=node["schema"].removeprefix(prefix),
            name=node.get("alias") or node.get("identifier") or node["name"],
            description=_one_line(node.get("description")),
            columns={
                name: _one_line(column.get("description"))
                for name, column in node.get("columns", {}).items()
            },
            depends_on=tuple(node.get("depends_on", {}).get("nodes", ())),
        )
        for key, node in nodes.items()
        if node["resource_type"] in ("model", "seed", "source")
    }


def public_ids(manifest: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The ids of what is published: public models, and what the contract adds; sorted by name."""
    known = relations(manifest, prefix)
    public = [
        key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and _access(node) == "public"
    ]
    always = [key for key, r in known.items() if (r.schema, r.name) in ALWAYS_PUBLISHED]
    return sorted({*public, *always}, key=lambda key: known[key].full_name)


def _access(node: Mapping[str, Any]) -> str:
    return str(node.get("access") or node.get("config", {}).get("access") or "")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
