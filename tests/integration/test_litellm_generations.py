"""LiteLLM's tables of five releases in a real PostgreSQL server: all of them land.

The columns are those that the releases' own schemas have; only the values are made up.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from orchestration.settings import Settings
from tests.integration.postgres_server import postgres_server
from tests.unit.landing.usage_logs import CANARY, Landed, Workspace, holders, one

pytestmark = pytest.mark.usefixtures("no_gate")

RELEASES = ("1.61.1", "1.77.7", "1.86.0", "1.100.0", "1.109.1")
TYPES = {
    "String": "text",
    "Float": "double precision",
    "Int": "integer",
    "BigInt": "bigint",
    "DateTime": "timestamp(3)",
    "Json": "jsonb",
    "Boolean": "boolean",
}
DAILY = {
    "user": ("LiteLLM_DailyUserSpend", "user_id"),
    "team": ("LiteLLM_DailyTeamSpend", "team_id"),
    "tag": ("LiteLLM_DailyTagSpend", "tag"),
    "organization": ("LiteLLM_DailyOrganizationSpend", "organization_id"),
    "end_user": ("LiteLLM_DailyEndUserSpend", "end_user_id"),
}
Execute = Callable[[str], None]
Column = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def execute(server: str) -> Iterator[Execute]:
    """Run statements on the server, which has no table yet."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(server, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("drop schema public cascade")
        cursor.execute("create schema public")
        yield lambda statement: cursor.execute(statement)


def columns_of(data: Path, release: str, table: str) -> list[Column]:
    """A table's columns in a release; the tables of other entities are made like the team's."""
    tables = json.loads((data / "api_shapes" / "litellm_tables.json").read_text())[release]
    if table in tables or "Daily" not in table:
        return list(tables.get(table, []))
    entity = next(entity for name, entity in DAILY.values() if name == table)
    return [
        {**column, "name": entity if column["name"] == "team_id" else column["name"]}
        for column in tables.get("LiteLLM_DailyTeamSpend", [])
    ]


def create(execute: Execute, columns: list[Column], table: str) -> None:
    listed = ", ".join(f'"{column["name"]}" {TYPES[column["type"]]}' for column in columns)
    execute(f'create table "{table}" ({listed})')


def insert(execute: Execute, columns: list[Column], table: str, values: dict[str, Any]) -> None:
    """Insert a row: what the release has of the values, and the canary wherever a text fits."""
    row = {}
    for column in columns:
        name, kind = column["name"], column["type"]
        other = {"String": "x", "Json": {"note": CANARY}, "DateTime": "2026-03-01 10:00:00"}
        row[name] = values.get(name, other.get(kind, 0))
    texts = (json.dumps(v) if isinstance(v, dict | list) else str(v) for v in row.values())
    listed = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    names = ", ".join(f'"{name}"' for name in row)
    execute(f'insert into "{table}" ({names}) values ({listed})')


def source(kind: str, url: str, more: str = "") -> str:
    return f'[[sources]]\nname = "gateway"\ntype = "{kind}"\nuri = "{url}"\n{more}\n'


METADATA = {
    "usage_object": {
        "prompt_tokens_details": {
            "cached_tokens": 60,
            "cache_creation_tokens": 10,
            "cache_creation_token_details": {
                "ephemeral_5m_input_tokens": 7,
                "ephemeral_1h_input_tokens": 3,
            },
            "audio_tokens": 4,
            "image_tokens": 5,
        },
        "completion_tokens_details": {"reasoning_tokens": 8, "audio_tokens": 2},
        "cache_creation_input_tokens": 10,
        "service_tier": "priority",
    },
    "error_information": {"error_code": "429", "error_message": CANARY},
    "guardrail": CANARY,
}


def log_row(number: int, day: int) -> dict[str, Any]:
    return {
        "request_id": f"r-{number}",
        "call_type": "acompletion",
        "spend": 0.000125,
        "total_tokens": 120,
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "startTime": f"2026-03-0{day} 10:00:00.123",
        "endTime": f"2026-03-0{day} 10:00:02",
        "request_duration_ms": 1877,
        "model": "gpt-4o",
        "model_id": "deployment-1",
        "custom_llm_provider": "openai",
        "user": "anna.example",
        "end_user": "customer.example",
        "metadata": METADATA,
        "request_tags": ["team:answers"],
        "cache_key": CANARY,
        "requester_ip_address": CANARY,
        "api_base": CANARY,
        "cache_hit": "False",
        "status": "success",
    }


@pytest.mark.parametrize("release", RELEASES)
def test_the_spend_log_of_every_release_lands(
    data: Path, server: str, execute: Execute, workspace: Workspace, landed: Landed, release: str
) -> None:
    columns = columns_of(data, release, "LiteLLM_SpendLogs")
    create(execute, columns, "LiteLLM_SpendLogs")
    for number in range(6):
        insert(execute, columns, "LiteLLM_SpendLogs", log_row(number, 1 + number % 2))
    settings = workspace(source("litellm", server))
    (result,) = land(settings)
    assert len(result.loads) == 2
    con = landed(settings)
    assert one(
        con,
        "select count(*), sum(prompt_tokens), sum(completion_tokens), sum(total_tokens), sum(spend)"
        ", sum(metadata_cache_read_tokens), sum(metadata_cache_write_tokens), "
        "sum(metadata_cache_write_5m_tokens), sum(metadata_cache_write_1h_tokens), "
        "sum(metadata_reasoning_tokens), sum(metadata_audio_input_tokens), "
        "sum(metadata_image_input_tokens), sum(metadata_audio_output_tokens) "
        "from landing.litellm_spend_logs",
    ) == (6, 600, 120, 720, Decimal("0.00075"), 360, 60, 42, 18, 48, 24, 30, 12)
    names = {column["name"] for column in columns}
    assert one(
        con,
        "select distinct model, model_id, user_id, end_user, metadata_service_tier, "
        "metadata_error_code, request_duration_ms, status from landing.litellm_spend_logs",
    ) == (
        "gpt-4o", "deployment-1", "anna.example", "customer.example", "priority", "429",
        1877 if "request_duration_ms" in names else None,
        "success" if "status" in names else None,
    )  # fmt: skip
    assert not holders(settings, "canary-9c41") and not holders(settings, "not-a-secret")


def daily_row(number: int, day: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"d-{number}",
        "date": f"2026-03-0{day}",
        "api_key": "key-hash",
        "model": "gpt-4o",
        "custom_llm_provider": "openai",
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "cache_read_input_tokens": 600,
        "cache_creation_input_tokens": 100,
        "spend": 0.0125,
        "api_requests": 10,
        "successful_requests": 9,
        "failed_requests": 1,
        "ptu_flat_cost": 0.5,
        "created_at": "2026-03-01 10:00:00",
        "updated_at": "2026-03-01 10:00:00",
        **changes,
    }


TOTALS = (
    "select scope, count(*), sum(prompt_tokens), sum(cache_read_input_tokens), sum(spend), "
    "sum(api_requests), sum(failed_requests) from landing.litellm_daily group by scope order by 1"
)


@pytest.mark.parametrize("release", RELEASES[1:])
def test_the_daily_tables_of_every_release_land(
    data: Path, server: str, execute: Execute, workspace: Workspace, landed: Landed, release: str
) -> None:
    for scope, (table, entity) in DAILY.items():
        columns = columns_of(data, release, table)
        create(execute, columns, table)
        for day in (1, 2):
            row = daily_row(day, day, id=f"{scope}-{day}", **{entity: f"{scope}.example"})
            insert(execute, columns, table, row)
    settings = workspace(source("litellm_daily", server))
    (result,) = land(settings)
    assert len(result.loads) == 10
    con = landed(settings)
    assert con.execute(TOTALS).fetchall() == [
        (scope, 2, 2000, 1200, Decimal("0.025"), 20, 2) for scope in sorted(DAILY)
    ]
    has_ptu = any(
        column["name"] == "ptu_flat_cost"
        for column in columns_of(data, release, "LiteLLM_DailyTeamSpend")
    )
    assert one(
        con, "select sum(ptu_flat_cost) from landing.litellm_daily where scope = 'team'"
    ) == (Decimal(1) if has_ptu else None)
    assert one(
        con,
        "select count(user_id), count(team_id), count(tag), count(organization_id), "
        "count(end_user_id) from landing.litellm_daily",
    ) == (2, 2, 2, 2, 2)
    assert not holders(settings, "canary-9c41") and not holders(settings, "not-a-secret")


def daily(data: Path, execute: Execute) -> Callable[[dict[str, Any]], None]:
    """The newest release's user table; inserts a row."""
    table = "LiteLLM_DailyUserSpend"
    columns = columns_of(data, RELEASES[-1], table)
    create(execute, columns, table)
    return lambda row: insert(execute, columns, table, row)


def test_a_row_updated_in_place_restates_its_day_and_no_other(
    data: Path, server: str, execute: Execute, workspace: Workspace, landed: Landed
) -> None:
    write = daily(data, execute)
    write(daily_row(1, 1, user_id="anna.example"))
    write(daily_row(2, 2, user_id="anna.example"))
    settings = workspace(source("litellm_daily", server))
    assert len(land(settings)[0].loads) == 2
    assert not land(settings)[0].is_new
    execute(
        'update "LiteLLM_DailyUserSpend" set prompt_tokens = 1500, spend = 0.02, '
        "api_requests = 15, updated_at = '2026-03-02 23:59:00' where id = 'd-2'"
    )
    (result,) = land(settings)
    assert len(result.loads) == 1 and result.replaced == ("2026-03-02",)
    con = landed(settings)
    assert con.execute(TOTALS).fetchall() == [("user", 2, 2500, 1200, Decimal("0.0325"), 25, 2)]
    assert con.execute(
        "select period, status from landing.loads order by period, loaded_at, load_id"
    ).fetchall() == [
        ("2026-03-01", "accepted"), ("2026-03-02", "superseded"), ("2026-03-02", "accepted"),
    ]  # fmt: skip


def test_only_the_scopes_that_are_asked_for_are_read(
    data: Path, server: str, execute: Execute, workspace: Workspace, landed: Landed
) -> None:
    write = daily(data, execute)
    write(daily_row(1, 1))
    columns = columns_of(data, RELEASES[-1], "LiteLLM_DailyTeamSpend")
    create(execute, columns, "LiteLLM_DailyTeamSpend")
    insert(execute, columns, "LiteLLM_DailyTeamSpend", daily_row(2, 1))
    settings = workspace(source("litellm_daily", server, 'options = {scopes = "team"}'))
    land(settings)
    assert one(landed(settings), "select list(scope) from landing.litellm_daily") == ["team"]


def test_users_are_hashed_and_teams_are_not(
    data: Path,
    server: str,
    execute: Execute,
    workspace: Workspace,
    landed: Landed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY", "secret of ours")
    write = daily(data, execute)
    write(daily_row(1, 1, user_id="anna.example"))
    more = 'options = {hash_users_key_env = "A_KEY"}'
    settings = workspace(source("litellm_daily", server, more))
    land(settings)
    expected = hmac.new(b"secret of ours", b"anna.example", hashlib.sha256).hexdigest()
    assert one(landed(settings), "select user_id from landing.litellm_daily") == expected
    assert not holders(settings, "anna.example")


def test_a_database_without_daily_tables_is_one_clear_error(
    server: str, execute: Execute, workspace: Workspace
) -> None:
    settings: Settings = workspace(source("litellm_daily", server))
    with pytest.raises(RefusedError, match="none of the tables LiteLLM_DailyUserSpend"):
        land(settings)
