"""The user's own CSV files, which dbt's seeds load in place of the shipped ones."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from orchestration.errors import SettingsError
from orchestration.settings import PROJECT_ROOT, Settings

SHIPPED = PROJECT_ROOT / "seeds"


def own_seeds(settings: Settings) -> dict[str, Path]:
    """Seed → the user's file: a checked copy in `<work>/reference`.

    It is written only where its content changed: others may be loading it. dbt reads the project as
    it is shipped, so that what it once read holds for every workspace.

    Raises:
        SettingsError: `[reference]` names no shipped seed, a file is missing or its columns differ.
    """
    shipped = {path.stem: path for path in sorted(SHIPPED.rglob("*.csv"))}
    folder = settings.work / "reference"
    files = {}
    for name, file in settings.reference.items():
        if name not in shipped:
            raise SettingsError(
                f"{settings.file}: [reference] {name} is no reference table",
                f"known: {', '.join(sorted(shipped))}",
            )
        content = _checked(name, file, _header(shipped[name].read_bytes()))
        files[name] = folder / f"{name}.csv"
        _write_if_changed(files[name], content)
    for path in folder.glob("*.csv"):
        if path.stem not in files:
            path.unlink()
    return files


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
