"""Datasets and tables as REST resources, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.sizes import table_bytes
from tests.bigquery.server.store import Dataset, Ref, Table
from tests.bigquery.server.types import schema_from_rest, schema_to_rest

JSON = dict[str, Any]

# What clients may set; anything else in a body is refused, unless the server writes it itself.
DATASET_KEPT = ("friendlyName", "access", "defaultTableExpirationMs", "isCaseInsensitive")
DATASET_GIVEN = {*DATASET_KEPT, "datasetReference", "location", "description", "labels"}
TABLE_GIVEN = {
    "tableReference", "schema", "view", "timePartitioning", "rangePartitioning", "clustering",
    "requirePartitionFilter", "description", "friendlyName", "labels", "expirationTime",
}  # fmt: skip
OUTPUT = {
    "kind", "etag", "id", "selfLink", "creationTime", "lastModifiedTime", "numBytes", "numRows",
    "numLongTermBytes", "type", "location", "numPartitions", "satisfiesPzs",
}  # fmt: skip


def etag(resource: JSON) -> str:
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:22]


def stamped(resource: JSON) -> JSON:
    return {**resource, "etag": etag(resource)}


def check_keys(body: Mapping[str, Any], given: set[str], what: str) -> None:
    """Raises BigQueryError 501 for a property that would be dropped in silence."""
    unknown = {key for key, value in body.items() if value not in (None, {}, [], False)}
    if unknown := unknown - given - OUTPUT:
        not_implemented(f"{what} property {', '.join(sorted(unknown))}")


def check_etag(headers: Mapping[str, str], resource: JSON) -> None:
    """If-Match: raises BigQueryError 412 where somebody else changed it meanwhile."""
    wanted = headers.get("if-match", "*").strip('"')
    if wanted not in ("*", resource["etag"]):
        raise BigQueryError("Precondition check failed.", 412, "conditionNotMet")


def dataset_resource(dataset: Dataset) -> JSON:
    return stamped(
        {
            "kind": "bigquery#dataset",
            "id": f"{dataset.project}:{dataset.dataset}",
            "datasetReference": {"projectId": dataset.project, "datasetId": dataset.dataset},
            "location": dataset.location,
            "creationTime": str(dataset.created),
            "lastModifiedTime": str(dataset.modified),
            **given(description=dataset.description, labels=dict(dataset.labels)),
            **dataset.resource,
        }
    )


def dataset_changes(body: JSON) -> JSON:
    """The Dataset's members that a body sets (a patch); `resource` holds the rest of them."""
    check_keys(body, DATASET_GIVEN, "dataset")
    changes: JSON = {key: body[key] for key in ("description",) if key in body}
    if "labels" in body:
        changes["labels"] = body["labels"] or {}
    return changes | {"resource": {key: body[key] for key in DATASET_KEPT if key in body}}


def table_resource(table: Table, location: str = "US") -> JSON:
    partitions = {
        "timePartitioning": table.time_partitioning and dict(table.time_partitioning),
        "rangePartitioning": table.range_partitioning and dict(table.range_partitioning),
        "clustering": {"fields": list(table.clustering)} if table.clustering else None,
        "requirePartitionFilter": table.require_partition_filter or None,
    }
    sizes = {"numRows": str(len(table.rows)), "numBytes": str(table_bytes(table))}
    return stamped(
        {
            **listed(table),
            "schema": schema_to_rest(table.fields),
            "lastModifiedTime": str(table.modified),
            "location": location,
            **({} if table.is_view else sizes),
            **given(description=table.description, **partitions),
            **constraints(table),
        }
    )


def constraints(table: Table) -> JSON:
    if not table.primary_key:
        return {}
    return {"tableConstraints": {"primaryKey": {"columns": list(table.primary_key)}}}


def listed(table: Table) -> JSON:
    """The shorter form of a list's items."""
    view = {"query": table.view_query, "useLegacySql": False} if table.kind == "VIEW" else None
    kept = given(
        labels=dict(table.labels),
        friendlyName=table.friendly_name,
        expirationTime=table.expires and str(table.expires),
        view=view,
    )
    return {
        "kind": "bigquery#table",
        "id": str(table.ref),
        "tableReference": reference(table.ref),
        "type": table.kind,
        "creationTime": str(table.created),
        **kept,
    }


def reference(ref: Ref) -> JSON:
    return {"projectId": ref.project, "datasetId": ref.dataset, "tableId": ref.table}


def ref_of(resource: JSON, project: str | None = None) -> Ref:
    """The address in a resource. Raises BigQueryError (required) where it is not whole."""
    try:
        address = resource.get("projectId") or project
        return Ref(address or "", resource["datasetId"], resource["tableId"])
    except KeyError as error:
        raise BigQueryError(f"Required parameter is missing: {error}", 400, "required") from error


def table_changes(body: JSON) -> JSON:
    """The Table's members that a body sets; the schema only where the body has one."""
    check_keys(body, TABLE_GIVEN, "table")
    changes: JSON = {}
    if "schema" in body:
        changes["fields"] = schema_from_rest(body["schema"])
    for key, member in (("description", "description"), ("friendlyName", "friendly_name")):
        if key in body:
            changes[member] = body[key]
    if "labels" in body:
        changes["labels"] = body["labels"] or {}
    if "expirationTime" in body:
        changes["expires"] = int(body["expirationTime"]) if body["expirationTime"] else None
    return changes | partitioning_changes(body)


def partitioning_changes(body: JSON) -> JSON:
    """timePartitioning, rangePartitioning, clustering and the filter, as Table has them."""
    changes: JSON = {}
    for key, member in (
        ("timePartitioning", "time_partitioning"),
        ("rangePartitioning", "range_partitioning"),
    ):
        if key in body:
            changes[member] = {k: v for k, v in (body[key] or {}).items() if v is not None} or None
    within = (changes.get("time_partitioning") or {}).pop("requirePartitionFilter", None)
    if within is not None or "requirePartitionFilter" in body:
        changes["require_partition_filter"] = bool(within or body.get("requirePartitionFilter"))
    if "clustering" in body:
        changes["clustering"] = tuple((body["clustering"] or {}).get("fields", ()))
    return changes


def given(**members: Any) -> JSON:
    """Those that say something."""
    return {name: value for name, value in members.items() if value not in (None, {}, [])}
