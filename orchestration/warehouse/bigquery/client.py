"""One connection to BigQuery: every job carries labels and a limit, every error is one sentence."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.settings import Settings
from orchestration.warehouse.bigquery.errors import BigQueryError, told_plainly
from orchestration.warehouse.bigquery.names import Names

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

RETRY_SECONDS = 60.0
"""How long one request is tried again: longer than a restart, shorter than a person's patience."""

UPLOAD_RETRIES = 4
"""The same for the pieces of an upload: 15 s in all."""

CONTENT = "content"
"""Label of a table or view that we replace only when its content has changed."""


class Client:
    """The workspace's client. The connection is made at the first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.names = Names.of(settings)
        self._client: bigquery.Client | None = None

    @property
    def api(self) -> bigquery.Client:
        """Google's client, with credentials of the environment."""
        if self._client is None:
            with told_plainly(self.settings, "connecting"):
                self._client = _connect(self.settings)
        return self._client

    @property
    def retry(self) -> Any:
        """The retry that every request of ours uses."""
        from google.cloud.bigquery import DEFAULT_RETRY

        return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)

    def labels(self, step: str) -> dict[str, str]:
        """The labels of a job: who caused the cost, and at which step."""
        return {**self.settings.bigquery.labels, "app": "twinledger", "step": step}

    def query(
        self,
        sql: str,
        *,
        step: str,
        doing: str = "reading",
        parameters: Sequence[Any] = (),
        dry_run: bool = False,
    ) -> bigquery.QueryJob:
        """Run one statement or script to its end.

        Args:
            step: land, build, publish or query: the job's label.
            doing: what for, as the error says it.
            parameters: bigquery's query parameters.
            dry_run: only check it and estimate the bytes.

        Raises:
            BigQueryError: it was refused, or the service cannot be reached.
        """
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(
            labels=self.labels(step),
            maximum_bytes_billed=self.settings.bigquery.maximum_bytes_billed,
            use_legacy_sql=False,
            query_parameters=list(parameters),
            dry_run=dry_run,
        )
        with told_plainly(self.settings, doing):
            job = self.api.query(sql, job_config=config, retry=self.retry)
            if not dry_run:
                job.result(retry=self.retry)
        return job

    def rows(
        self, sql: str, *, step: str, doing: str = "reading", parameters: Sequence[Any] = ()
    ) -> list[tuple[Any, ...]]:
        """The rows of one select."""
        job = self.query(sql, step=step, doing=doing, parameters=parameters)
        with told_plainly(self.settings, doing):
            return [tuple(row.values()) for row in job.result(retry=self.retry)]

    def records(self, sql: str, *, step: str, doing: str = "reading") -> list[dict[str, Any]]:
        """The rows of one select, as column → value."""
        job = self.query(sql, step=step, doing=doing)
        with told_plainly(self.settings, doing):
            return [dict(row.items()) for row in job.result(retry=self.retry)]

    def ensure_dataset(self, name: str, description: str = "") -> bigquery.Dataset:
        """The dataset, made where it is missing.

        Raises:
            BigQueryError: it lies in another location.
        """
        from google.cloud import bigquery

        wanted = bigquery.Dataset(f"{self.names.project}.{name}")
        wanted.location = self.settings.bigquery.location
        wanted.description = description
        wanted.labels = {**self.settings.bigquery.labels, "app": "twinledger"}
        with told_plainly(self.settings, f"creating dataset {name}"):
            found = self.api.create_dataset(wanted, exists_ok=True, retry=self.retry)
        if str(found.location).upper() != self.settings.bigquery.location.upper():
            raise BigQueryError(
                f"dataset {name} lies in location {found.location}, but the settings say"
                f" {self.settings.bigquery.location}: BigQuery cannot join the two",
                "correct [warehouse.bigquery] location, or give this workspace a dataset_prefix"
                " of its own",
            )
        return found

    def table(self, dataset: str, name: str) -> bigquery.Table | None:
        """A table's or view's description by the service; None where there is none."""
        from google.api_core.exceptions import NotFound

        with told_plainly(self.settings, f"looking at {dataset}.{name}"):
            try:
                return self.api.get_table(
                    f"{self.names.project}.{dataset}.{name}", retry=self.retry
                )
            except NotFound:
                return None

    def contents(self, dataset: str) -> dict[str, str]:
        """Name → content label of what the dataset holds."""
        with told_plainly(self.settings, f"listing {dataset}"):
            listed = list(self.api.list_tables(f"{self.names.project}.{dataset}", retry=self.retry))
        return {item.table_id: item.labels.get(CONTENT, "") for item in listed}

    def load(
        self,
        dataset: str,
        table: str,
        source: Path | Sequence[str] | pa.Table,
        *,
        step: str,
        schema: Sequence[bigquery.SchemaField] | None = None,
        job_id: str | None = None,
        replace: bool = False,
    ) -> bigquery.LoadJob:
        """Load Parquet into a table by one load job, which takes effect whole or not at all.

        Args:
            source: a local file, `gs://` addresses, or rows in memory.
            schema: the columns; by default those of the table that is there.
            job_id: makes the job repeatable: one that ran under this id is not run again.
            replace: replace the table's rows instead of adding to them.

        Raises:
            BigQueryError: the job failed.
        """
        from google.cloud import bigquery

        config = bigquery.LoadJobConfig(
            source_format="PARQUET",
            # Without this, decimals of more than nine digits would be refused.
            decimal_target_types=["BIGNUMERIC"],
            write_disposition="WRITE_TRUNCATE" if replace else "WRITE_APPEND",
            labels=self.labels(step),
        )
        if schema is not None:
            config.schema = schema
        target = f"{self.names.project}.{dataset}.{table}"
        with told_plainly(self.settings, f"loading {dataset}.{table}"):
            job = self._submit(source, target, config, job_id)
            job.result(retry=self.retry)
        return job

    def _submit(self, source: Any, target: str, config: Any, job_id: str | None) -> Any:
        """Send a load job; one that ran or runs under its id is taken as it is."""
        from google.api_core.exceptions import Conflict

        location = self.settings.bigquery.location
        for attempt in itertools.count(1):
            sent = None if job_id is None else f"{job_id}_{attempt}"
            try:
                return self._send(source, target, job_config=config, job_id=sent, location=location)
            except Conflict:
                if sent is None:
                    raise
                job = self.api.get_job(sent, location=location, retry=self.retry)
                if not (job.done() and job.error_result):
                    return job
        raise AssertionError("unreachable")

    def _send(self, source: Any, target: str, **common: Any) -> Any:
        if isinstance(source, Path):
            with source.open("rb") as stream:
                return self.api.load_table_from_file(
                    stream, target, rewind=True, num_retries=UPLOAD_RETRIES, **common
                )
        if isinstance(source, (list, tuple)):
            return self.api.load_table_from_uri(source, target, retry=self.retry, **common)
        return self.api.load_table_from_file(
            io.BytesIO(_parquet(source)), target, rewind=True, num_retries=UPLOAD_RETRIES, **common
        )

    def label_content(self, dataset: str, name: str, content: str) -> None:
        """Say what a table holds; "" says that it is about to change."""
        from google.cloud import bigquery

        with told_plainly(self.settings, f"labelling {dataset}.{name}"):
            table = bigquery.Table(f"{self.names.project}.{dataset}.{name}")
            table.labels = {CONTENT: content}
            self.api.update_table(table, ["labels"], retry=self.retry)


def environment(settings: Settings) -> dict[str, str]:
    """The variables that profiles.yml and dbt_project.yml read for BigQuery."""
    own = settings.bigquery
    names = Names.of(settings)
    return {
        "TWINLEDGER_BIGQUERY_PROJECT": own.project,
        "TWINLEDGER_BIGQUERY_DATASET": f"{names.build_prefix}main",
        "TWINLEDGER_BIGQUERY_LOCATION": own.location,
        "TWINLEDGER_BIGQUERY_MAXIMUM_BYTES_BILLED": str(own.maximum_bytes_billed),
        "TWINLEDGER_BIGQUERY_ENDPOINT": own.endpoint,
        "TWINLEDGER_BIGQUERY_METHOD": "oauth-secrets" if own.endpoint else "oauth",
        "TWINLEDGER_SCHEMA_PREFIX": names.build_prefix,
    }


def _connect(settings: Settings) -> bigquery.Client:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    own = settings.bigquery
    if not own.endpoint:
        return bigquery.Client(project=own.project, location=own.location)
    return bigquery.Client(
        project=own.project,
        location=own.location,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=own.endpoint),
    )


def _parquet(table: pa.Table) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def fields_of(
    columns: Mapping[str, str], required: Iterable[str] = ()
) -> list[bigquery.SchemaField]:
    """Columns of a dataset (DuckDB's types) as BigQuery's fields.

    Raises:
        KeyError: a type that landing does not use.
    """
    from google.cloud import bigquery

    needed = set(required)
    return [
        bigquery.SchemaField(name, TYPES[kind], mode="REQUIRED" if name in needed else "NULLABLE")
        for name, kind in columns.items()
    ]


TYPES = {
    "varchar": "STRING",
    "bigint": "INT64",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "boolean": "BOOL",
    "decimal(38,18)": "BIGNUMERIC",
}
"""DuckDB's types in landing → BigQuery's. BIGNUMERIC: money keeps all its 18 decimals."""
