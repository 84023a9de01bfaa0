"""From the landed deliveries to the marts of the build file: dbt, in this process."""

from orchestration.build.report import BuildFailedError, BuildResult, Problem
from orchestration.build.runner import DbtSession, build

__all__ = ["BuildFailedError", "BuildResult", "DbtSession", "Problem", "build"]
