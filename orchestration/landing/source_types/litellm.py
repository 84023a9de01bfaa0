"""LiteLLM's spend log: CSV, JSON lines, Parquet, or its Postgres database.

Columns of the releases 1.61 to 1.109 (schema.prisma of BerriAI/litellm): what an older one lacks
is null. `metadata.usage_object` is LiteLLM's Usage (litellm/types/utils.py).
"""

import json
from typing import Any

from orchestration.landing.datasets.gateways import LITELLM
from orchestration.landing.sources import Columns, Derived, SourceType
from orchestration.settings import SourceSettings

_PROMPT = ("usage_object", "prompt_tokens_details")

# The only keys of `metadata` that are read: the rest may hold what users wrote. Emitters differ in
# where they put cached tokens, so the first key that is present wins.
METADATA_KEYS = {
    "metadata_cache_read_tokens": (
        ("usage_object", "prompt_tokens_details", "cached_tokens"),
        ("usage_object", "cache_read_input_tokens"),
        ("additional_usage_values", "cache_read_input_tokens"),
    ),
    "metadata_cache_write_tokens": (
        ("usage_object", "cache_creation_input_tokens"),
        ("usage_object", "prompt_tokens_details", "cache_creation_tokens"),
        ("additional_usage_values", "cache_creation_input_tokens"),
    ),
    "metadata_reasoning_tokens": (
        ("usage_object", "completion_tokens_details", "reasoning_tokens"),
    ),
    "metadata_cache_write_5m_tokens": (
        (*_PROMPT, "cache_creation_token_details", "ephemeral_5m_input_tokens"),
    ),
    "metadata_cache_write_1h_tokens": (
        (*_PROMPT, "cache_creation_token_details", "ephemeral_1h_input_tokens"),
    ),
    "metadata_audio_input_tokens": ((*_PROMPT, "audio_tokens"),),
    "metadata_image_input_tokens": ((*_PROMPT, "image_tokens"),),
    "metadata_audio_output_tokens": (
        ("usage_object", "completion_tokens_details", "audio_tokens"),
    ),
    "metadata_image_output_tokens": (
        ("usage_object", "completion_tokens_details", "image_tokens"),
    ),
    "metadata_web_search_requests": (
        ("usage_object", "server_tool_use", "web_search_requests"),
        (*_PROMPT, "web_search_requests"),
    ),
    "metadata_service_tier": (("usage_object", "service_tier"),),
    "metadata_error_code": (("error_information", "error_code"),),
}
# These are text: what is no code, such as a message in its place, is called `other`.
CODES = ("metadata_service_tier", "metadata_error_code")
CODE_PATTERN = "^[A-Za-z0-9_.:/#-]{1,128}$"

# Landed column → the table's, where the names differ: `user` is a function in SQL.
RENAMED = {"user_id": "user"}


def _shape() -> str:
    """The allow-listed keys as a JSON shape: one pass over a document reads all of them."""
    shape: dict[str, Any] = {}
    for paths in METADATA_KEYS.values():
        for *parents, leaf in paths:
            place = shape
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = "VARCHAR"
    return json.dumps(shape)


# try(): a broken document means that the split is unknown, not that the call is.
_PARSED = f"try(from_json({{raw}}, '{_shape()}'))"


def _derived(column: str, paths: tuple[tuple[str, ...], ...]) -> Derived:
    values = []
    for path in paths:
        value = "{parsed}"
        for key in path:
            value = f"struct_extract({value}, '{key}')"
        values.append(value)
    found = f"coalesce({', '.join(values)})"
    if column in CODES:
        found = (
            f"case when regexp_matches({found}, '{CODE_PATTERN}') then {found} "
            f"when {found} is not null then 'other' end"
        )
    return Derived("metadata", _PARSED, found)


_DERIVED = {column: _derived(column, paths) for column, paths in METADATA_KEYS.items()}


# A day of the database has the keys of its metadata as columns already.
_NAMES = {column: RENAMED.get(column, column) for column in LITELLM.columns}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    plain = {column: name for column, name in _NAMES.items() if name in available}
    return {**plain, **(_DERIVED if "metadata" in available else {})}


_REQUIRED = ("request_id", "startTime", "prompt_tokens", "completion_tokens", "model")


SOURCE_TYPE = SourceType(
    name="litellm",
    dataset=LITELLM,
    delivery="append",
    columns=_columns,
    required=lambda source: _REQUIRED,
    reads_database=True,
    sparse=(
        "metadata",
        *(name for name in _NAMES.values() if name not in (*_REQUIRED, *METADATA_KEYS)),
    ),
)
