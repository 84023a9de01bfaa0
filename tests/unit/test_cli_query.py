"""`twinledger query` reads the marts and nothing else, and writes what no spreadsheet computes."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration import cli

Answer = tuple[int, str, str]
Query = Callable[..., Answer]


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """A settings_file whose marts hold a table, and a view over a file of the lake."""
    (tmp_path / "published").mkdir()
    (tmp_path / "lake" / "requests").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    part = tmp_path / "lake" / "requests" / "part-0.parquet"
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb")) as con:
        con.execute(f"copy (select 7 as tokens) to '{part}' (format parquet)")
        con.execute(
            "create table costs as select * from (values"
            " ('=1+1', 12345678.123456789012345678::decimal(38,18), date '2026-10-01', 1.5),"
            " ('plain', null, null, 'nan'::double)) as rows(team, cost, day, ratio)"
        )
        con.execute(f"create view requests as select * from read_parquet(['{part}'])")
    file = tmp_path / "twinledger.toml"
    file.write_text("")
    return file


@pytest.fixture
def query(
    settings_file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Query:
    def run(*arguments: str) -> Answer:
        monkeypatch.setattr(
            sys, "argv", ["twinledger", "query", *arguments, "--settings", str(settings_file)]
        )
        with pytest.raises(SystemExit) as ended:
            cli.main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


def test_a_table_shows_all_decimals_and_names_nulls(query):
    code, out, _ = query("select team, cost from costs order by team")
    assert code == 0
    assert "12,345,678.123456789012345678" in out
    assert "null" in out


def test_json_keeps_exact_numbers(query):
    code, out, _ = query("select * from costs order by team", "--format", "json")
    assert code == 0
    assert '"cost": 12345678.123456789012345678' in out
    rows = json.loads(out)
    assert rows[0]["day"] == "2026-10-01"
    assert rows[1] == {"team": "plain", "cost": None, "day": None, "ratio": None}


def test_json_without_rows_is_an_empty_list(query):
    assert json.loads(query("from costs where false", "--format", "json")[1]) == []


def test_csv_cells_are_never_formulas(query):
    _, out, _ = query("select team, -cost as cost from costs order by team", "--format", "csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[1] == ["'=1+1", "-12345678.123456789012345678"]
    assert rows[2] == ["plain", ""]


def test_public_views_over_the_lake_can_be_read(query):
    assert query("select tokens from requests", "--format", "csv")[1] == "tokens\n7\n"


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/hostname')",
        "select * from glob('/etc/*')",
        "copy costs to '{folder}/stolen.csv'",
        "copy costs to '{folder}/lake/requests/stolen.parquet'",
        "explain analyze copy costs to '{folder}/lake/requests/stolen.parquet'",
        "attach '{folder}/other.duckdb'",
        "attach ':memory:' as other",
        "create table stolen as select 1",
        "create temp table stolen as select 1",
        "insert into costs values ('x', 1, null, 1)",
        "update costs set cost = 0",
        "set memory_limit = '100GB'",
        "set enable_external_access = true",
        "install httpfs",
        "load httpfs",
        "call pragma_version()",
        "export database '{folder}/lake/dump'",
        "select 1; drop table costs",
        "",
        "selec 1",
    ],
)
def test_nothing_but_one_select_is_run(query, settings_file, sql):
    before = sorted(settings_file.parent.rglob("*"))
    code, out, err = query(sql.format(folder=settings_file.parent))
    assert code == 2, out
    assert "next:" in err
    assert "Traceback" not in err
    scratch = settings_file.parent / ".twinledger"
    after = [
        path for path in settings_file.parent.rglob("*") if scratch not in (path, *path.parents)
    ]
    assert sorted(after) == before


def test_an_endless_query_is_stopped(query):
    endless = "select count(*) from range(1000000) a, range(1000000) b where a.range > b.range + 1"
    code, _, err = query(endless, "--timeout", "0.3")
    assert code == 1
    assert "stopped after 0.3 s" in err


def test_nothing_published_says_what_to_do(query, settings_file):
    (settings_file.parent / "published" / "marts.duckdb").unlink()
    code, _, err = query("select 1")
    assert code == 1
    assert f"twinledger run --settings {settings_file}" in err
