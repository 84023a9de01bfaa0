"""Scripts: variables, blocks, conditions and transactions around statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.bigquery.server import googlesql, trees
from tests.bigquery.server.dialect import Constant
from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.session import Session

MOST_TURNS = 10_000
Run = Callable[[Session, str], Any]


class Script:
    """One run of a script; `run` does a statement that is not the script's own, and `last` is its
    result.
    """

    def __init__(self, session: Session, sql: str, run: Run) -> None:
        self.session, self.sql, self.run_one = session, sql, run
        self.last: Any = None

    def run(self) -> Any:
        """The last statement's result.

        An open transaction at the end is rolled back, as BigQuery does.
        """
        for statement in googlesql.parse_script(self.sql).statement_list_node.statement_list:
            self.do(statement)
        return self.last

    def do(self, node: Any) -> None:
        handler = HANDLERS.get(trees.kind(node))
        if handler:
            handler(self, node)
        elif trees.kind(node) in UNSUPPORTED:
            not_implemented(trees.kind(node).removeprefix("AST"))
        else:
            self.last = self.run_one(self.session, trees.text(self.sql, node))

    def all(self, body: Any) -> None:
        for statement in body.statement_list if body is not None else []:
            self.do(statement)

    def declare(self, node: Any) -> None:
        type_ = trees.text(self.sql, node.type) if node.type is not None else None
        default = "null"
        if node.default_value is not None:
            default = trees.text(self.sql, node.default_value)
        value = self.session.constant(default, type_)
        for variable in node.variable_list.identifier_list:
            name = variable.id_string.lower()
            if name in self.session.constants:
                raise BigQueryError(f"Variable '{variable.id_string}' already declared")
            self.session.constants[name] = value

    def assign(self, node: Any) -> None:
        self.set(node.variable.id_string, trees.text(self.sql, node.expression))

    def assign_all(self, node: Any) -> None:
        """SET (a, b) = (…)."""
        value = self.session.constant(trees.text(self.sql, node.struct_expression))
        variables = node.variables.identifier_list
        if value.type.kind != "STRUCT" or len(value.type.members) != len(variables):
            raise BigQueryError("SET needs a STRUCT of as many values as there are variables")
        members = value.value or (None,) * len(variables)
        for variable, member, (_, type_) in zip(
            variables, members, value.type.members, strict=True
        ):
            known = self.variable(variable.id_string)
            self.session.constants["__member"] = Constant(type_, member)
            self.set(variable.id_string, "__member")
            del self.session.constants["__member"]
            assert known

    def variable(self, name: str) -> Constant:
        found = self.session.constants.get(name.lower())
        if found is None:
            raise BigQueryError(f"Undeclared variable: {name}")
        return found

    def set(self, name: str, expression: str) -> None:
        type_ = self.variable(name).type
        self.session.constants[name.lower()] = self.session.constant(expression, type_.sql)

    def block(self, node: Any) -> None:
        """BEGIN … END: its variables end with it."""
        if node.handler_list is not None:
            not_implemented("EXCEPTION")
        outer = set(self.session.constants)
        try:
            self.all(node.statement_list_node)
        finally:
            for name in set(self.session.constants) - outer:
                del self.session.constants[name]

    def condition(self, node: Any) -> None:
        branches = [(node.condition, node.then_list)]
        if node.elseif_clauses is not None:
            branches += [(c.condition, c.body) for c in node.elseif_clauses.elseif_clauses]
        for condition, body in branches:
            if self.session.value(trees.text(self.sql, condition)):
                self.all(body)
                return
        self.all(node.else_list)

    def loop(self, node: Any) -> None:
        for _ in range(MOST_TURNS):
            if not self.session.value(trees.text(self.sql, node.condition)):
                return
            self.all(node.body)
        not_implemented(f"a loop of more than {MOST_TURNS} turns")

    def claim(self, node: Any) -> None:
        """ASSERT."""
        if not self.session.value(trees.text(self.sql, node.expr)):
            said = node.description.string_value if node.description is not None else ""
            raise BigQueryError(f"Assertion failed: {said or trees.text(self.sql, node.expr)}")

    def fail(self, node: Any) -> None:
        """RAISE USING MESSAGE = …"""
        if node.message is None:
            raise BigQueryError(
                "Cannot re-raise an existing exception outside an exception handler"
            )
        raise BigQueryError(str(self.session.value(trees.text(self.sql, node.message))))

    def begin(self, _: Any) -> None:
        if self.session.pending is not None:
            raise BigQueryError("A transaction is already running")
        self.session.pending = {}

    def commit(self, _: Any) -> None:
        if self.session.pending is None:
            raise BigQueryError("There is no transaction to commit")
        self.session.commit()

    def rollback(self, _: Any) -> None:
        if self.session.pending is None:
            raise BigQueryError("There is no transaction to roll back")
        self.session.pending = None


HANDLERS: dict[str, Callable[[Script, Any], None]] = {
    "ASTVariableDeclaration": Script.declare,
    "ASTSingleAssignment": Script.assign,
    "ASTAssignmentFromStruct": Script.assign_all,
    "ASTBeginEndBlock": Script.block,
    "ASTIfStatement": Script.condition,
    "ASTWhileStatement": Script.loop,
    "ASTAssertStatement": Script.claim,
    "ASTRaiseStatement": Script.fail,
    "ASTBeginStatement": Script.begin,
    "ASTCommitStatement": Script.commit,
    "ASTRollbackStatement": Script.rollback,
}
UNSUPPORTED = {
    "ASTSystemVariableAssignment", "ASTParameterAssignment", "ASTExecuteImmediateStatement",
    "ASTCallStatement", "ASTRepeatStatement", "ASTForInStatement", "ASTCaseStatement",
    "ASTBreakStatement", "ASTContinueStatement", "ASTReturnStatement",
}  # fmt: skip
