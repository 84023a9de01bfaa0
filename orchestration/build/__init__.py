"""From the landed deliveries to the marts of the build file: dbt, in this process."""

from orchestration.build.report import BuildFailed, BuildResult, Problem
from orchestration.build.runner import DbtSession, build

__all__ = ["BuildFailed", "BuildResult", "DbtSession", "Problem", "build"]
