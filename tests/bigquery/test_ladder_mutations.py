"""Rung 3b: can the ladder fail? Wrong versions of the models' statements run against the built
catalogue; each must be rejected by the server or change what is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest
from google.api_core.exceptions import GoogleAPIError

from tests.bigquery.compare import Relation, comparable, compare_columns, compare_rows
from tests.bigquery.mistakes import INCREMENT, INCREMENTAL, LANDING, MISTAKES, SCRIPTS
from tests.bigquery.mutations import DIALECT, Mutation
from tests.bigquery.readers import bigquery_column, duckdb_relation
from tests.bigquery.twins import Twins, tell

pytestmark = pytest.mark.slow

AT_LEAST = 40


@dataclass(frozen=True)
class Statements:
    """The compiled statement of each model, and what DuckDB built for it."""

    twins: Twins
    build: duckdb.DuckDBPyConnection

    def sql(self, model: str) -> str:
        """The model's SELECT as dbt compiled it for BigQuery; of a landing view, its text."""
        if model == INCREMENTAL:
            return INCREMENT
        if model.startswith("landing."):
            client = self.twins.server.client()
            return str(client.get_table(f"{client.project}.build_{model}").view_query)
        compiled = self.twins.bigquery / ".twinledger" / "target" / "compiled"
        (file,) = compiled.rglob(f"models/**/{model}.sql")
        return file.read_text(encoding="utf-8")

    def expected(self, model: str) -> tuple[str, Relation]:
        """The same relation in DuckDB's build, and its name with the layer."""
        layer, _, name = model.rpartition(".")
        ((schema,),) = self.build.execute(
            "select table_schema from information_schema.tables where table_name = $name"
            " and case when $layer = '' then table_schema not in ('landing', 'quarantine')"
            " else table_schema = $layer end",
            {"name": name, "layer": layer},
        ).fetchall()
        return f"{schema}.{name}", duckdb_relation(self.build, f'"{schema}"."{name}"')

    def outcome(self, model: str, sql: str) -> tuple[str, str]:
        """("rejected", the server's words), ("differs", the first row) or ("equal", "")."""
        try:
            answer = self.twins.server.client().query(sql).result()
        except GoogleAPIError as error:
            if "notImplemented" in str(error):
                raise
            return "rejected", str(error).partition("; reason")[0]
        actual = Relation(
            tuple(bigquery_column(column) for column in answer.schema),
            tuple(row.values() for row in answer),
        )
        name, expected = self.expected(model)
        text = compare_columns(expected, actual) or compare_rows(
            [column for column, _ in expected.columns],
            comparable(name, expected),
            comparable(name, actual),
        )
        return ("differs", text) if text else ("equal", "")


@pytest.fixture(scope="module")
def statements(fresh: Twins, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Statements]:
    folder = tmp_path_factory.mktemp("mutations") / "twins"
    with fresh.copy(folder) as twins, duckdb.connect(str(twins.duckdb / "build.duckdb")) as con:
        con.execute("set timezone = 'UTC'")
        yield Statements(twins, con)


def test_unmutated_statements_equal_the_other_engine(statements: Statements) -> None:
    mutated = {mutation.model for mutation in (*DIALECT, *MISTAKES, *LANDING, *SCRIPTS)}
    wrong = {
        model: outcome
        for model in sorted(mutated)
        if (outcome := statements.outcome(model, statements.sql(model)))[0] != "equal"
    }
    assert not wrong, "\n".join(f"{model}: {' '.join(text)}" for model, text in wrong.items())


@pytest.mark.parametrize("kind", ["dialect", "mistakes", "landing and increments"])
def test_every_mutation_is_noticed(statements: Statements, kind: str) -> None:
    chosen = {
        "dialect": DIALECT,
        "mistakes": MISTAKES,
        "landing and increments": (*LANDING, *SCRIPTS),
    }[kind]
    assert len({*DIALECT, *MISTAKES, *LANDING, *SCRIPTS}) >= AT_LEAST
    unnoticed = [mutation.mistake for mutation in chosen if not _is_noticed(statements, mutation)]
    assert not unnoticed


def _is_noticed(statements: Statements, mutation: Mutation) -> bool:
    what, why = statements.outcome(mutation.model, mutation.of(statements.sql(mutation.model)))
    told = " ".join(why.split())[:120]
    tell(f"{mutation.mistake[:40]:40} {mutation.model[:27]:27} {what:8} {told}")
    return what == "rejected" or (what == "differs" and not mutation.is_dialect)
