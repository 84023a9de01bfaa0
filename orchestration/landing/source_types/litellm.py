"""LiteLLM's spend log: CSV, JSON lines, Parquet, or its Postgres database."""

from orchestration.landing.datasets import LITELLM
from orchestration.landing.sources import Columns, Derived, SourceType
from orchestration.settings import SourceSettings

# The only keys of `metadata` that are read: the rest may hold what users wrote. Emitters differ in
# where they put cached tokens, so the first key that is present wins.
_METADATA = {
    "metadata_cache_read_tokens": (
        "$.usage_object.prompt_tokens_details.cached_tokens",
        "$.usage_object.cache_read_input_tokens",
        "$.additional_usage_values.cache_read_input_tokens",
    ),
    "metadata_cache_write_tokens": (
        "$.usage_object.cache_creation_input_tokens",
        "$.usage_object.prompt_tokens_details.cache_creation_tokens",
        "$.additional_usage_values.cache_creation_input_tokens",
    ),
    "metadata_reasoning_tokens": ("$.usage_object.completion_tokens_details.reasoning_tokens",),
}


_PATHS = [path for paths in _METADATA.values() for path in paths]


def _derived(paths: tuple[str, ...]) -> Derived:
    # All keys in one pass over the document: the same expression for each column is computed once.
    # try(): a broken document means that the split is unknown, not that the call is.
    listed = ", ".join(f"'{path}'" for path in _PATHS)
    found = f"try(json_extract_string({{raw}}, [{listed}]))"
    values = ", ".join(f"{found}[{_PATHS.index(path) + 1}]" for path in paths)
    return Derived("metadata", f"coalesce({values})" if paths[1:] else values)


_DERIVED = {column: _derived(paths) for column, paths in _METADATA.items()}


def _columns(source: SourceSettings, available: list[str]) -> Columns:
    plain = {column: column for column in LITELLM.columns if column in available}
    return {**plain, **(_DERIVED if "metadata" in available else {})}


def _required(source: SourceSettings) -> tuple[str, ...]:
    return ("request_id", "startTime", "prompt_tokens", "completion_tokens", "model")


SOURCE_TYPE = SourceType(
    name="litellm",
    dataset=LITELLM,
    delivery="append",
    columns=_columns,
    required=_required,
    reads_database=True,
)
