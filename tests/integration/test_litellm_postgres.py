"""LiteLLM's spend log read from a real PostgreSQL server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.integration.postgres_server import postgres_server

pytestmark = pytest.mark.usefixtures("no_gate")

# What users wrote must not leave the server; the string is searched for in everything we wrote.
CANARY = "canary-7f3a the customer's secret question"

TABLE = """
create table "LiteLLM_SpendLogs" (
    request_id text primary key, call_type text, api_key text, spend double precision,
    total_tokens int, prompt_tokens int, completion_tokens int,
    "startTime" timestamp(3), "endTime" timestamp(3), model text, model_group text,
    custom_llm_provider text, metadata jsonb, cache_hit text, request_tags jsonb,
    team_id text, end_user text, messages jsonb, response jsonb, status text
)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database, on a free port of 127.0.0.1."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def execute(server: str) -> Iterator[Callable[[str], None]]:
    """Run statements on the server, on a table made anew."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute('drop table if exists "LiteLLM_SpendLogs"')
        cursor.execute(TABLE)
        yield lambda statement: cursor.execute(statement)


def insert(day: int, number: int, tokens: int) -> str:
    return f"""
        insert into "LiteLLM_SpendLogs" (
            request_id, call_type, spend, total_tokens, prompt_tokens, completion_tokens,
            "startTime", "endTime", model, custom_llm_provider, metadata, request_tags, team_id,
            messages, response, status
        ) values (
            'req-{day}-{number}', 'acompletion', 0.000125, {tokens + 7}, {tokens}, 7,
            '2026-01-0{day} 10:00:00.123', '2026-01-0{day} 10:00:02', 'gpt-4o', 'openai',
            '{{"usage_object": {{"prompt_tokens_details": {{"cached_tokens": 3}}}},
               "guardrail": "{CANARY.replace("'", "''")}"}}',
            '["feature:answers"]', 'search', '["{CANARY.replace("'", "''")}"]', '{{}}', 'success'
        )
    """


def source(url: str) -> str:
    return f'[[sources]]\nname = "gateway"\ntype = "litellm"\nuri = "{url}"\n'


def rows(con: duckdb.DuckDBPyConnection) -> Any:
    return con.execute(
        "select count(*), sum(prompt_tokens), sum(spend), sum(metadata_cache_read_tokens) "
        "from landing.litellm_spend_logs"
    ).fetchone()


def test_a_spend_log_lands_by_the_day_and_only_changed_days_land_again(
    server: str,
    execute: Callable[[str], None],
    workspace: Callable[..., Settings],
    landed: Callable[[Settings], duckdb.DuckDBPyConnection],
) -> None:
    for day in (1, 2):
        for number in (1, 2, 3):
            execute(insert(day, number, 100))
    settings = workspace(source(server))
    (first,) = land(settings)
    assert len(first.loads) == 2
    assert rows(landed(settings)) == (6, 600, Decimal("0.00075"), 18)
    (again,) = land(settings)
    assert not again.is_new
    execute(insert(2, 4, 50))
    (more,) = land(settings)
    assert len(more.loads) == 1 and more.replaced == ("2026-01-02",)
    assert rows(landed(settings)) == (7, 650, Decimal("0.000875"), 21)


def test_contents_and_credentials_are_written_nowhere(
    server: str, execute: Callable[[str], None], workspace: Callable[..., Settings]
) -> None:
    execute(insert(1, 1, 100))
    settings = workspace(source(server))
    land(settings)
    for file in settings.folder.rglob("*"):
        if file.is_file() and file.name != "twinledger.toml":
            content = file.read_bytes()
            assert b"canary-7f3a" not in content, file
            assert b"not-a-secret" not in content, file


def test_a_database_that_does_not_answer_is_one_clear_error(
    workspace: Callable[..., Settings],
) -> None:
    settings = workspace(source("postgresql://finops:not-a-secret@127.0.0.1:9/none"))
    with pytest.raises(RefusedError) as refusal:
        land(settings)
    assert "not-a-secret" not in str(refusal.value)
    assert "gateway" in str(refusal.value)
