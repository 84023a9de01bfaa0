"""Query jobs: their parameters, what they are billed for, and a destination for their rows."""

from __future__ import annotations

from typing import Any

from tests.bigquery.server import googlesql, trees
from tests.bigquery.server.dialect import Constant
from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.resources import JSON, check_keys, ref_of, reference
from tests.bigquery.server.session import Session
from tests.bigquery.server.sizes import table_bytes
from tests.bigquery.server.statements import Result, run_script
from tests.bigquery.server.store import Ref, Store, Table
from tests.bigquery.server.texts import parse
from tests.bigquery.server.types import Type, scalar_name, schema_to_rest
from tests.bigquery.server.writes import write

MEGABYTE = 1 << 20
# BigQuery bills whole megabytes, and ten at least for each table.
LEAST_BILLED = 10 * MEGABYTE
GIVEN = {
    "query", "useLegacySql", "defaultDataset", "destinationTable", "createDisposition",
    "writeDisposition", "schemaUpdateOptions", "timePartitioning", "rangePartitioning",
    "clustering", "queryParameters", "parameterMode", "maximumBytesBilled", "priority",
    "useQueryCache", "preserveNulls", "allowLargeResults", "flattenResults",
}  # fmt: skip
# Properties of the job, recorded and read back; they change no result.
RECORDED = {"labels", "dryRun", "jobTimeoutMs", "jobType", "reservation"}

Parameters = list[Constant] | dict[str, Constant]


def check_configuration(configuration: JSON) -> str:
    """The job's kind: query, load or copy. Raises BigQueryError 501 for what this server lacks."""
    kinds = [kind for kind in ("query", "load", "copy", "extract") if kind in configuration]
    check_keys(configuration, {"query", "load", "copy", "extract", *RECORDED}, "job")
    if len(kinds) != 1:
        raise BigQueryError("A job needs exactly one of query, load, copy", 400, "required")
    if kinds[0] == "extract":
        not_implemented("extract jobs")
    if kinds[0] == "query":
        query = configuration["query"]
        check_keys(query, GIVEN, "query configuration")
        if query.get("useLegacySql", True):
            not_implemented("legacy SQL")
    return kinds[0]


def run(store: Store, config: JSON, project: str, dry: bool) -> tuple[Result, JSON]:
    """The result and the job's `statistics.query`. Raises BigQueryError."""
    default = config.get("defaultDataset") or {}
    project, dataset = default.get("projectId") or project, default.get("datasetId")
    sql = config["query"]
    read = tables_read(Session(store, project, dataset), sql)
    # Whole tables: neither columns nor partitions that the query leaves out are counted off.
    sizes = [table_bytes(table) for table in read.values()]
    if config.get("maximumBytesBilled") is not None and not dry:
        check_billed(sizes, int(config["maximumBytesBilled"]))
    result = run_script(store, sql, project, dataset, parameters(config), dry_run=dry)
    if config.get("destinationTable") and not dry:
        if result.statement_type != "SELECT":
            message = (
                f"Cannot set destination table in jobs with {result.statement_type} statements"
            )
            raise BigQueryError(message, 400, "invalid")
        target = ref_of(config["destinationTable"])
        write(store, target, result.fields, result.rows, config, "WRITE_EMPTY")
    return result, statistics(result, list(read), sizes)


def tables_read(session: Session, sql: str, through: tuple[Ref, ...] = ()) -> dict[Ref, Table]:
    """The tables that are there and that a script names, or the views that it names do."""
    found: dict[Ref, Table] = {}
    for node in trees.walk(googlesql.parse_any(sql)):
        path = getattr(node, "path_expr", None) or getattr(node, "target_path", None)
        names = trees.names(path) if path is not None else ()
        if len(names) == 2 or len(names) == 3 or (names and session.dataset):
            ref = session.ref(names)
            table = session.store.tables.get(ref)
            if table is not None and table.view_query and ref not in through:
                below = Session(session.store, ref.project)
                found |= tables_read(below, table.view_query, (*through, ref))
            elif table is not None:
                found[ref] = table
    return found


def billed(sizes: list[int]) -> int:
    return sum(max(-(-size // MEGABYTE) * MEGABYTE, LEAST_BILLED) for size in sizes)


def check_billed(sizes: list[int], limit: int) -> None:
    if (cost := billed(sizes)) > limit:
        raise BigQueryError(
            f"Query exceeded limit for bytes billed: {limit}. {cost} or higher required.",
            400,
            "bytesBilledLimitExceeded",
        )


def statistics(result: Result, read: list[Ref], sizes: list[int]) -> JSON:
    found: JSON = {
        "statementType": result.statement_type,
        "totalBytesProcessed": str(sum(sizes)),
        "totalBytesBilled": str(billed(sizes)),
        "totalSlotMs": "1",
        "cacheHit": False,
        "schema": schema_to_rest(result.fields),
        "referencedTables": [reference(ref) for ref in read],
    }
    if result.affected_rows is not None:
        found["numDmlAffectedRows"] = str(result.affected_rows)
    if result.destination and result.statement_type.startswith(("CREATE", "DROP", "ALTER")):
        found["ddlTargetTable"] = reference(result.destination)
    return found


def parameters(config: JSON) -> Parameters | None:
    """The query parameters with their types and values. Raises BigQueryError."""
    given = config.get("queryParameters")
    if not given:
        return None
    values = [(p.get("name"), typed(p)) for p in given]
    if config.get("parameterMode", "").upper() == "POSITIONAL" or not values[0][0]:
        return [value for _, value in values]
    return {str(name): value for name, value in values}


def typed(parameter: JSON) -> Constant:
    kind = parameter_type(parameter["parameterType"])
    return Constant(kind, parameter_value(parameter.get("parameterValue") or {}, kind))


def parameter_type(given: JSON) -> Type:
    if given["type"] == "ARRAY":
        return Type("ARRAY", parameter_type(given["arrayType"]))
    if given["type"] in ("STRUCT", "RECORD"):
        members = [(m.get("name", ""), parameter_type(m["type"])) for m in given["structTypes"]]
        return Type("STRUCT", members=tuple(members))
    return Type(scalar_name(given["type"]))


def parameter_value(given: JSON, kind: Type) -> Any:
    if kind.kind == "ARRAY" and kind.element:
        return [parameter_value(item, kind.element) for item in given.get("arrayValues") or []]
    if kind.kind == "STRUCT":
        values = given.get("structValues") or {}
        return tuple(parameter_value(values.get(n) or {}, t) for n, t in kind.members)
    text = given.get("value")
    return None if text is None else parse(str(text), kind)


def anonymous(project: str, job: str) -> Ref:
    """Where a query without a destination is said to leave its rows."""
    return Ref(project, "_results", f"anon_{job.replace('-', '_')}")
