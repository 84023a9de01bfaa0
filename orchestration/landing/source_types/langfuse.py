"""Langfuse's scheduled export of observations to a bucket: Parquet, CSV or JSON lines.

Fields: langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields (observations_v2
and the legacy observations); the names of the public API are known too. Observations change after
they were exported: of an id, the row with the newest `updated_at` stands.

`usage_details` and `cost_details` have whatever keys the tracing code wrote. The numbers are kept
as JSON of numbers only, keys that are no plain names are added up as `other`; a few keys have
columns of their own.
"""

from orchestration.landing.allow_lists import allow_listed, code_of, count_of
from orchestration.landing.datasets.gateways import LANGFUSE, LANGFUSE_COSTS, LANGFUSE_USAGE
from orchestration.landing.sources import Column, Combined, first_of

_USAGE = ("usage_details", "usageDetails")
_COST = ("cost_details", "costDetails")
_NUMBER = r"-?\d+(\.\d+)?([eE][+-]?\d+)?"
_NAME = "[A-Za-z0-9_.:/-]{1,64}"


def _numbers(paths: tuple[str, ...]) -> Combined:
    """The numeric members of a map, as JSON text in the order of the map."""
    found = first_of(*paths).sql
    # Parquet's maps and CSV's texts have both become JSON text here.
    entries = f"map_entries(try_cast(try_cast({found} as json) as map(varchar, varchar)))"
    numeric = f"list_filter({entries}, lambda item: regexp_full_match(item.value, '{_NUMBER}'))"
    named = f"list_filter({numeric}, lambda item: regexp_full_match(item.key, '{_NAME}'))"
    other = f"list_filter({numeric}, lambda item: not regexp_full_match(item.key, '{_NAME}'))"
    texts = f"list_transform({named}, lambda item: concat('\"', item.key, '\": ', item.value))"
    added = f"list_sum(list_transform({other}, lambda item: cast(item.value as decimal(38, 18))))"
    rest = f"case when len({other}) > 0 then [concat('\"other\": ', {added})] else [] end"
    return Combined(
        paths,
        f"case when {entries} is not null "
        f"then concat('{{', array_to_string(list_concat({texts}, {rest}), ', '), '}}') end",
    )


def _member(maps: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(f"{name}>{key}" for name in maps)


def _total() -> Combined:
    """The map's own total; unreadable where there is a text that is no map, or its tokens would
    be lost without a word."""
    total = count_of(*_member(_USAGE, "total"))
    maps = ", ".join(f"{{{len(total.sources) + place}}}" for place in range(len(_USAGE)))
    kind = f"json_type(try_cast(coalesce({maps}) as json))"
    return Combined(
        (*total.sources, *_USAGE),
        f"case when coalesce({maps}) is not null and {kind} is distinct from 'OBJECT' "
        f"then 'no map of numbers' else {total.sql} end",
    )


_FIELDS: dict[str, Column] = {
    "id": first_of("id"),
    "trace_id": first_of("trace_id", "traceId"),
    "parent_observation_id": first_of("parent_observation_id", "parentObservationId"),
    "project_id": first_of("project_id", "projectId"),
    "environment": first_of("environment"),
    "type": first_of("type"),
    "name": first_of("name"),
    "start_time": first_of("start_time", "startTime"),
    "end_time": first_of("end_time", "endTime"),
    "updated_at": first_of("updated_at", "updatedAt"),
    "level": code_of("level"),
    "provided_model_name": first_of("provided_model_name", "providedModelName", "model"),
    "usage_pricing_tier_name": first_of("usage_pricing_tier_name", "usagePricingTierName"),
    "prompt_name": first_of("prompt_name", "promptName"),
    "prompt_version": first_of("prompt_version", "promptVersion"),
    "user_id": first_of("user_id", "userId"),
    "session_id": first_of("session_id", "sessionId"),
    "trace_name": first_of("trace_name", "traceName"),
    "release": first_of("release"),
    "version": first_of("version"),
    "usage_details": _numbers(_USAGE),
    **{f"usage_details_{key}": count_of(*_member(_USAGE, key)) for key in LANGFUSE_USAGE},
    "usage_details_total": _total(),
    "cost_details": _numbers(_COST),
    **{f"cost_details_{key}": first_of(*_member(_COST, key)) for key in LANGFUSE_COSTS},
    "total_cost": first_of("total_cost", "totalCost", "calculatedTotalCost"),
}

SOURCE_TYPE = allow_listed(
    LANGFUSE,
    _FIELDS,
    name="langfuse",
    required=("id", "start_time|startTime", "usage_details|usageDetails"),
    metadata="metadata>",
)
