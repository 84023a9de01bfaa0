"""How near the server comes to BigQuery, counted on two lists of statements."""

from __future__ import annotations

import pytest

from tests.bigquery.statements import RIGHT, ROWS, TABLES, UNCERTAIN, VALID_AFTER_ALL, WRONG

pytest.importorskip("zetasql", reason="GoogleSQL is not installed")

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.statements import run_script
from tests.bigquery.server.store import Dataset, Store, now_ms
from tests.bigquery.twins import tell

HOUR = 3_600_000


@pytest.fixture(scope="module")
def held():
    """What the store of the lists holds."""
    store = Store()
    store.create_dataset(Dataset("p", "d"))
    for name, columns in TABLES.items():
        arrival = " partition by _PARTITIONDATE" if name == "arrivals" else ""
        run_script(store, f"create table `p`.`d`.`{name}` ({columns}){arrival}", "p")
    for statement in ROWS:
        run_script(store, statement, "p")
    # Older than the hour that FOR SYSTEM_TIME AS OF goes back.
    old = {"created": now_ms() - 2 * HOUR, "modified": now_ms() - 2 * HOUR}
    return {**store.datasets, **{ref: table.but(**old) for ref, table in store.tables.items()}}


def answer(held, sql):
    """The error of a statement on a store of its own; None where it is taken."""
    try:
        run_script(Store(held=held), sql, "p", "d")
    except BigQueryError as error:
        return error
    return None


def test_right_statements_are_taken(held):
    errors = {name: answer(held, sql) for name, sql in RIGHT.items()}
    refused = {name: str(error) for name, error in errors.items() if error}
    figure = f"{len(RIGHT) - len(refused)} of {len(RIGHT)}"
    tell(f"right statements taken: {figure}; not: {refused}")
    assert len(RIGHT) == 47
    assert len(RIGHT) - len(refused) >= 45


def test_wrong_statements_are_refused(held):
    """By their fault, not for want of a feature here."""
    errors = {name: answer(held, sql) for name, sql in WRONG.items()}
    refused = {name for name, error in errors.items() if error and error.code != 501}
    figure = f"{len(refused)} of {len(WRONG)}"
    tell(f"wrong statements refused: {figure}; not: {set(WRONG) - refused}")
    assert len(WRONG) == 45
    assert len(refused) >= 43


@pytest.mark.parametrize("name", VALID_AFTER_ALL)
def test_what_only_looks_wrong_is_taken(held, name):
    assert answer(held, VALID_AFTER_ALL[name]) is None


def test_the_uncertain_statement_is_counted_on_neither_list(held):
    assert not set(UNCERTAIN) & {*RIGHT, *WRONG}
