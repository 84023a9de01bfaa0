"""GoogleSQL types and columns, and the two ways of writing them down:

SQL text and the fields of the REST API.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.bigquery.server.errors import BigQueryError, not_implemented

SCALARS = (
    "INT64",
    "FLOAT64",
    "STRING",
    "BOOL",
    "BYTES",
    "DATE",
    "TIMESTAMP",
    "DATETIME",
    "TIME",
    "NUMERIC",
    "BIGNUMERIC",
    "JSON",
    "INTERVAL",
    "GEOGRAPHY",
)
# The REST API's own names of types, and the aliases of both dialects.
REST_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
ALIASES = {
    **{name: scalar for scalar, name in REST_NAMES.items()},
    **dict.fromkeys(("INT", "SMALLINT", "BIGINT", "TINYINT", "BYTEINT"), "INT64"),
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
    "RECORD": "STRUCT",
}


@dataclass(frozen=True)
class Type:
    """A scalar by its name, ARRAY with its element, or STRUCT with its members.

    `parameters` are those of STRING(n), BYTES(n) and NUMERIC(precision, scale) on a column.
    """

    kind: str
    element: Type | None = None
    members: tuple[tuple[str, Type], ...] = ()
    parameters: tuple[int, ...] = ()

    @property
    def sql(self) -> str:
        if self.kind == "ARRAY" and self.element:
            return f"ARRAY<{self.element.sql}>"
        if self.kind == "STRUCT":
            return "STRUCT<" + ", ".join(f"{quoted(n)} {t.sql}" for n, t in self.members) + ">"
        return self.kind + (f"({', '.join(map(str, self.parameters))})" if self.parameters else "")

    @property
    def plain(self) -> Type:
        """Without parameters, which the engine knows nothing of."""
        return Type(
            self.kind,
            self.element.plain if self.element else None,
            tuple((name, member.plain) for name, member in self.members),
        )

    @property
    def holds_array(self) -> bool:
        return self.kind == "ARRAY" or any(member.holds_array for _, member in self.members)


@dataclass(frozen=True)
class Field:
    """A column. `mode` is NULLABLE or REQUIRED; REPEATED is an ARRAY type, as in SQL. One that a
    query gives no name is not `named`: its name is ours.
    """

    name: str
    type: Type
    mode: str = "NULLABLE"
    description: str | None = None
    named: bool = field(default=True, compare=False)

    def to_rest(self) -> dict[str, Any]:
        """As in a table's `schema.fields`."""
        kind, mode = self.type, self.mode
        if kind.kind == "ARRAY" and kind.element:
            kind, mode = kind.element, "REPEATED"
        field: dict[str, Any] = {"name": self.name, "mode": mode}
        if self.description is not None:
            field["description"] = self.description
        if kind.kind == "STRUCT":
            members = [Field(name, member).to_rest() for name, member in kind.members]
            return {**field, "type": "RECORD", "fields": members}
        field["type"] = REST_NAMES.get(kind.kind, kind.kind)
        if kind.parameters and kind.kind in ("STRING", "BYTES"):
            field["maxLength"] = str(kind.parameters[0])
        elif kind.parameters:
            names = ("precision", "scale")
            field |= {n: str(p) for n, p in zip(names, kind.parameters, strict=False)}
        return field

    @classmethod
    def from_rest(cls, field: dict[str, Any]) -> Field:
        """Raises BigQueryError for a type that is none."""
        mode = field.get("mode", "NULLABLE").upper()
        kind = scalar_name(field["type"])
        if kind == "STRUCT":
            members = [cls.from_rest(member) for member in field.get("fields", [])]
            if any(member.mode == "REQUIRED" for member in members):
                not_implemented("REQUIRED members of a RECORD")
            type_ = Type("STRUCT", members=tuple((m.name, m.type) for m in members))
        else:
            given = (field.get(name) for name in ("maxLength", "precision", "scale"))
            type_ = Type(kind, parameters=tuple(int(value) for value in given if value))
        if mode == "REPEATED":
            type_, mode = Type("ARRAY", type_), "NULLABLE"
        return cls(field["name"], type_, mode, field.get("description"))

    def but(self, **changes: Any) -> Field:
        return replace(self, **changes)


def scalar_name(name: str) -> str:
    """The type's one name, for any of its names. Raises BigQueryError."""
    kind = ALIASES.get(name.upper(), name.upper())
    if kind not in SCALARS and kind != "STRUCT":
        raise BigQueryError(f"Invalid value for type: {name} is not a valid value", 400, "invalid")
    return kind


def quoted(name: str) -> str:
    """An identifier in backticks; `a.b.c` stays one name."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def schema_to_rest(fields: Iterable[Field]) -> dict[str, Any]:
    return {"fields": [field.to_rest() for field in fields]}


def schema_from_rest(schema: dict[str, Any] | None) -> tuple[Field, ...]:
    return tuple(Field.from_rest(field) for field in (schema or {}).get("fields", []))
