"""Source types that are lists of what may be read: everything else in a log stays where it is.

Prompts, answers, metadata and error texts stand beside the counts in these logs. A type names the
paths of the counts; only those are read, and of metadata only the keys that the settings map to
allocation keys.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.errors import SettingsError
from orchestration.landing.datasets import ALLOCATION_KEYS, Dataset
from orchestration.landing.hashing import OPTION
from orchestration.landing.json_logs import json_log
from orchestration.landing.readers import Build, column_of
from orchestration.landing.sources import (
    Column,
    Columns,
    Combined,
    SourceType,
    first_of,
    paths_of,
)
from orchestration.settings import Delivery, SourceSettings, nearest

# What a code looks like. Some emitters put the whole message where the code belongs.
_CODE = "[A-Za-z0-9_.:/#-]{1,128}"


def allow_listed(
    dataset: Dataset,
    fields: Mapping[str, Column],
    *,
    name: str | None = None,
    required: tuple[str, ...],
    metadata: str = "",
    options: tuple[str, ...] = (),
    fixed: Mapping[str, str] | None = None,
    delivery: Delivery = "append",
    reader: Build | None = None,
) -> SourceType:
    """A type that reads `fields` and nothing else.

    Args:
        dataset: where the rows land.
        fields: landed column → where it is found.
        name: as written in the settings; by default the dataset's.
        required: source columns without which a file is refused; where one of several names must
            be there, `a|b`.
        metadata: the path below which `mapping` may name keys, such as "requestMetadata".
        options: the options that the type knows, besides the hash key's.
        fixed: landed column → its value in every row.
        delivery: the default way in which such a source delivers.
        reader: reads the files, if not as a JSON log, CSV or Parquet.
    """
    tops = {column_of(path, [])[0] for column in fields.values() for path in paths_of(column)}
    if metadata:
        tops.add(column_of(metadata, [])[0])
    needed = {column_of(one, [])[0] for path in required for one in path.split("|")}

    def columns(source: SourceSettings, available: list[str]) -> Columns:
        mapped = {key: metadata_key(metadata, path) for key, path in source.mapping.items()}
        return {
            column: value
            for column, value in {**fields, **mapped}.items()
            if column not in source.constants
        }

    def check(source: SourceSettings) -> None:
        _check_options(source, options)
        for key, path in source.mapping.items():
            keys = [key for key in ALLOCATION_KEYS if key in dataset.columns]
            if key not in keys:
                raise SettingsError(
                    f"source '{source.name}': mapping names '{key}', which is no allocation key",
                    nearest(key, keys),
                )
            below = _as_written(metadata)
            if not metadata or not path.startswith(f"{below}."):
                raise SettingsError(
                    f"source '{source.name}': '{path}' may not be read as '{key}'",
                    f"only keys below '{below}' may be mapped, such as '{below}.{key}'",
                )
        for column in source.constants:
            if column not in dataset.columns:
                raise SettingsError(
                    f"source '{source.name}': constants names '{column}', which is no field of "
                    f"{name or dataset.name}",
                    nearest(column, list(dataset.columns)),
                )

    return SourceType(
        name=name or dataset.name,
        dataset=dataset,
        delivery=delivery,
        columns=columns,
        required=lambda source: required,
        check=check,
        sparse=tuple(sorted(tops - needed)),
        fixed=fixed or {},
        reader=reader or json_log(),
    )


def metadata_key(metadata: str, path: str) -> Combined:
    """The value of one key of a request's metadata; the key may hold dots."""
    key = path.removeprefix(_as_written(metadata) + ".")
    joint = "" if metadata.endswith(">") else "."
    return first_of(f'{metadata}{joint}"{key}"')


def _as_written(metadata: str) -> str:
    """A path as users write it: that a step leads into JSON text is not their concern."""
    return metadata.replace(">", ".").rstrip(".")


def _check_options(source: SourceSettings, options: tuple[str, ...]) -> None:
    known = [OPTION, *options]
    for option in source.options:
        if option not in known:
            raise SettingsError(
                f"source '{source.name}': unknown option '{option}'", nearest(option, known)
            )


def code_of(*paths: str) -> Combined:
    """A status or error code: what is no code, such as a message, is called `other`."""
    found = first_of(*paths).sql
    return Combined(
        paths,
        f"case when regexp_full_match({found}, '{_CODE}') then {found} "
        f"when {found} is not null then 'other' end",
    )


def count_of(*paths: str) -> Combined:
    """A count: 12, "12" or 12.0; a part of a token is no count, and not rounded to one."""
    found = first_of(*paths).sql
    whole = f"try_cast({found} as bigint)"
    return Combined(
        paths,
        f"case when {whole} is distinct from try_cast({found} as decimal(38, 9)) "
        f"then concat({found}, ' (no whole number)') else {found} end",
    )
