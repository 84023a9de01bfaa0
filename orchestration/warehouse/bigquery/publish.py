"""From the audited build to what readers see: a snapshot, and one script that switches the views.

BigQuery cannot switch several views in one transaction: for the moment that the script takes,
readers may see new views beside old ones. Each view alone is whole at all times. The row in
`publish_log` is added last and is the commit; after a crash before it, the next run publishes again
and the snapshots that views may still read stay until then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from orchestration.errors import TwinledgerError
from orchestration.publishing.log import log_row, now
from orchestration.publishing.result import PublishResult
from orchestration.publishing.tables import Relation, public_ids, read_manifest, relations
from orchestration.publishing.verify import cost_totals
from orchestration.warehouse.bigquery.client import Client
from orchestration.warehouse.bigquery.errors import BigQueryError, told_plainly
from orchestration.warehouse.bigquery.log import (
    create_log,
    last_publishes,
    log_insert,
    text_literal,
)
from orchestration.warehouse.bigquery.read import datasets_of, place_of
from orchestration.warehouse.bigquery.snapshot import Key, Snapshot, published_tables

KEPT = 2
"""Publishes whose tables stay: the newest, and the one that running queries may still read."""
OWNER = {"app": "twinledger"}
"""Label of the views that are ours to replace."""

Progress = Callable[[str], None]


def publish(
    client: Client,
    *,
    publish_id: str,
    inputs_hash: str = "",
    as_of: date | None = None,
    progress: Progress = lambda _: None,
) -> PublishResult:
    """Publish the build's public tables.

    Raises:
        AuditError: there is no build, or the snapshot differs from it; nothing changed.
        BigQueryError: the service refused; the next run publishes again.
    """
    manifest = read_manifest(client.settings.work / "target")
    prefix = client.names.build_prefix
    known = relations(manifest, prefix)
    public = {
        (known[key].schema, known[key].name): known[key] for key in public_ids(manifest, prefix)
    }
    former = last_publishes(client, 1)
    _refuse_strangers(client, public)
    snapshot = Snapshot(client, client.names.snapshot(publish_id))
    try:
        snapshot.take(public.values(), progress)
        counts = snapshot.counts(progress)
    except TwinledgerError:
        # No view reads it yet.
        _drop_datasets(client, [snapshot.dataset])
        raise
    result = PublishResult(
        publish_id=publish_id,
        place=place_of(client),
        tables=len(public),
        rows=sum(rows for rows, _ in counts.values()),
        published_at=now(),
        totals=cost_totals(counts),
    )
    gone = published_tables(client, former[0].publish_id) - set(public) if former else set()
    create_log(client)
    progress("switching the views")
    client.query(
        _script(snapshot, public, gone, log_insert(client, log_row(result, inputs_hash, as_of))),
        step="publish",
        doing="switching the views",
    )
    _sweep(client, progress)
    return result


def _script(snapshot: Snapshot, public: Mapping[Key, Relation], gone: set[Key], commit: str) -> str:
    """All views, with what is said about them and their columns; the log's row is the last word."""
    names = snapshot.client.names
    views = [
        _view(names.sql(names.public(key[0]), key[1]), snapshot, key, relation)
        for key, relation in public.items()
    ]
    drops = [
        f"drop view if exists {names.sql(names.public(layer), name)}"
        for layer, name in sorted(gone)
    ]
    return ";\n".join([*views, *drops, commit]) + ";"


def _view(target: str, snapshot: Snapshot, key: Key, relation: Relation) -> str:
    columns = ",\n  ".join(
        f"`{column.name}` options"
        f" (description = {text_literal(relation.columns.get(column.name, ''))})"
        for column in snapshot.columns[key]
    )
    labels = ", ".join(f"('{name}', '{value}')" for name, value in OWNER.items())
    return (
        f"create or replace view {target} (\n  {columns}\n)"
        f" options (description = {text_literal(relation.description)}, labels = [{labels}])"
        f" as select * from {snapshot.sql(key)}"
    )


def _refuse_strangers(client: Client, public: Mapping[Key, Relation]) -> None:
    """Make the readers' datasets, and see that nothing of somebody else's would be replaced.

    Raises:
        BigQueryError: a table or view of that name is there, and it is not ours.
    """
    for layer in sorted({layer for layer, _ in public}):
        dataset = client.names.public(layer)
        client.ensure_dataset(dataset, f"Twinledger's {layer.replace('_', ' ')}")
        with told_plainly(client.settings, f"listing {dataset}"):
            listed = list(
                client.api.list_tables(f"{client.names.project}.{dataset}", retry=client.retry)
            )
        for item in listed:
            if (layer, item.table_id) in public and not OWNER.items() <= item.labels.items():
                raise BigQueryError(
                    f"{dataset}.{item.table_id} is there already and was not published by"
                    " twinledger; nothing was published",
                    "give this workspace a [warehouse.bigquery] dataset_prefix of its own",
                )


def _sweep(client: Client, progress: Progress) -> None:
    """Remove former publishes and what crashes left; the newest stay."""
    try:
        kept = {client.names.snapshot(row.publish_id) for row in last_publishes(client, KEPT)}
        start = client.names.snapshot("")
        found = {dataset for dataset in datasets_of(client) if dataset.startswith(start)}
        _drop_datasets(client, sorted(found - kept))
    except TwinledgerError as error:
        # What was published stands all the same; the next publish sweeps again.
        progress(f"old publishes could not be removed: {error.message}")


def _drop_datasets(client: Client, datasets: Sequence[str]) -> None:
    for dataset in datasets:
        with told_plainly(client.settings, f"removing dataset {dataset}"):
            client.api.delete_dataset(
                f"{client.names.project}.{dataset}",
                delete_contents=True,
                not_found_ok=True,
                retry=client.retry,
            )
