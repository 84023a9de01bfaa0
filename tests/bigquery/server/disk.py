"""Keyed objects under a folder; a commit of several keys is seen whole, or not at all.

An object lives in a file of its own, written once. A commit writes the new objects, then appends
one line to `log` that says which key is which file; that line is the commit. A process killed at
any moment leaves a whole log, or one with a torn last line, which the next start drops. Written
pages outlive a killed process, so nothing is forced to the medium: a power cut is out of scope for
a server that tests start.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Key = tuple[str, ...]


class Disk:
    """The objects of one folder, which one process at a time uses."""

    def __init__(self, folder: Path) -> None:
        self.objects = folder / "objects"
        self.log = folder / "log"
        self.names: dict[Key, str] = {}
        self.next = 0
        self.objects.mkdir(parents=True, exist_ok=True)

    def load(self) -> dict[Key, Any]:
        """What the last whole commit left, by key; drops the files that no key names."""
        for line in self.log.read_bytes().splitlines(keepends=True) if self.log.exists() else []:
            if not line.endswith(b"\n"):
                break
            self._apply(json.loads(line))
        kept = set(self.names.values())
        for file in self.objects.iterdir():
            if file.name not in kept:
                file.unlink()
        self.next = max((int(name) for name in kept), default=0) + 1
        self._compact()
        return {key: self._read(name) for key, name in self.names.items()}

    def commit(self, changes: Mapping[Key, Any]) -> None:
        """Make `changes` (None removes the key) durable together."""
        if not changes:
            return
        entries: list[tuple[Key, str | None]] = []
        for key, value in changes.items():
            if value is None:
                entries.append((key, None))
                continue
            name = str(self.next)
            self.next += 1
            (self.objects / name).write_bytes(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
            entries.append((key, name))
        replaced = [self.names[key] for key in changes if key in self.names]
        with self.log.open("ab") as log:
            log.write(json.dumps(entries).encode() + b"\n")
        self._apply(entries)
        for name in replaced:
            (self.objects / name).unlink()

    def _apply(self, entries: list[tuple[Key, str | None]]) -> None:
        for key, name in entries:
            if name is None:
                self.names.pop(tuple(key), None)
            else:
                self.names[tuple(key)] = name

    def _compact(self) -> None:
        """One line instead of a history, and no torn line for the next commit to be appended to."""
        fresh = self.log.with_suffix(".new")
        fresh.write_bytes(json.dumps(list(self.names.items())).encode() + b"\n")
        fresh.replace(self.log)

    def _read(self, name: str) -> Any:
        return pickle.loads((self.objects / name).read_bytes())
