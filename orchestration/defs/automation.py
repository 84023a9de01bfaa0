"""When Dagster runs the job by itself: every day, when new files arrive, and at month close."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.defs.deliveries import delivery_key
from orchestration.errors import TwinledgerError
from orchestration.landing.fetch import incoming
from orchestration.landing.lake import Lake
from orchestration.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

DAILY_AT = "0 6 * * *"
"""Vendors finish yesterday's files in the first hours after midnight UTC."""
CLOSE_AT = "0 7 5 * *"
"""On the fifth, most vendors' bills of the month before are final."""
LOOK_EVERY_SECONDS = 60
FORCE_BILLS = {"ops": {"landing": {"config": {"force_bills": True}}}}


def _everything(settings: Settings) -> dg.AssetSelection:
    """All but the sources' own assets: these are partitioned, for backfills; `landing` lands."""
    by_source = [delivery_key(source.name) for source in settings.sources]
    return dg.AssetSelection.all() - dg.AssetSelection.assets(*by_source)


def jobs(settings: Settings) -> list[UnresolvedAssetJobDefinition]:
    """The daily build, and the same with all bills landed anew."""
    selection = _everything(settings)
    return [
        dg.define_asset_job(
            "daily_build",
            selection=selection,
            description="Land what is new, build, test, forecast, publish.",
        ),
        dg.define_asset_job(
            "month_close",
            selection=selection,
            config=FORCE_BILLS,
            description="The daily build with every bill landed anew, once the month is billed.",
        ),
    ]


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Daily and monthly, UTC."""
    return [
        dg.ScheduleDefinition(
            name=f"{name}_schedule",
            job_name=name,
            cron_schedule=cron,
            execution_timezone="UTC",
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
        for name, cron in (("daily_build", DAILY_AT), ("month_close", CLOSE_AT))
    ]


def sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One sensor that looks at every source that delivers files."""

    @dg.sensor(
        name="new_files",
        job_name="daily_build",
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the daily build when a source's files are not those that landed.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        changed = sorted(_not_landed(settings))
        if not changed:
            return dg.SkipReason("every file has landed")
        # A file that was refused stays different from what landed: it is tried once, not for ever.
        fingerprint = hashlib.sha256("\n".join(changed).encode()).hexdigest()[:16]
        if context.cursor == fingerprint:
            return dg.SkipReason(f"{len(changed)} changed files were tried already")
        context.update_cursor(fingerprint)
        return dg.RunRequest(run_key=fingerprint, tags={"twinledger/changed": str(len(changed))})

    return [new_files]


def _not_landed(settings: Settings) -> Iterator[str]:
    """Files whose size, time or etag no accepted load has seen; databases are left to the clock."""
    lake = Lake(settings)
    for source in settings.sources:
        if source.uri.startswith(("postgres://", "postgresql://")):
            continue
        seen = {
            (file.name, file.stamp)
            for manifest in lake.of_source(source.name)
            for file in manifest.files
        }
        try:
            offered = incoming(settings, source)
        except TwinledgerError:
            # Nothing there yet, or not reachable now: the daily build says so in its own words.
            continue
        yield from (
            f"{source.name} {file.name} {file.stamp}"
            for file in offered
            if (file.name, file.stamp) not in seen
        )
