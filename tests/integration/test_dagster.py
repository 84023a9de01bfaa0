"""Dagster shows and runs what the command line runs: lineage, checks, partitions, one job."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from orchestration.defs.automation import sensors
from orchestration.defs.definitions import definitions
from orchestration.defs.deliveries import delivery_assets, delivery_key
from orchestration.errors import TwinledgerError
from orchestration.landing.lake import Lake, standing
from orchestration.landing.land import land
from orchestration.settings import PROJECT_ROOT, Settings, load_settings

LAYERS = {
    *("landing", "reference", "staging", "cost_ledger", "allocation", "unit_economics"),
    *("value_ledger", "planning", "governance", "published"),
}
READ_AHEAD = dict.fromkeys(["bill_reconciliation", "bill_reconciliation_causes"], "unit_economics")
"""Tables of the ledger that are drawn with what they read."""
UNITS = """
[[sources]]
name = "launches"
type = "units"
uri = "units_*.csv"
delivery = "append"
"""
MARTS = dg.AssetKey(["published", "marts"])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the settings that `make dagster` uses."""
    folder = tmp_path / "dagster"
    folder.mkdir()
    shutil.copy(PROJECT_ROOT / "dagster.yaml", folder)
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


@pytest.fixture
def launches(workspace) -> Settings:
    """A source that delivers two months in two files."""
    settings = workspace(UNITS)
    for month, quantity in (("2026-09", 5), ("2026-10", 7)):
        text = f"date,unit,quantity\n{month}-03,launches,{quantity}\n"
        (settings.folder / f"units_{month}.csv").write_text(text)
    return settings


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample company of twenty days, not landed yet."""
    from orchestration.sample import write_sample

    folder = tmp_path_factory.mktemp("dagster") / "sample"
    write_sample(folder, days=20)
    return load_settings(folder / "twinledger.toml")


@pytest.fixture
def loaded(small: Settings, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    monkeypatch.setenv("TWINLEDGER_SETTINGS", str(small.file))
    return definitions()


def graph_of(loaded: dg.Definitions) -> AssetGraph:
    return loaded.resolve_asset_graph()


def test_without_a_workspace_the_definitions_say_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TWINLEDGER_SETTINGS", str(tmp_path / "nowhere.toml"))
    [key] = graph_of(definitions()).get_all_asset_keys()
    text = graph_of(definitions()).get(key).description or ""
    assert "nowhere.toml not found" in text
    assert "TWINLEDGER_SETTINGS" in text


def test_groups_are_the_layers_and_every_asset_says_what_it_is(loaded):
    graph = graph_of(loaded)
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert {node.group_name for node in nodes} == LAYERS
    for node in nodes:
        layer, name = node.key.path[0], node.key.path[-1]
        layer = "landing" if layer == "deliveries" else layer
        assert node.group_name == READ_AHEAD.get(name, layer)
        # dagster-dbt's own description is the model's SQL.
        assert node.description
        assert "select" not in node.description.split()


def test_lineage_runs_from_every_source_to_the_published_marts(small, loaded):
    graph = graph_of(loaded)
    reached = {MARTS}
    waiting = [MARTS]
    while waiting:
        new = graph.get(waiting.pop()).parent_keys - reached
        reached |= new
        waiting += new
    assert {delivery_key(source.name) for source in small.sources} <= reached
    assert dg.AssetKey(["landing", "prices"]) in reached
    assert dg.AssetKey(["planning", "forecast_vintages"]) in reached


def test_the_layers_are_shown_from_left_to_right(loaded):
    # One edge back (forecasts are landed, too) would make the UI draw allocation before landing.
    graph = graph_of(loaded)
    edges = {
        (graph.get(parent).group_name, graph.get(key).group_name)
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    reads = {child: {p for p, c in edges if c == child and p != child} for _, child in edges}
    assert list(TopologicalSorter(reads).static_order())[-1] == "published"


def test_gate_and_dbt_tests_are_checks_and_the_jobs_hold_every_mart(loaded):
    graph = graph_of(loaded)
    names = {key.name for key in graph.asset_check_keys}
    assert {"billing_currency_is_a_code", "cost_allocations_add_up_to_the_charges"} <= names
    unpartitioned = {
        key for key in graph.get_all_asset_keys() if key.path[0] != "deliveries"
    }  # fmt: skip
    for name in ("daily_build", "month_close"):
        job = loaded.resolve_job_def(name)
        assert set(job.asset_layer.executable_asset_keys) == unpartitioned
        assert isinstance(job.executor_def, type(dg.in_process_executor))
        assert job.executor_def.name == "in_process"


def test_the_instance_has_one_writer_watches_its_runs_and_sends_nothing_home(home):
    assert home.telemetry_enabled is False
    assert home.run_monitoring_enabled
    assert home.get_concurrency_config().run_queue_config.max_concurrent_runs == 1


def test_definitions_hold_no_credentials(workspace):
    canary = "c4n4ry"
    uri = f"postgresql://reader:{canary}@db.example.com/litellm"
    settings = workspace(f'[[sources]]\nname = "gateway"\ntype = "litellm"\nuri = "{uri}"\n')
    [asset] = delivery_assets(settings)
    [spec] = asset.specs
    assert canary not in json.dumps([str(spec), str(spec.metadata)])
    assert "db.example.com" in str(spec.metadata["uri"])


def test_a_partition_run_lands_its_periods_again_and_changes_nothing_else(launches, home):
    land(launches)
    before = standing(Lake(launches).of_source("launches")).grains
    for _ in range(2):
        result = dg.materialize(
            delivery_assets(launches), partition_key="2026-10", instance=home, raise_on_error=True
        )
        assert result.success
    manifests = Lake(launches).of_source("launches")
    assert [file.name for item in manifests[2:] for file in item.files] == ["units_2026-10.csv"] * 2
    assert home.get_materialized_partitions(delivery_key("launches")) == {"2026-10"}
    after = standing(manifests).grains
    assert [(g.period, g.state_id) for g in after] == [(g.period, g.state_id) for g in before]
    checks = result.get_asset_check_evaluations()
    assert len(checks) >= 6
    assert all(check.passed for check in checks)


def test_a_backfill_of_a_range_is_one_run(launches, home):
    result = dg.materialize(
        delivery_assets(launches),
        instance=home,
        tags={
            "dagster/asset_partition_range_start": "2026-09",
            "dagster/asset_partition_range_end": "2026-10",
        },
    )
    assert result.success
    materialized = home.get_materialized_partitions(delivery_key("launches"))
    assert materialized == {"2026-09", "2026-10"}
    assert {g.period for g in standing(Lake(launches).of_source("launches")).grains} == materialized


def test_a_refused_delivery_fails_its_check_and_says_why(launches, home):
    rows = "date,unit,quantity\n2026-10-03,launches,7\n2031-10-03,launches,7\n"
    (launches.folder / "units_2026-10.csv").write_text(rows)
    result = dg.materialize(
        delivery_assets(launches), partition_key="2026-10", instance=home, raise_on_error=False
    )
    assert not result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert [check.check_name for check in failed] == ["no_time_lies_in_the_future"]
    assert failed[0].severity == dg.AssetCheckSeverity.ERROR
    [step] = [event for event in result.all_events if event.is_step_failure]
    told = step.step_failure_data.user_failure_data
    description = (told.description if told else None) or ""
    assert "units_2026-10.csv" in description
    assert "next:" in description


def test_the_sensor_starts_a_run_for_new_files_once(launches, home):
    [sensor] = sensors(launches)

    def look(cursor: str | None) -> tuple[object, str | None]:
        with dg.build_sensor_context(instance=home, cursor=cursor) as context:
            return sensor(context), context.cursor

    asked, cursor = look(None)
    assert isinstance(asked, dg.RunRequest)
    # What is not landed (it may have been refused) is not tried for ever.
    again, cursor = look(cursor)
    assert isinstance(again, dg.SkipReason)
    land(launches)
    idle, cursor = look(cursor)
    assert isinstance(idle, dg.SkipReason)
    assert "every file has landed" in str(idle.skip_message)
    text = "date,unit,quantity\n2026-11-03,launches,9\n"
    (launches.folder / "units_2026-11.csv").write_text(text)
    changed, _ = look(cursor)
    assert isinstance(changed, dg.RunRequest)
    assert changed.run_key != asked.run_key


def test_a_held_lock_lets_the_step_try_again_later(launches):
    from orchestration.defs.workspace import told_plainly
    from orchestration.locks import LockedError, writer_lock

    def second() -> None:
        with told_plainly(), writer_lock(launches, "second"):
            raise AssertionError("two writers")

    with writer_lock(launches, "first"), pytest.raises(dg.RetryRequested) as asked:
        second()
    assert isinstance(asked.value.__cause__, LockedError)
    assert isinstance(asked.value.__cause__, TwinledgerError)


@pytest.mark.slow
def test_the_whole_job_builds_checks_and_publishes(small, loaded, home):
    job = loaded.resolve_job_def("daily_build")
    first = job.execute_in_process(instance=home)
    assert first.success
    evaluations = home.event_log_storage.get_latest_asset_check_execution_by_key(
        sorted(graph_of(loaded).asset_check_keys, key=str)
    )
    assert {record.status.value for record in evaluations.values()} == {"SUCCEEDED"}
    # All of dbt's tests ran; the gate judges the columns that a source delivers.
    unjudged = graph_of(loaded).asset_check_keys - set(evaluations)
    assert {key.asset_key.path[0] for key in unjudged} <= {"deliveries"}
    marts = small.publish / "marts.duckdb"
    published = marts.stat().st_mtime_ns
    # Every period that stands is a materialized partition, though one step landed them all.
    bills = home.get_materialized_partitions(delivery_key("aws_payer"))
    assert "2026-10" in bills
    days = home.get_materialized_partitions(delivery_key("litellm_gateway"))
    assert len(days) >= 20
    # Nothing is pickled: assets live in the lake and the warehouse.
    stored = {path.parent.name for path in (Path(home.root_directory) / "storage").glob("*/*/*")}
    assert stored <= {"compute_logs"}

    second = job.execute_in_process(instance=home)
    assert second.success
    [record] = home.fetch_materializations(MARTS, limit=1).records
    assert record.asset_materialization is not None
    assert record.asset_materialization.metadata["published"].value == "nothing new"
    assert marts.stat().st_mtime_ns == published
