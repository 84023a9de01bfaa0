"""The settings file `twinledger.toml`.

It is typed, and its errors name the key and the nearest known one.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestration.errors import SettingsError

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The dbt project's folder: models, macros, seeds and profiles live here."""

Delivery = Literal["snapshot", "snapshot_per_file", "append"]
FileFormat = Literal["csv", "jsonl", "json_split", "json", "parquet"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BigQuerySettings(_Strict):
    """`[warehouse.bigquery]`. Credentials come from the environment only, never from this file."""

    project: str = Field(min_length=1, description="Google Cloud project; its jobs are billed to.")
    location: str = Field(
        default="US",
        pattern="^[A-Za-z0-9-]+$",
        description="Where all datasets lie. It cannot be changed later, and a lake in Cloud "
        "Storage must lie there too.",
    )
    dataset_prefix: str = Field(
        default="",
        pattern="^([A-Za-z_][A-Za-z0-9_]{0,99})?$",
        description="Stands before the name of every dataset, so that workspaces of one project "
        "do not meet.",
    )
    maximum_bytes_billed: int = Field(
        default=2**40,
        ge=10 * 2**20,
        description="A statement that would read more is refused before it costs anything. "
        "1 TiB is some 6 US dollars on demand: far above an ordinary build, far below an "
        "accident. BigQuery bills at least 10 MiB, so a lower limit refuses everything.",
    )
    labels: dict[str, str] = Field(
        default={}, description="Added to every job and dataset, for Google's own cost reports."
    )
    endpoint: str = Field(
        default="",
        pattern="^(https?://.+)?$",
        description="A server that speaks BigQuery's protocol, for tests: no credentials then.",
    )

    @field_validator("labels")
    @classmethod
    def _label_rules(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            if not re.match(r"^[a-z][a-z0-9_-]{0,62}$", key):
                raise ValueError(f"label '{key}': lower-case letters, digits, _ and -, 63 at most")
            if not re.match(r"^[a-z0-9_-]{0,63}$", value):
                raise ValueError(f"value '{value}': lower-case letters, digits, _ and -")
        return labels


class WarehouseSettings(_Strict):
    """Where the data lives. Paths are absolute once loaded; `lake` may be any fsspec address."""

    target: Literal["duckdb", "bigquery"] = "duckdb"
    bigquery: BigQuerySettings | None = None
    lake: str = "lake"
    build: Path = Path("build.duckdb")
    publish: Path = Path("published")
    reporting_currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    memory_limit: str = Field(
        default="2GB",
        pattern=r"^\d+(\.\d+)?\s?[KMGT]i?B$",
        description="DuckDB's limit; past it, work spills to disk instead of failing",
    )


class GateSettings(_Strict):
    """What a delivery may get wrong before it is refused."""

    max_quarantined_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Share of a delivery's rows that may be unreadable. Higher hides broken "
        "exports; 0 refuses a delivery for one bad row. Unreadable money always refuses.",
    )
    max_overlap_share: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Share of a bill's paid lines that may also stand under another source or "
        "file. Below it chance repeats pass; above it the same money would count twice.",
    )


class SourceSettings(_Strict):
    """One `[[sources]]` table: what to land, and how it is delivered."""

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    type: str
    uri: str = Field(default="", description="Files or a database; required unless an API is read.")
    base_url: str | None = Field(
        default=None, description="An API's server, if not the vendor's own."
    )
    api_key_env: str | None = Field(
        default=None,
        description="The environment variable that holds an API's key; the key itself stands in "
        "no file.",
    )
    start: date | None = Field(
        default=None, description="First day that is read of an API; none: the last 31 days."
    )
    refetch_days: int = Field(
        default=3,
        ge=0,
        le=90,
        description="Days before today that are asked for again at every run, since vendors "
        "restate their last days. Lower misses restatements; higher asks more.",
    )
    delivery: Delivery | None = None
    billed_by: str | None = None
    mapping: dict[str, str] = {}
    constants: dict[str, str | int | float | bool] = {}
    format: FileFormat | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    timezone: str = "UTC"
    time_unit: Literal["s", "ms"] | None = None
    epoch: str | None = None
    records: str | None = None
    skip_duplicates: bool = False
    options: dict[str, str | int | float | bool] = {}

    @field_validator("epoch", mode="before")
    @classmethod
    def _epoch_text(cls, value: object) -> object:
        # TOML has a date-time type of its own; both spellings are natural here.
        return value if value is None or isinstance(value, str) else str(value)


class Settings(_Strict):
    """The whole file, with relative paths resolved against its folder."""

    folder: Path
    file: Path
    warehouse: WarehouseSettings = WarehouseSettings()
    gate: GateSettings = GateSettings()
    reference: dict[str, Path] = {}
    sources: list[SourceSettings] = []

    @property
    def lake(self) -> str:
        """The lake's root: an absolute path, or an fsspec address."""
        return self.warehouse.lake

    @property
    def build(self) -> Path:
        """The writer's DuckDB file."""
        return self.warehouse.build

    @property
    def publish(self) -> Path:
        """The folder of `marts.duckdb` and the Parquet copies."""
        return self.warehouse.publish

    @property
    def bigquery(self) -> BigQuerySettings:
        """What `target = "bigquery"` needs; SettingsError where it is not said."""
        if self.warehouse.bigquery is None:
            raise SettingsError(
                f"{self.file}: key 'warehouse.bigquery.project' is missing",
                'add a table [warehouse.bigquery] with project = "…"',
            )
        return self.warehouse.bigquery

    @property
    def as_of(self) -> date | None:
        """The past day or moment (UTC) that this workspace shows; None for the present."""
        return None

    @property
    def work(self) -> Path:
        """Scratch of this workspace: dbt's target, logs, locks, seeds overlay, data docs."""
        return self.folder / ".twinledger"

    def source(self, name: str) -> SourceSettings:
        """The source of that name; SettingsError names the nearest one."""
        for source in self.sources:
            if source.name == name:
                return source
        raise SettingsError(
            f"{self.file}: no source is named '{name}'",
            nearest(name, [source.name for source in self.sources]),
        )


def is_remote(address: str) -> bool:
    """Whether an address is a URL (`s3://…`, `postgresql://…`) rather than a path."""
    return re.match(r"^[a-z][a-z0-9+.-]*://", address) is not None


def nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(sorted(known))}" if known else ""


def _known_keys(model: type[BaseModel]) -> list[str]:
    return [name for name in model.model_fields if name not in ("folder", "file")]


_API_KEYS = {"base_url", "api_key_env", "start", "refetch_days"}

_TABLES: Mapping[str, type[BaseModel]] = {
    "warehouse": WarehouseSettings,
    "bigquery": BigQuerySettings,
    "gate": GateSettings,
    "sources": SourceSettings,
}


def _explain(path: Path, error: ValidationError) -> SettingsError:
    """The first problem of a validation error, as a sentence with the nearest known key."""
    # A misspelt key is also a missing one: what was written is named first.
    problems = error.errors()
    problem = next((item for item in problems if item["type"] == "extra_forbidden"), problems[0])
    location = [str(part) for part in problem["loc"]]
    where = ".".join(location)
    if problem["type"] == "extra_forbidden":
        inner = reversed(location[:-1])
        table = next((_TABLES[part] for part in inner if part in _TABLES), Settings)
        return SettingsError(
            f"{path}: unknown key '{where}'", nearest(location[-1], _known_keys(table))
        )
    if problem["type"] == "missing":
        return SettingsError(f"{path}: key '{where}' is missing", "add it to the settings file")
    return SettingsError(f"{path}: key '{where}': {problem['msg']}", f"got {problem['input']!r}")


def _absolute(folder: Path, address: str) -> str:
    return address if is_remote(address) else str((folder / address).resolve())


def _resolve(folder: Path, raw: dict[str, Any]) -> dict[str, Any]:
    warehouse = WarehouseSettings.model_validate(raw.get("warehouse", {}))
    resolved = warehouse.model_copy(
        update={
            "lake": _absolute(folder, warehouse.lake),
            "build": Path(_absolute(folder, str(warehouse.build))),
            "publish": Path(_absolute(folder, str(warehouse.publish))),
        }
    )
    reference = {
        name: Path(_absolute(folder, str(file))) for name, file in raw.get("reference", {}).items()
    }
    return {**raw, "warehouse": resolved, "reference": reference}


def _check_sources(path: Path, settings: Settings) -> None:
    from orchestration.landing.sources import known_types

    names = [source.name for source in settings.sources]
    types = known_types()
    for source in settings.sources:
        if names.count(source.name) > 1:
            raise SettingsError(
                f"{path}: two sources are named '{source.name}'", "give each a name of its own"
            )
        if source.type not in types:
            raise SettingsError(
                f"{path}: source '{source.name}' has the unknown type '{source.type}'",
                nearest(source.type, sorted(types)),
            )
        if not source.uri and types[source.type].vendor is None:
            raise SettingsError(
                f"{path}: source '{source.name}': key 'uri' is missing",
                "add it to the settings file",
            )
        known = {"api_key_env", "start", "refetch_days"} if types[source.type].reads_api else set()
        for key in _API_KEYS & source.model_fields_set - known:
            if types[source.type].vendor is None:
                raise SettingsError(
                    f"{path}: source '{source.name}': type '{source.type}' has no key '{key}'",
                    "it is for the sources that read an API",
                )
        if source.billed_by is not None and source.billed_by not in names:
            raise SettingsError(
                f"{path}: source '{source.name}' is billed_by '{source.billed_by}', "
                "which is no source",
                nearest(source.billed_by, names),
            )
        types[source.type].check(source)
        for other in settings.sources:
            gateways = {str(each.options.get("gateway", "")) for each in (source, other)}
            if other.type in types[source.type].repeats and len(gateways) == 1:
                raise SettingsError(
                    f"{path}: sources '{source.name}' ({source.type}) and '{other.name}' "
                    f"({other.type}) hold the same requests: all would count twice",
                    f"keep '{other.name}', which tells more; if the two are of different "
                    'gateways, name one of them: options = { gateway = "eu" }',
                )


def load_settings(path: str | Path) -> Settings:
    """Read and check a settings file.

    Args:
        path: the TOML file; relative paths inside it are relative to its folder.

    Raises:
        SettingsError: the file is missing, is no TOML, or a key or value is wrong.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise SettingsError(
            f"settings file {path} not found",
            "name one with --settings, or write a sample with: twinledger sample --out sample",
        )
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no valid TOML: {error}") from None
    try:
        # Unknown keys are reported before relative paths are resolved, so that all are named.
        settings = Settings.model_validate({**raw, "folder": file.parent, "file": file})
        settings = Settings.model_validate(
            {**_resolve(file.parent, raw), "folder": file.parent, "file": file}
        )
    except ValidationError as error:
        raise _explain(file, error) from None
    if settings.warehouse.target == "bigquery":
        _ = settings.bigquery
    _check_sources(file, settings)
    return settings
