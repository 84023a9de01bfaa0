"""Routes of datasets, tables, their rows and (no) routines."""

from __future__ import annotations

from typing import Any

from tests.bigquery.server import resources
from tests.bigquery.server.errors import BigQueryError, already_exists, not_found, not_implemented
from tests.bigquery.server.jobs import Jobs
from tests.bigquery.server.pages import page, rows_page
from tests.bigquery.server.partitions import check_layout
from tests.bigquery.server.resources import JSON
from tests.bigquery.server.rest import Request, Router
from tests.bigquery.server.schemas import changed
from tests.bigquery.server.statements import run_script
from tests.bigquery.server.store import Dataset, Ref, Table, now_ms

DATASETS = "/projects/{project}/datasets"
TABLES = DATASETS + "/{dataset}/tables"


class Catalog:
    """Reads look at the store as it is; changes hold the store's lock."""

    def __init__(self, router: Router, jobs: Jobs) -> None:
        self.store = jobs.store
        self.lock = jobs.store.lock
        self.result_table = jobs.result_table
        add = router.add
        add(f"GET {DATASETS}", self.list_datasets)
        add(f"POST {DATASETS}", self.insert_dataset)
        add(f"GET {DATASETS}/{{dataset}}", lambda r: resources.dataset_resource(self.dataset(r)))
        add(f"PATCH {DATASETS}/{{dataset}}", self.change_dataset)
        add(f"PUT {DATASETS}/{{dataset}}", self.change_dataset)
        add(f"DELETE {DATASETS}/{{dataset}}", self.delete_dataset)
        add(f"GET {DATASETS}/{{dataset}}/routines", self.list_routines)
        add(f"GET {TABLES}", self.list_tables)
        add(f"POST {TABLES}", self.insert_table)
        add(f"GET {TABLES}/{{table}}", lambda r: resources.table_resource(self.table(r)))
        add(f"PATCH {TABLES}/{{table}}", self.change_table)
        add(f"PUT {TABLES}/{{table}}", self.change_table)
        add(f"DELETE {TABLES}/{{table}}", self.delete_table)
        add(f"GET {TABLES}/{{table}}/data", self.list_rows)

    # datasets

    def dataset(self, request: Request) -> Dataset:
        return self.store.dataset(request.names["project"], request.names["dataset"])

    def list_datasets(self, request: Request) -> JSON:
        if request.query.get("filter"):
            not_implemented("a filter on datasets")
        project = request.names["project"]
        hidden = request.query.get("all") == "true"
        found = [
            resources.dataset_resource(dataset)
            for _, dataset in sorted(self.store.datasets.items())
            if dataset.project == project and (hidden or not dataset.hidden)
        ]
        return page(request, found, "datasets", 50)

    def insert_dataset(self, request: Request) -> JSON:
        body = request.json()
        project = request.names["project"]
        name = (body.get("datasetReference") or {}).get("datasetId")
        if not name:
            raise BigQueryError("Required parameter is missing: datasetId", 400, "required")
        changes = resources.dataset_changes(body)
        dataset = Dataset(project, name, body.get("location") or "US", **changes)
        with self.lock:
            self.store.create_dataset(dataset)
            self.store.commit()
        return resources.dataset_resource(dataset)

    def change_dataset(self, request: Request) -> JSON:
        body = request.json()
        with self.lock:
            old = self.dataset(request)
            resources.check_etag(request.headers, resources.dataset_resource(old))
            changes = resources.dataset_changes(body)
            if body.get("location", old.location) != old.location:
                raise BigQueryError("Dataset location cannot be changed", 400, "invalid")
            if request.method == "PATCH":
                if "labels" in changes:
                    changes["labels"] = merged(old.labels, changes["labels"])
                changes["resource"] = {**old.resource, **changes["resource"]}
            else:
                changes = {"description": None, "labels": {}} | changes
            new = Dataset(**{**old.__dict__, **changes, "modified": now_ms()})
            self.store.put_dataset(new)
            self.store.commit()
        return resources.dataset_resource(new)

    def delete_dataset(self, request: Request) -> None:
        with self.lock:
            dataset = self.dataset(request)
            inside = self.store.tables_of(*dataset.key)
            if inside and request.query.get("deleteContents", "").lower() != "true":
                message = f"Dataset {dataset.project}:{dataset.dataset} is still in use"
                raise BigQueryError(message, 400, "resourceInUse")
            self.store.drop_dataset(*dataset.key)
            self.store.commit()

    def list_routines(self, request: Request) -> JSON:
        """None: statements that would create one are refused."""
        self.dataset(request)
        return {"routines": []}

    # tables

    def table(self, request: Request) -> Table:
        if "$" in request.names["table"]:
            not_implemented("a partition decorator in a table's address")
        ref = Ref(*(request.names[name] for name in ("project", "dataset", "table")))
        return self.result_table(ref) or self.store.table(ref)

    def list_tables(self, request: Request) -> JSON:
        tables = self.store.tables_of(*self.dataset(request).key)
        found = [resources.listed(table) for table in sorted(tables, key=lambda t: t.ref)]
        return page(request, found, "tables", 50) | {"totalItems": len(found)}

    def insert_table(self, request: Request) -> JSON:
        body = request.json()
        names = request.names
        address = {"datasetId": names["dataset"], **(body.get("tableReference") or {})}
        ref = resources.ref_of(address, names["project"])
        with self.lock:
            self.store.dataset(ref.project, ref.dataset)
            if ref in self.store.tables:
                raise already_exists(f"Table {ref}")
            changes = resources.table_changes(body)
            if body.get("view"):
                if body["view"].get("useLegacySql", True):
                    not_implemented("views in legacy SQL")
                changes.pop("fields", None)
                run_script(
                    self.store,
                    f"create view `{ref.path}` as\n{body['view']['query']}",
                    ref.project,
                    None,
                )
                self.store.put(self.store.table(ref).but(**changes))
            else:
                self.store.put(check_layout(Table(ref, **{"fields": (), **changes})))
            self.store.commit()
            return resources.table_resource(self.store.table(ref))

    def change_table(self, request: Request) -> JSON:
        body = request.json()
        with self.store.write_lock(self.table(request).ref), self.lock:
            old = self.table(request)
            resources.check_etag(request.headers, resources.table_resource(old))
            changes = resources.table_changes(body)
            if (body.get("view") or {}).get("query", old.view_query) != old.view_query:
                not_implemented("a change of a view's query over REST")
            fields = changes.pop("fields", old.fields) or old.fields
            if request.method == "PATCH" and "labels" in changes:
                changes["labels"] = merged(old.labels, changes["labels"])
            if request.method == "PUT":
                changes = {"description": None, "friendly_name": None, "labels": {}} | changes
            for name in ("time_partitioning", "range_partitioning"):
                if name in changes and kind_of(changes[name]) != kind_of(getattr(old, name)):
                    message = "Cannot change partitioning spec for a partitioned table."
                    raise BigQueryError(message, 400, "invalid")
            new = changed(old, fields).but(**changes)
            self.store.put(check_layout(new))
            self.store.commit()
        return resources.table_resource(new)

    def delete_table(self, request: Request) -> None:
        with self.lock:
            self.store.drop(self.table(request).ref)
            self.store.commit()

    def list_rows(self, request: Request) -> JSON:
        table = self.table(request)
        if table.is_view:
            raise BigQueryError(f"Cannot list a table of type {table.kind}.", 400, "invalid")
        wanted = [name for name in request.query.get("selectedFields", "").split(",") if name]
        known = {field.name.lower(): index for index, field in enumerate(table.fields)}
        if missing := [name for name in wanted if name.lower() not in known]:
            raise not_found(f"Field {missing[0]}")
        picked = sorted(known[name.lower()] for name in wanted) or range(len(table.fields))
        fields = [table.fields[index] for index in picked]
        rows = [tuple(row[index] for index in picked) for row in table.rows.values]
        return {"kind": "bigquery#tableDataList", **rows_page(request, fields, rows)}


def kind_of(partitioning: Any) -> Any:
    """What of a partitioning never changes: expiration may."""
    return {k: v for k, v in (partitioning or {}).items() if k != "expirationMs"}


def merged(old: Any, new: JSON) -> JSON:
    """A patch of labels: null removes one."""
    return {key: value for key, value in {**old, **new}.items() if value is not None}
