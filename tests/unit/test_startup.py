"""A run with nothing new ends within start-up time: heavy libraries wait until they are needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

HEAVY = (
    "dbt", "great_expectations", "statsforecast", "pandas", "genai_prices", "dagster",
    "google.cloud.bigquery",
)  # fmt: skip


@pytest.mark.parametrize("module", ["orchestration.cli", "orchestration.pipeline"])
def test_importing_brings_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("arguments", [("status",), ("query", "select 1")])
def test_a_question_to_duckdb_brings_no_library_of_another_engine(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "published").mkdir()
    duckdb.connect(str(tmp_path / "published" / "marts.duckdb")).close()
    settings = tmp_path / "twinledger.toml"
    settings.write_text("")
    code = (
        f"import sys; sys.argv = ['twinledger', *{arguments}, '--settings', {str(settings)!r}]\n"
        "from orchestration.cli import main\n"
        "try: main()\n"
        f"except SystemExit: print(*sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
