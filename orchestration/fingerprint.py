"""What the marts depend on, as one hash: equal hashes give equal marts, so there is nothing to do.

No heavy library is imported here: a run with nothing new must end within start-up time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

from orchestration.landing.lake import Lake, standing
from orchestration.settings import PROJECT_ROOT, Settings

CODE = (
    ("dbt_project.yml",),
    ("models", "**/*"),
    ("macros", "**/*"),
    ("seeds", "**/*"),
    ("profiles", "**/*"),
    ("tests/data", "**/*"),
    *(
        (f"orchestration/{package}", "**/*.py")
        for package in ("build", "forecasting", "landing", "pricing", "publishing", "warehouse")
    ),
    ("orchestration/pipeline.py",),
)
"""What of the project decides the marts; tests in tests/data run inside the build."""

DERIVED = frozenset({"forecasts"})
"""Datasets that a build itself adds to: what they hold follows from the rest."""


def end_of(as_of: date) -> str:
    """A moment, or the last one of a day, as the lake writes times.

    Args:
        as_of: a day, or a moment in UTC (a datetime without offset).
    """
    if isinstance(as_of, datetime):
        return as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{as_of.isoformat()}T23:59:59.999999Z"


def inputs_hash(settings: Settings, as_of: date | None = None) -> str:
    """Fingerprint of standing deliveries, reference data, settings and code; 32 hex digits."""
    whole = {
        "deliveries": sorted(_deliveries(settings, as_of)),
        "reference": {name: _sha256(path) for name, path in sorted(settings.reference.items())},
        "settings": _settings(settings),
        "code": code_hash(),
        "prices": version("genai-prices"),
        "as_of": as_of.isoformat() if as_of else None,
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]


def code_hash() -> str:
    """Fingerprint of the models, macros, seeds and this package."""
    root = PROJECT_ROOT
    digest = hashlib.sha256()
    for folder, *pattern in CODE:
        found = sorted((root / folder).glob(pattern[0])) if pattern else [root / folder]
        for path in found:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root)}:{_sha256(path)}\n".encode())
    return digest.hexdigest()


def _deliveries(settings: Settings, as_of: date | None) -> Iterator[str]:
    lake = Lake(settings)
    known = {source.name for source in settings.sources}
    names = known | {m.source_name for m in lake.manifests if m.source_type == "internal"}
    until = end_of(as_of) if as_of else None
    for name in names:
        for grain in standing(lake.of_source(name, as_of=until)).grains:
            if grain.dataset not in DERIVED:
                yield f"{grain.dataset}/{name}/{grain.period}/{grain.state_id}"


def _settings(settings: Settings) -> object:
    return [
        settings.warehouse.reporting_currency,
        [[s.name, s.type, s.delivery, s.billed_by] for s in settings.sources],
    ]


def _sha256(path: Path) -> str:
    # A missing reference file is told by the build, in a sentence.
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
