"""The unmodified dbt-bigquery adapter against the server: one project, built three times.

The second build has more input, so that merge, insert_overwrite and the snapshot do their work; the
third has the same input, so that nothing may change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

FILES = {
    "dbt_project.yml": """
name: smoke
profile: smoke
model-paths: [models]
seed-paths: [seeds]
snapshot-paths: [snapshots]
query-comment:
  comment: "{{ {'app': 'smoke', 'node': node.name if node else 'none'} | tojson }}"
  job-label: true
models: {+persist_docs: {relation: true, columns: true}}
seeds:
  smoke:
    events:
      +column_types:
        {event_id: int64, day: date, seen_at: timestamp, amount: numeric, note: string}
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
smoke:
  target: local
  outputs:
    local:
      type: bigquery
      method: oauth-secrets
      token: anything
      project: {project}
      dataset: smoke
      location: US
      api_endpoint: {endpoint}
      job_retries: 0
      threads: 2
      maximum_bytes_billed: 1000000000
""",
    "models/schema.yml": """
models:
  - name: days
    description: "Amounts a day. One row per day."
    config: {contract: {enforced: true}}
    columns:
      - {name: day, data_type: date, description: "The day's date", data_tests: [unique, not_null]}
      - {name: amount, data_type: numeric, description: "It's the sum"}
      - {name: events, data_type: int64}
  - name: events_view
    description: A view.
    columns: [{name: event_id, data_tests: [unique]}]
""",
    "models/events_view.sql": "select * from {{ ref('events') }}",
    "models/days.sql": """
{{ config(materialized='table', cluster_by=['events'],
          partition_by={'field': 'day', 'data_type': 'date'}) }}
select day, sum(amount) as amount, count(*) as events from {{ ref('events_view') }} group by day
""",
    "models/merged.sql": """
{{ config(materialized='incremental', unique_key='event_id') }}
select event_id, seen_at, note, {{ 2 if is_incremental() else 1 }} as build from {{ ref('events') }}
{% if is_incremental() %}where seen_at > (select max(seen_at) from {{ this }}){% endif %}
""",
    "models/overwritten.sql": """
{{ config(materialized='incremental', incremental_strategy='insert_overwrite',
          partition_by={'field': 'day', 'data_type': 'date'}) }}
select day, count(*) as events, {{ 2 if is_incremental() else 1 }} as build from {{ ref('events') }}
{% if is_incremental() %}where day >= date '2025-01-02'{% endif %}
group by day
""",
    "snapshots/notes.yml": """
snapshots:
  - name: notes
    relation: ref('events_view')
    config: {unique_key: event_id, strategy: check, check_cols: [note]}
""",
}
HEADER = "event_id,day,seen_at,amount,note\n"
FIRST = (
    HEADER
    + '1,2025-01-01,2025-01-01 10:00:00,0.000000001,"a, ""b"""\n'
    + "2,2025-01-02,2025-01-02T11:00:00Z,2.5,\n"
)
SECOND = FIRST.replace("2.5,", "2.5,changed") + "3,2025-01-02,2025-01-02 12:00:00,-1,c\n"


def write_project(folder: Path, **values: str) -> None:
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        for key, value in values.items():
            text = text.replace("{" + key + "}", value)
        file.write_text(text, encoding="utf-8")


def build(folder: Path, events: str) -> dict[str, str]:
    """Status by node, of `dbt build` with these events."""
    from dbt.cli.main import dbtRunner

    (folder / "seeds").mkdir(exist_ok=True)
    (folder / "seeds" / "events.csv").write_text(events, encoding="utf-8")
    place = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    result = dbtRunner().invoke(["--quiet", "build", *place])
    assert result.exception is None, result.exception
    nodes: Any = result.result
    return {node.node.name: f"{node.status} {node.message or ''}".strip() for node in nodes}


@pytest.fixture(scope="module")
def relations(bigquery: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The statuses of the three builds, and the rows of a table after each."""
    folder = tmp_path_factory.mktemp("dbt")
    write_project(folder, project=bigquery.project, endpoint=bigquery.endpoint)
    client = bigquery.client()
    history = []
    for events in (FIRST, SECOND, SECOND):
        statuses = build(folder, events)
        tables = {
            name: sorted(map(tuple, client.query_and_wait(f"select {columns} from smoke.{name}")))
            for name, columns in {
                "days": "cast(day as string), cast(amount as string), events",
                "merged": "event_id, note, build",
                "overwritten": "cast(day as string), events, build",
                "notes": "event_id, ifnull(note, '-'), dbt_valid_to is null",
            }.items()
        }
        history.append((statuses, tables))
    return client, history


def test_every_node_passes_in_every_build(relations):
    _, history = relations
    for statuses, _ in history:
        bad = {n: s for n, s in statuses.items() if not s.startswith(("success", "pass"))}
        assert not bad
        assert len(statuses) == 9


def test_a_seed_keeps_its_quotes_nulls_and_nine_decimals(relations):
    _, history = relations
    assert history[0][1]["merged"] == [(1, 'a, "b"', 1), (2, None, 1)]
    assert history[0][1]["days"] == [
        ("2025-01-01", "0.000000001", 1),
        ("2025-01-02", "2.5", 1),
    ]


def test_merge_adds_what_is_newer_and_leaves_the_rest(relations):
    _, history = relations
    assert history[1][1]["merged"] == [(1, 'a, "b"', 1), (2, None, 1), (3, "c", 2)]


def test_insert_overwrite_replaces_the_partitions_it_brings(relations):
    _, history = relations
    assert history[0][1]["overwritten"] == [("2025-01-01", 1, 1), ("2025-01-02", 1, 1)]
    assert history[1][1]["overwritten"] == [("2025-01-01", 1, 1), ("2025-01-02", 2, 2)]


def test_a_snapshot_closes_the_old_row_and_opens_the_new(relations):
    _, history = relations
    assert history[1][1]["notes"] == [
        (1, 'a, "b"', True),
        (2, "-", False),
        (2, "changed", True),
        (3, "c", True),
    ]


def test_a_build_of_the_same_input_changes_nothing(relations):
    _, history = relations
    assert history[2][1] == history[1][1]


def test_layout_and_descriptions_reach_the_table(relations):
    client, _ = relations
    table = client.get_table("smoke.days")
    assert table.time_partitioning.field == "day" and table.time_partitioning.type_ == "DAY"
    assert table.clustering_fields == ["events"]
    assert table.description == "Amounts a day. One row per day."
    assert {field.name: field.description or None for field in table.schema} == {
        "day": "The day's date",
        "amount": "It's the sum",
        "events": None,
    }


def test_jobs_carry_the_query_comment_as_labels_and_the_limit(relations):
    client, _ = relations
    jobs = [job for job in client.list_jobs() if job.labels.get("node") == "days"]
    assert jobs
    assert {job.labels["app"] for job in jobs} == {"smoke"}
    assert {job.maximum_bytes_billed for job in jobs} == {1_000_000_000}
