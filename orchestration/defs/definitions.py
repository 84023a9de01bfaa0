"""What Dagster loads: `dagster dev -m orchestration.defs.definitions`."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.assets import workspace_assets
from orchestration.defs.automation import jobs, schedules, sensors
from orchestration.defs.workspace import missing_workspace, workspace
from orchestration.errors import SettingsError


def definitions() -> dg.Definitions:
    """All definitions of the workspace that TWINLEDGER_SETTINGS names."""
    try:
        settings = workspace()
    except SettingsError as error:
        return missing_workspace(str(error))
    return dg.Definitions(
        assets=workspace_assets(settings),
        jobs=jobs(settings),
        schedules=schedules(settings),
        sensors=sensors(settings),
        executor=dg.in_process_executor,
    )


defs = definitions()
