"""A run with nothing new ends within start-up time: heavy libraries wait until they are needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("dbt", "great_expectations", "statsforecast", "pandas", "genai_prices", "dagster")


@pytest.mark.parametrize("module", ["orchestration.cli", "orchestration.pipeline"])
def test_importing_brings_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
