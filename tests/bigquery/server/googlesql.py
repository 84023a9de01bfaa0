"""GoogleSQL spoken as BigQuery speaks it: parse, analyze against given tables, run a query over
their rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message
from zetasql.core.exceptions import ZetaSQLError
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public.type_pb2 import TypeProto

from tests.bigquery.server import trees
from tests.bigquery.server.answers import ANSWERS
from tests.bigquery.server.dialect import (
    Constant,
    Source,
    analyzer_options,
    catalog,
    language_proto,
    type_of_proto,
)
from tests.bigquery.server.errors import NOT_IMPLEMENTED, BigQueryError
from tests.bigquery.server.nodes import node
from tests.bigquery.server.types import Field
from tests.bigquery.server.values import Rows, delimited, encode
from tests.bigquery.server.wasm import INSTANCES

M = TypeVar("M", bound=Message)
T = TypeVar("T")


class Recent(dict[Hashable, Any]):
    """The results of the last calls: the oldest goes first."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def get_or(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was kept under the key, or is made now. Threads may make one twice, no more."""
        found: T | None = self.get(key)
        if found is None:
            found = self[key] = make()
            if len(self) > self.most:
                self.pop(next(iter(self)), None)
        return found


# What the executor says where it lacks something that BigQuery has.
UNABLE = re.compile(
    r"(?i)unimplemented|not supported by (the )?reference|unsupported built-in|U_FILE_ACCESS|"
    + NOT_IMPLEMENTED
)
PARSED = Recent(2000)
ANALYZED = Recent(2000)


def parse(sql: str) -> Any:
    """The syntax tree of one statement. Raises BigQueryError."""
    return PARSED.get_or((sql, 1), lambda: _parse(sql, script=False))


def parse_script(sql: str) -> Any:
    """The syntax tree of a script. Raises BigQueryError."""
    return PARSED.get_or((sql, 2), lambda: _parse(sql, script=True))


def parse_any(sql: str) -> Any:
    """The syntax tree of one statement or of a script. Raises BigQueryError."""
    try:
        return parse(sql)
    except BigQueryError:
        return parse_script(sql)


def _parse(sql: str, script: bool) -> Any:
    request = service.ParseRequest(sql_statement=sql, options=language_proto(), allow_script=script)
    answer = call("Parse", request, service.ParseResponse)
    return trees.remember(node(answer.parsed_script if script else answer.parsed_statement))


def analyze(
    sql: str, sources: Sequence[Source] = (), constants: Mapping[str, Constant] | None = None
) -> Any:
    """The resolved statement, a protobuf oneof.

    Raises BigQueryError where GoogleSQL's analyzer objects.
    """
    held = constants or {}
    key = (
        sql,
        tuple(sorted((s.shape for s in sources), key=lambda shape: str(shape[0]))),  # type: ignore[index]
        tuple((name, constant.type) for name, constant in held.items()),
    )
    return ANALYZED.get_or(key, lambda: _analyze(sql, sources, held))


def _analyze(sql: str, sources: Sequence[Source], constants: Mapping[str, Constant]) -> Any:
    request = service.AnalyzeRequest(
        options=analyzer_options(constants),
        simple_catalog=catalog(sources, constants),
        sql_statement=sql,
    )
    return call("Analyze", request, service.AnalyzeResponse).resolved_statement


def execute(
    sql: str,
    sources: Sequence[Source] = (),
    constants: Mapping[str, Constant] | None = None,
    lasting: bool = False,
) -> tuple[list[Field], Rows]:
    """A query's columns and rows. Raises BigQueryError; 501 where the executor lacks a function.

    Args:
        lasting: the answer depends on nothing but the arguments, not on the clock nor on chance.
    """
    held = constants or {}
    request = service.EvaluateQueryRequest(
        sql=sql,
        options=analyzer_options(held),
        simple_catalog=catalog(sources, held),
        params=[
            service.Parameter(name=name[1:], value=encode(constant.value, constant.type))
            for name, constant in held.items()
            if name.startswith("@")
        ],
    )
    # The rows are encoded already: appended as they are, as entries of the map `table_content`
    # (field 7).
    contents = b"".join(
        delimited(7, delimited(1, source.name.encode()) + delimited(2, source.rows.encoded))
        for source in sources
        if source.rows is not None
    )
    answer = service.EvaluateQueryResponse.FromString(
        ask("EvaluateQuery", request.SerializeToString(deterministic=True) + contents, lasting)
    )
    fields = output_fields([(c.name, c.type) for c in answer.prepared.columns])
    return fields, Rows.from_proto([field.type for field in fields], answer.content)


def query_fields(resolved: Any) -> list[Field]:
    """The columns of an analyzed query."""
    columns = resolved.resolved_query_stmt_node.output_column_list
    return output_fields([(column.name, column.column.type) for column in columns])


def output_fields(columns: Sequence[tuple[str, TypeProto]]) -> list[Field]:
    """Columns without a name are f0_, f1_, …, counted among themselves."""
    fields: list[Field] = []
    unnamed = 0
    for name, type_ in columns:
        named = bool(name) and not name.startswith("$")
        fields.append(Field(name if named else f"f{unnamed}_", type_of_proto(type_), named=named))
        unnamed += not named
    return fields


def call(method: str, request: Message, answer: type[M]) -> M:
    return answer.FromString(ask(method, request.SerializeToString(deterministic=True), True))


def ask(method: str, request: bytes, lasting: bool) -> bytes:
    """GoogleSQL's answer in bytes. Raises BigQueryError."""

    def now() -> bytes:
        with INSTANCES.one() as instance:
            return instance.wasm_client._call_grpc_method(f"ZetaSqlLocalService_{method}", request)

    try:
        return ANSWERS.get_or(method, request, now) if lasting else now()
    except ZetaSQLError as error:
        raise translated(error) from error


def translated(error: Exception) -> BigQueryError:
    """GoogleSQL's objection; what only the executor cannot do is a 501."""
    text = str(error).split("\n", 1)[0]
    message = re.sub(r"^\[[A-Z_]+\] ", "", text)
    if UNABLE.search(text):
        return BigQueryError(
            f"{NOT_IMPLEMENTED} {message.removeprefix(NOT_IMPLEMENTED).strip()}",
            501,
            "notImplemented",
        )
    return BigQueryError(message)
