"""The main job: land, build, forecast, build what rests on forecasts, audit, publish.

The command line and Dagster call these functions; each takes the workspace's writer lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.build.state import BuildState, forget_state, read_state, write_state
from orchestration.errors import AuditError
from orchestration.fingerprint import inputs_hash
from orchestration.landing.land import land
from orchestration.locks import writer_lock
from orchestration.settings import Settings
from orchestration.summary import RunSummary, summarize
from orchestration.warehouse import warehouse

if TYPE_CHECKING:
    from orchestration.build import BuildResult
    from orchestration.forecasting import ForecastResult
    from orchestration.publishing import PublishResult

FORECASTS = ("landing", "forecasts")
"""The source whose descendants are built after the forecasts were issued."""


class AsOfSettings(Settings):
    """A workspace beside the workspace: a past state is built and published apart."""

    known_at: datetime | date

    @property
    def as_of(self) -> date:
        """The day, or the moment (UTC), whose knowledge is shown."""
        return self.known_at

    @property
    def work(self) -> Path:
        """Scratch of its own, so that the present's is not invalidated."""
        return super().work / "as_of"


def run(
    settings: Settings,
    *,
    full_refresh: bool = False,
    as_of: date | None = None,
    force: bool = False,
    progress: Any = lambda _: None,
) -> RunSummary:
    """Land all sources, then build, audit and publish if anything is new.

    Args:
        full_refresh: rebuild what is kept between builds.
        as_of: build the state that was known at the end of that day (UTC), or at that moment (a
            datetime in UTC, without offset), and publish it under `as_of/<day or moment>`; nothing
            is landed, no forecast issued.
        force: build and publish although nothing is new.

    Raises:
        RefusedError: a delivery was refused; the published marts are untouched.
        AuditError: the build or its audit failed; the published marts are untouched.
        LockedError: another writer is at work.
    """
    with writer_lock(settings, "run") as run_id:
        if as_of is None:
            results = land(settings, progress=progress)
            _take_prices(settings)
        else:
            results = []
            settings = as_of_settings(settings, as_of)
        fingerprint = inputs_hash(settings, as_of)
        last = warehouse(settings).last_publish()
        if last and last.inputs_hash == fingerprint and not (force or full_refresh):
            progress("nothing new")
            return summarize(settings, "nothing new", results, read_state(settings))
        state = _build(settings, run_id, fingerprint, full_refresh, as_of, progress)
        _publish(settings, run_id, state, as_of, progress)
        return summarize(settings, "published", results, state)


def build_step(
    settings: Settings, *, full_refresh: bool = False, progress: Any = lambda _: None
) -> BuildState:
    """`twinledger build`: everything between landing and publishing."""
    with writer_lock(settings, "build") as run_id:
        _take_prices(settings)
        return _build(settings, run_id, inputs_hash(settings), full_refresh, None, progress)


def forecast_step(settings: Settings, *, progress: Any = lambda _: None) -> ForecastResult:
    """`twinledger forecast`: issue what is due, from the build that stands."""
    from orchestration.forecasting import issue_forecasts

    with writer_lock(settings, "forecast"):
        return issue_forecasts(settings, progress=progress)


def publish_step(settings: Settings, *, progress: Any = lambda _: None) -> PublishResult:
    """`twinledger publish`: the finished build, audited, to the readers.

    Raises:
        AuditError: there is no finished build.
    """
    with writer_lock(settings, "publish") as run_id:
        state = read_state(settings)
        if state is None or state.target != settings.warehouse.target:
            raise AuditError("there is no finished build to publish", "run: twinledger build")
        return _publish(settings, run_id, state, None, progress)


def as_of_settings(settings: Settings, as_of: date) -> Settings:
    """The workspace of a past state: the same lake, files of its own."""
    # No colon: Windows and some object stores refuse it in a name.
    name = as_of.isoformat().replace(":", "") + ("Z" if isinstance(as_of, datetime) else "")
    own = settings.warehouse.model_copy(
        update={
            "build": settings.build.with_name(f"{settings.build.stem}_as_of.duckdb"),
            "publish": settings.publish / "as_of" / name,
        }
    )
    return AsOfSettings.model_validate({**dict(settings), "warehouse": own, "known_at": as_of})


def phases(manifest: Mapping[str, Any]) -> list[str]:
    """The models that are built after the forecasts, as dbt selectors; [] without any.

    These are the descendants of the landed forecasts; all else is built before.
    """
    nodes: Mapping[str, Any] = manifest["nodes"]
    late = {
        key
        for key, source in manifest["sources"].items()
        if (source["source_name"], source["name"]) == FORECASTS
    }
    waiting = {key for key, node in nodes.items() if node["resource_type"] == "model"}
    while found := {key for key in waiting if late & set(nodes[key]["depends_on"]["nodes"])}:
        late |= found
        waiting -= found
    return sorted("fqn:" + ".".join(nodes[key]["fqn"]) for key in late if key in nodes)


def _build(
    settings: Settings,
    run_id: str,
    fingerprint: str,
    full_refresh: bool,
    as_of: date | None,
    progress: Any,
) -> BuildState:
    from orchestration.build import DbtSession
    from orchestration.publishing.tables import read_manifest

    session = DbtSession(settings, as_of=as_of, progress=progress)
    # From here until the end the build file is half new: nobody may publish it.
    forget_state(settings)
    session.parse()
    late = phases(read_manifest(session.target))
    refresh = full_refresh or as_of is not None
    issued: ForecastResult | None = None
    result: BuildResult
    if late and as_of is None:
        from orchestration.forecasting import issue_forecasts

        result = session.build(exclude=late, full_refresh=refresh)
        issued = issue_forecasts(settings, progress=progress)
        result += session.build(select=late, full_refresh=refresh)
    else:
        result = session.build(full_refresh=refresh)
    state = BuildState(
        run_id=run_id,
        target=settings.warehouse.target,
        inputs_hash=fingerprint,
        nodes=result.nodes,
        seconds=round(result.seconds, 1),
        warnings=tuple(str(problem) for problem in result.warnings),
        skipped_forecasts=dict(issued.skipped) if issued else {},
        forecasts_issued=len(issued.issued) if issued else 0,
    )
    write_state(settings, state)
    return state


def _publish(
    settings: Settings, run_id: str, state: BuildState, as_of: date | None, progress: Any
) -> PublishResult:
    return warehouse(settings).publish(
        publish_id=run_id,
        inputs_hash=state.inputs_hash,
        as_of=as_of,
        progress=progress,
    )


def _take_prices(settings: Settings) -> None:
    from orchestration.pricing.snapshot import ensure_price_snapshot

    ensure_price_snapshot(settings)
