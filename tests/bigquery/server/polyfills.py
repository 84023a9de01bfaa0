"""What the executor lacks, or takes long for, in terms of what it has.

An approximate function may answer exactly, which these do: a query gets an answer that BigQuery
could have given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.bigquery.server import googlesql, trees
from tests.bigquery.server.dialect import Constant
from tests.bigquery.server.errors import NOT_IMPLEMENTED, BigQueryError, not_implemented
from tests.bigquery.server.trees import Edit
from tests.bigquery.server.types import Type

if TYPE_CHECKING:
    from tests.bigquery.server.session import Session

Rewrite = Callable[[str, Any], str]
TEXT, PATTERN = "__text", "__pattern"


def applied(sql: str, tree: Any, session: Session) -> tuple[str, Any]:
    """The statement, and its tree, without the things below.

    Raises BigQueryError 501 for their rarer forms.
    """
    while True:
        edits = [Edit(*trees.span(node), rewritten(sql, node, session)) for node in innermost(tree)]
        if not edits:
            return sql, tree
        sql = trees.splice(sql, edits)
        tree = googlesql.parse(sql)


def innermost(node: Any) -> list[Any]:
    """The nodes to replace that hold none themselves."""
    found = [node for node in trees.walk(node) if replaceable(node)]
    return [
        outer
        for outer in found
        if not any(inner is not outer and replaceable(inner) for inner in trees.walk(outer))
    ]


def replaceable(node: Any) -> bool:
    kind = trees.kind(node)
    if kind == "ASTFunctionCall":
        return name(node) in CALLS
    return kind == "ASTSystemVariableExpr" or (kind == "ASTBinaryExpression" and is_like(node))


def is_like(node: Any) -> bool:
    """Whether it is LIKE against what is no literal, and not one that `like` below has written."""
    if node.op.name != "LIKE" or trees.kind(node.rhs).endswith("Literal"):
        return False
    return trees.kind(node.rhs) != "ASTPathExpression" or trees.names(node.rhs) != (PATTERN,)


def name(call: Any) -> str:
    return ".".join(trees.names(call.function)).lower()


def rewritten(sql: str, node: Any, session: Session) -> str:
    if trees.kind(node) == "ASTSystemVariableExpr":
        return system_variable(trees.names(node.path)[-1].lower(), session)
    if trees.kind(node) == "ASTBinaryExpression":
        return like(sql, node)
    if name(node) == "session_user":
        return constant(session, "__session_user", session.user)
    plain = node.order_by is None and node.limit_offset is None and node.having_modifier is None
    if not plain:
        not_implemented(f"{name(node)} with ORDER BY, LIMIT or HAVING")
    return CALLS[name(node)](sql, node)


def like(sql: str, node: Any) -> str:
    """LIKE against a column: the executor would compile a regular expression a row. Most patterns
    have % at their ends at most.
    """
    text, pattern = (trees.text(sql, side) for side in (node.lhs, node.rhs))
    return (
        f"({'not ' if node.is_not else ''}with({TEXT} as {text}, {PATTERN} as {pattern}, "
        f"__part as trim({PATTERN}, '%'), case "
        f"when regexp_contains(__part, r'[%_\\\\]') then {TEXT} like {PATTERN} "
        f"when not starts_with({PATTERN}, '%') and not ends_with({PATTERN}, '%') "
        f"then {TEXT} = __part "
        f"when not starts_with({PATTERN}, '%') then starts_with({TEXT}, __part) "
        f"when not ends_with({PATTERN}, '%') then ends_with({TEXT}, __part) "
        f"else strpos({TEXT}, __part) > 0 end))"
    )


def system_variable(name: str, session: Session) -> str:
    values = {
        "project_id": session.project,
        "dataset_id": session.dataset,
        "time_zone": "UTC",
        "query_label": None,
    }
    if name not in values:
        not_implemented(f"@@{name}")
    return constant(session, f"__system_{name}", values[name])


def constant(session: Session, name: str, value: str | None) -> str:
    session.constants[name] = Constant(Type("STRING"), value)
    return name


def arguments(sql: str, call: Any, least: int, most: int) -> list[str]:
    texts = [trees.text(sql, argument) for argument in call.arguments]
    if not least <= len(texts) <= most:
        raise BigQueryError(
            f"No matching signature for function {name(call).upper()}: {len(texts)} arguments"
        )
    return texts


def count_distinct(sql: str, call: Any) -> str:
    (value,) = arguments(sql, call, 1, 1)
    return f"count(distinct {value})"


def quantiles(sql: str, call: Any) -> str:
    """The values at 0, 1/n, …, 1 of the sorted ones without nulls; null where there are none."""
    if call.null_handling_modifier.name == "RESPECT_NULLS":
        not_implemented("approx_quantiles(… respect nulls)")
    value, number = arguments(sql, call, 2, 2)
    distinct = "distinct " if call.distinct else ""
    kept = f"array_agg({distinct}{value} ignore nulls order by {value})"
    place = f"cast(round(__i * (array_length(__kept) - 1) / ({number})) as int64)"
    return (
        f"with(__kept as {kept}, if(__kept is null, null, array(select __kept[offset({place})] "
        f"from unnest(generate_array(0, {number})) as __i order by __i)))"
    )


def any_having(which: str) -> Rewrite:
    def rewrite(sql: str, call: Any) -> str:
        value, by = arguments(sql, call, 2, 2)
        return f"any_value({value} having {which} {by})"

    return rewrite


def contains(sql: str, call: Any) -> str:
    """Of texts only (others do not pass the analyzer), and of ASCII: the executor cannot normalize
    others.
    """
    text, part = arguments(sql, call, 2, 2)
    foreign = f"regexp_contains(concat({text}, {part}), r'[^\\x00-\\x7f]')"
    refusal = f"error('{NOT_IMPLEMENTED} contains_substr of other than ASCII')"
    return f"if({foreign}, {refusal}, strpos(lower({text}), lower({part})) > 0)"


CALLS: dict[str, Rewrite] = {
    "session_user": lambda sql, call: "",
    "approx_count_distinct": count_distinct,
    "approx_quantiles": quantiles,
    "max_by": any_having("max"),
    "min_by": any_having("min"),
    "contains_substr": contains,
}
