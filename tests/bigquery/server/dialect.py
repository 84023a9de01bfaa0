"""BigQuery's dialect for GoogleSQL: language options, types, and the catalog of one statement."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from zetasql import types as z
from zetasql.wasi._pb2.zetasql.proto.simple_catalog_pb2 import SimpleCatalogProto
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeProto

from tests.bigquery.server.errors import not_implemented
from tests.bigquery.server.types import Field, Type
from tests.bigquery.server.values import Rows, encode
from tests.bigquery.server.wasm import INSTANCES

# What GoogleSQL can do and BigQuery does not have, by parts of the features' names.
FOREIGN = (
    "SPANNER", "PROTO", "MAP_TYPE", "FOR_UPDATE", "SQL_GRAPH", "UUID", "ON_CONFLICT",
    "EXPERIMENTAL", "LATERAL_JOIN", "IDEALLY", "TOKENIZED", "ROW_TYPE", "TTL", "MULTILEVEL_AGG",
    "DML_RETURNING", "INTERLEAVE", "ORDERED_PRIMARY", "MODULES", "ARRAY_ORDERING", "LIMIT_ALL",
    "DISABLE_", "JSON_TYPE_COMPARISON",
)  # fmt: skip
KINDS = {
    "INT64": z.TypeKind.TYPE_INT64,
    "FLOAT64": z.TypeKind.TYPE_DOUBLE,
    **{
        name: getattr(z.TypeKind, f"TYPE_{name}")
        for name in ("STRING", "BOOL", "BYTES", "DATE", "TIMESTAMP", "DATETIME", "TIME")
    },
    **{
        name: getattr(z.TypeKind, f"TYPE_{name}")
        for name in ("NUMERIC", "BIGNUMERIC", "JSON", "INTERVAL", "GEOGRAPHY")
    },
}
# The columns that a table partitioned by time of arrival has besides its own.
PSEUDO = (("_PARTITIONTIME", "TIMESTAMP"), ("_PARTITIONDATE", "DATE"))
NAMES = {int(kind): name for name, kind in KINDS.items()}
ALIASES = {
    **dict.fromkeys(("INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT"), "INT64"),
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}


@cache
def language() -> z.LanguageOptions:
    """The dialect: BigQuery's, as near as switches bring it."""
    with INSTANCES.one() as instance:
        options = instance.get_language_options(maximum_features=True)
    foreign = {
        getattr(z.LanguageFeature, name)
        for name in dir(z.LanguageFeature)
        if name.startswith("FEATURE_") and any(part in name for part in FOREIGN)
    }
    options.enabled_language_features = [
        feature for feature in options.enabled_language_features if feature not in foreign
    ] + [z.LanguageFeature.FEATURE_CREATE_TABLE_CLONE]
    options.product_mode = z.ProductMode.PRODUCT_EXTERNAL
    options.supported_statement_kinds = [
        kind for kind in z.ResolvedNodeKind if kind.name.endswith("_STMT")
    ]
    options.reserved_keywords = ["QUALIFY"]
    return options


@cache
def language_proto() -> Any:
    return language().to_proto()


@cache
def options() -> Any:
    made = z.AnalyzerOptions(
        language_options=language(), default_timezone="UTC", prune_unused_columns=True
    ).to_proto()
    for name, kind in PSEUDO:
        made.ddl_pseudo_columns.add(name=name, type=proto_of_type(Type(kind)))
    return made


@dataclass(frozen=True)
class Source:
    """A table as the engine sees it: one identifier, its columns, its rows."""

    name: str
    fields: tuple[Field, ...]
    rows: Rows | None = None
    pseudo: tuple[Field, ...] = ()  # columns that `*` leaves out

    @property
    def shape(self) -> Hashable:
        return self.name, tuple((f.name, f.type.plain) for f in self.fields), self.pseudo


@dataclass(frozen=True)
class Constant:
    """A script's variable or a query's parameter."""

    type: Type
    value: Any


def catalog(sources: Sequence[Source], constants: Mapping[str, Constant]) -> SimpleCatalogProto:
    made = SimpleCatalogProto()
    made.CopyFrom(empty_catalog())
    for source in sources:
        table = made.table.add(name=source.name, full_name=source.name)
        for field in source.fields:
            table.column.add(name=field.name).type.CopyFrom(proto_of_type(field.type))
        for field in source.pseudo:
            column = table.column.add(name=field.name, is_pseudo_column=True)
            column.type.CopyFrom(proto_of_type(field.type))
    for name, constant in constants.items():
        if not name.startswith("@"):
            made.constant.add(
                name_path=[name],
                type=proto_of_type(constant.type),
                value=encode(constant.value, constant.type),
            )
    return made


def analyzer_options(constants: Mapping[str, Constant]) -> Any:
    parameters = {n: c for n, c in constants.items() if n.startswith("@")}
    if not parameters:
        return options()
    made = type(options())()
    made.CopyFrom(options())
    for name, constant in parameters.items():
        made.query_parameters.add(name=name[1:], type=proto_of_type(constant.type))
    return made


@cache
def empty_catalog() -> SimpleCatalogProto:
    made: SimpleCatalogProto = z.SimpleCatalog(
        name="bigquery",
        builtin_function_options=z.ZetaSQLBuiltinFunctionOptions(language_options=language()),
    ).to_proto()
    for alias, name in ALIASES.items():
        made.named_type.add(name=alias, type=proto_of_type(Type(name)))
    return made


def proto_of_type(type_: Type) -> TypeProto:
    made = TypeProto()
    if type_.kind == "ARRAY" and type_.element:
        made.type_kind = z.TypeKind.TYPE_ARRAY
        made.array_type.element_type.CopyFrom(proto_of_type(type_.element))
    elif type_.kind == "STRUCT":
        made.type_kind = z.TypeKind.TYPE_STRUCT
        made.struct_type.SetInParent()
        for name, member in type_.members:
            made.struct_type.field.add(field_name=name, field_type=proto_of_type(member))
    else:
        made.type_kind = KINDS[type_.kind]
    return made


def type_of_proto(type_: TypeProto) -> Type:
    if type_.type_kind == z.TypeKind.TYPE_ARRAY:
        return Type("ARRAY", type_of_proto(type_.array_type.element_type))
    if type_.type_kind == z.TypeKind.TYPE_STRUCT:
        members = [(f.field_name, type_of_proto(f.field_type)) for f in type_.struct_type.field]
        return Type("STRUCT", members=tuple(members))
    if type_.type_kind not in NAMES:
        not_implemented(f"type {z.TypeKind(type_.type_kind).name}")
    return Type(NAMES[type_.type_kind])
