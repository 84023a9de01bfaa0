"""Lints on the project's compiled SQL and sources.

They hold what GoogleSQL's analyzer lets pass and BigQuery does not, and house rules on
portability. Every lint takes what it judges and returns its findings as sentences; none means
clean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.bigquery.server import googlesql, rules, trees
from tests.bigquery.server.errors import BigQueryError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Every function that the models may call on BigQuery, each compared with its DuckDB counterpart.
# A new one is looked up in BigQuery's reference (GoogleSQL knows more than BigQuery has) first.
ALLOWED_FUNCTIONS = _words("""
abs chr coalesce concat count date date_add date_diff date_trunc extract format_timestamp
generate_array greatest if json_keys json_query_array json_type json_value lag lead least
length lower max md5 min mod nullif parse_json regexp_replace replace round row_number
starts_with string_agg substr sum timestamp timestamp_add timestamp_diff timestamp_trunc
to_hex to_json_string trunc upper
""")

# https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords
RESERVED = _words("""
all and any array as asc assert_rows_modified at between by case cast collate contains
create cross cube current default define desc distinct else end enum escape except exclude
exists extract false fetch following for from full graph_table group grouping groups hash
having if ignore in inner intersect interval into is join lateral left like limit lookup
merge natural new no not null nulls of on or order outer over partition preceding proto
qualify range recursive respect right rollup rows select set some struct tablesample then to
treat true unbounded union unnest using when where window with within
""")
STRATEGIES = {"merge", "insert_overwrite", "microbatch"}
NAME = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Statement:
    """A compiled model or data test: its name, its SQL and its syntax tree."""

    name: str
    sql: str

    @property
    def tree(self) -> Any:
        return googlesql.parse(self.sql)

    def nodes(self, *kinds: str) -> Iterator[Any]:
        return (node for node in trees.walk(self.tree) if trees.kind(node) in kinds)

    def text(self, node: Any) -> str:
        return trees.text(self.sql, node)


def unknown_functions(statement: Statement) -> list[str]:
    """Functions off the list: BigQuery may lack them, or nobody has compared them with DuckDB's."""
    called = {
        ".".join(trees.names(node.function)).lower().removeprefix("safe.")
        for node in statement.nodes("ASTFunctionCall")
    }
    return [f"calls {name}()" for name in sorted(called - ALLOWED_FUNCTIONS)]


def planner_refusals(statement: Statement) -> list[str]:
    """What BigQuery's planner refuses and a syntax tree shows: outer joins without an equality."""
    try:
        rules.check_syntax(statement.tree)
    except BigQueryError as error:
        return [str(error)]
    return []


def unsaid_null_order(statement: Statement) -> list[str]:
    """Null order left to the engine: nulls come first on BigQuery and last on DuckDB."""
    return [
        f"does not say where nulls go: {statement.text(item)}"
        for item in _ordered(statement, "ASTOrderBy", outside="ASTFunctionCall")
        if item.null_order is None
    ]


def refused_null_order(statement: Statement) -> list[str]:
    """BigQuery sorts inside an aggregate in its own null order only: a clause is refused."""
    return [
        f"orders nulls inside an aggregate: {statement.text(item)}"
        for call in statement.nodes("ASTFunctionCall")
        if call.order_by is not None
        for item in call.order_by.ordering_expressions
        if item.null_order is not None
    ]


def parameterless_json(statement: Statement) -> list[str]:
    """parse_json fails on a number of many digits where it is not told to round it."""
    return [
        f"parses JSON without wide_number_mode: {statement.text(call)}"
        for call in statement.nodes("ASTFunctionCall")
        if trees.names(call.function)[-1].lower() == "parse_json"
        and "wide_number_mode" not in statement.text(call)
    ]


def odd_aliases(statement: Statement) -> list[str]:
    """Names that need quotes: reserved words, capitals."""
    named = (node.identifier.id_string for node in statement.nodes("ASTAlias"))
    return [f"names something {name}" for name in sorted(set(named)) if not _is_plain(name)]


def lossy_types(statement: Statement) -> list[str]:
    """NUMERIC keeps 9 decimals, and DATETIME has no zone: neither is a type of ours."""
    return [
        f"uses the type {name}"
        for node in statement.nodes("ASTSimpleType")
        for name in [statement.text(node).lower()]
        if name not in {"bignumeric", "bool", "date", "float64", "int64", "string", "timestamp"}
    ]


def _ordered(statement: Statement, kind: str, outside: str) -> Iterator[Any]:
    """The items of the ORDER BYs that are no aggregate's own."""
    own = {id(call.order_by) for call in statement.nodes(outside) if call.order_by is not None}
    for node in statement.nodes(kind):
        if id(node) not in own:
            yield from node.ordering_expressions


def _is_plain(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and name not in RESERVED


STATEMENT_LINTS: dict[str, Callable[[Statement], list[str]]] = {
    lint.__name__: lint
    for lint in (
        unknown_functions,
        planner_refusals,
        unsaid_null_order,
        refused_null_order,
        parameterless_json,
        odd_aliases,
        lossy_types,
    )
}


def bare_types(source: str) -> list[str]:
    """A type by its name in a model: each engine has names of its own, our macros know both."""
    return re.findall(
        r"(?i)\bas\s+(?:decimal|numeric|bignumeric)\b[^,)]*\)|cast\([^{}()]*\bas\s+\w+\s*\)", source
    )


def lossy_macros(source: str) -> list[str]:
    """dbt's own macros for types and dates: 32 bits, 6 decimals, other weeks, casts that raise."""
    return re.findall(
        r"\bdbt\.(?:type_\w+|date_trunc|dateadd|safe_cast|cast)\b|\bapi\.Column\b", source
    )


def week_words(source: str) -> list[str]:
    """Weeks begin on Sunday on BigQuery and on Monday on DuckDB; `isoweek` is unknown to DuckDB."""
    return re.findall(r"(?i)\bisoweek\b|\bweek\s*\(|trunc\([^)]*\bweek\b", source)


def aliased_references(source: str) -> list[str]:
    """`--empty` puts an alias of its own behind a reference: another one is a syntax error."""
    return re.findall(r"\{\{\s*(?:ref|source)\([^}]*\)\s*\}\}\s+as\s+\w+", source)


SOURCE_LINTS: dict[str, Callable[[str], list[str]]] = {
    lint.__name__: lint for lint in (bare_types, lossy_macros, week_words, aliased_references)
}


def odd_strategy(node: dict[str, Any]) -> list[str]:
    """dbt-bigquery knows three incremental strategies."""
    config = node["config"]
    if config["materialized"] != "incremental" or config["incremental_strategy"] in STRATEGIES:
        return []
    return [f"strategy {config['incremental_strategy']}"]


def odd_partition(node: dict[str, Any]) -> list[str]:
    """One date column of the model, a partition a day."""
    partition = node["config"].get("partition_by")
    if partition is None:
        return []
    if set(partition) != {"field", "data_type", "granularity"}:
        return [f"partition_by has the keys {sorted(partition)}"]
    kind = (partition["data_type"], partition["granularity"])
    found = [] if kind == ("date", "day") else [f"partition_by is {kind}"]
    return found + _missing(node, [partition["field"]])


def odd_clusters(node: dict[str, Any]) -> list[str]:
    """At most four columns, all different, all the model's."""
    columns = node["config"].get("cluster_by") or []
    found = [f"clustered by {len(columns)} columns"] if len(columns) > 4 else []
    if len(set(columns)) < len(columns):
        found.append(f"clustered twice by one column: {columns}")
    return found + _missing(node, columns)


def odd_names(node: dict[str, Any]) -> list[str]:
    """Tables, datasets and described columns in plain names."""
    names = [node["name"], node["schema"], *node["columns"]]
    return [f"the name {name}" for name in names if not _is_plain(name)]


def _missing(node: dict[str, Any], columns: Iterable[str]) -> list[str]:
    return [f"no column {name}" for name in columns if name not in _columns(node)]


def _columns(node: dict[str, Any]) -> set[str]:
    """The described columns; of a private step, which need not be described, all words."""
    described = set(node["columns"])
    return (
        described
        if node["contract"]["enforced"]
        else described | set(re.findall(r"\w+", node["compiled_code"]))
    )


NODE_LINTS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    lint.__name__: lint for lint in (odd_strategy, odd_partition, odd_clusters, odd_names)
}
