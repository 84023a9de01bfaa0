"""LiteLLM's daily spend tables: its Postgres database, CSV, JSON lines or Parquet.

LiteLLM_Daily{User,Team,Tag,Organization,EndUser}Spend (schema.prisma of BerriAI/litellm) hold the
same requests, each grouped by another entity, which `scope` names. Rows are updated in place: of
an id, the row with the newest `updated_at` stands, and a day of the database lands again when it
changed. Columns that an older release lacks are null.
"""

from orchestration.errors import SettingsError
from orchestration.landing.datasets.gateways import LITELLM_DAILY
from orchestration.landing.hashing import OPTION
from orchestration.landing.sources import Columns, Combined, SourceType
from orchestration.settings import SourceSettings, nearest

# scope → (table, the column of its entity)
SCOPES = {
    "user": ("LiteLLM_DailyUserSpend", "user_id"),
    "team": ("LiteLLM_DailyTeamSpend", "team_id"),
    "tag": ("LiteLLM_DailyTagSpend", "tag"),
    "organization": ("LiteLLM_DailyOrganizationSpend", "organization_id"),
    "end_user": ("LiteLLM_DailyEndUserSpend", "end_user_id"),
}


def scopes_of(source: SourceSettings) -> list[str]:
    """The scopes that the settings ask for; all by default."""
    stated = str(source.options.get("scopes", ""))
    return [name.strip() for name in stated.split(",") if name.strip()] or list(SCOPES)


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    found = [column for column in LITELLM_DAILY.columns if column in available]
    columns: dict[str, str | Combined] = {column: column for column in found}
    if "scope" not in found:
        # A table's export says by its entity's column which table it is; a file of several by the
        # entity that a row has.
        entities = {name: entity for name, (_, entity) in SCOPES.items() if entity in available}
        cases = (
            f"when {{{place}}} is not null then '{name}'" for place, name in enumerate(entities)
        )
        only = f"'{next(iter(entities))}'" if len(entities) == 1 else "null"
        columns["scope"] = Combined(
            tuple(entities.values()),
            f"case {' '.join(cases)} else {only} end" if entities else "null",
        )
    return columns


_OPTIONS = (OPTION, "scopes", "gateway")


def _check(source: SourceSettings) -> None:
    for option in source.options:
        if option not in _OPTIONS:
            raise SettingsError(
                f"source '{source.name}': unknown option '{option}'", nearest(option, [*_OPTIONS])
            )
    for name in scopes_of(source):
        if name not in SCOPES:
            raise SettingsError(
                f"source '{source.name}': options.scopes names '{name}', which is no daily table",
                nearest(name, list(SCOPES)),
            )


SOURCE_TYPE = SourceType(
    name="litellm_daily",
    dataset=LITELLM_DAILY,
    delivery="append",
    columns=_columns,
    required=lambda source: (
        "id", "date", "spend", "prompt_tokens", "completion_tokens",
        "scope|" + "|".join(entity for _, entity in SCOPES.values()),
    ),
    check=_check,
    reads_database=True,
    repeats=("litellm",),
    sparse=("model", "model_group", "custom_llm_provider", "endpoint", "mcp_namespaced_tool_name"),
)  # fmt: skip
