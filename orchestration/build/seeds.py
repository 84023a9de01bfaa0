"""The seeds that dbt reads: the shipped ones, with the user's own CSV files in their place."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from orchestration.errors import SettingsError
from orchestration.settings import PROJECT_ROOT, Settings

SHIPPED = PROJECT_ROOT / "seeds"


def overlay_seeds(settings: Settings) -> Path:
    """Bring `<work>/seeds` up to date and return it.

    Only files whose content changed are written: dbt's partial parsing looks at their times. The
    YAML that describes the seeds stays where it is: dbt writes compiled tests under the path of
    their YAML, which must lie in the project.

    Raises:
        SettingsError: `[reference]` names no shipped seed, a file is missing or its columns differ.
    """
    shipped = SHIPPED
    target = settings.work / "seeds"
    wanted = {
        path.relative_to(shipped): path.read_bytes() for path in sorted(shipped.rglob("*.csv"))
    }
    wanted |= _user_seeds(settings, wanted)
    for relative, content in wanted.items():
        _write_if_changed(target / relative, content)
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target) not in wanted:
            path.unlink()
    return target


def _user_seeds(settings: Settings, shipped: Mapping[Path, bytes]) -> dict[Path, bytes]:
    by_name = {path.stem: path for path in shipped if path.suffix == ".csv"}
    replaced = {}
    for name, file in settings.reference.items():
        if name not in by_name:
            raise SettingsError(
                f"{settings.file}: [reference] {name} is no reference table",
                f"known: {', '.join(sorted(by_name))}",
            )
        replaced[by_name[name]] = _checked(name, file, _header(shipped[by_name[name]]))
    return replaced


def _checked(name: str, file: Path, expected: list[str]) -> bytes:
    """The file's content as UTF-8 without a byte-order mark, once its columns are known to fit."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"[reference] {name}: cannot read {file}: {error.strerror}",
            "correct the path, which is relative to the settings file",
        ) from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"[reference] {name}: {file} is no UTF-8 text", "save it as CSV in UTF-8"
        ) from None
    header = _header(text.encode())
    for problem, columns in (
        ("lacks the column", [column for column in expected if column not in header]),
        ("has the unknown column", [column for column in header if column not in expected]),
        ("repeats the column", sorted({c for c in header if header.count(c) > 1})),
    ):
        if columns:
            raise SettingsError(
                f"[reference] {name}: {file} {problem} '{columns[0]}'",
                f"its first line must be: {','.join(expected)}",
            )
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=0):
        if row and len(row) != len(header):
            raise SettingsError(
                f"[reference] {name}: {file}, row {number}: {len(row)} values for"
                f" {len(header)} columns",
                "quote values that hold a comma",
            )
    return text.encode()


def _header(content: bytes) -> list[str]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    return [column.strip() for column in next(rows, [])]


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
