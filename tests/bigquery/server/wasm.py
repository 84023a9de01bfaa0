"""The `zetasql` package as an engine for tests: GoogleSQL compiled to WebAssembly, started fast.

The package compiles 28 MB of wasm in every process (half a minute) and copies memory a byte at a
time. Here the compiled module is kept beside the installed package, and memory is copied in one go.
"""

from __future__ import annotations

import ctypes
import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock
from google._upb._message import SetAllowOversizeProtos
from wasmtime import Engine, Module
from zetasql.core import wasm_client
from zetasql.core.local_service import ZetaSqlLocalService


class CachedModule:
    """Stands in for wasmtime's Module where the package loads its own."""

    @staticmethod
    def from_file(engine: Engine, path: str) -> Module:
        compiled = compiled_path(Path(path))
        with FileLock(f"{compiled}.lock"):
            if not compiled.exists():
                module = Module.from_file(engine, path)
                fresh = compiled.with_suffix(f".{os.getpid()}")
                fresh.write_bytes(module.serialize())
                fresh.replace(compiled)
        return Module.deserialize_file(engine, str(compiled))


def compiled_path(wasm: Path) -> Path:
    """Beside the package, named by the versions that made it; in the user's temporary folder where
    that is locked.
    """
    name = f"zetasql-{version('zetasql')}-wasmtime-{version('wasmtime')}.cwasm"
    if os.access(wasm.parent, os.W_OK):
        return wasm.parent / name
    folder = Path(tempfile.gettempdir()) / f"googlesql-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / name


def write_bytes(self: Any, pointer: int, data: bytes) -> None:
    base = ctypes.addressof(self.memory.data_ptr().contents)
    ctypes.memmove(base + pointer, data, len(data))


def read_bytes(self: Any, pointer: int, size: int) -> bytes:
    base = ctypes.addressof(self.memory.data_ptr().contents)
    return ctypes.string_at(base + pointer, size)


class Instances:
    """GoogleSQL's services, each for one caller at a time; wasmtime lets go of Python's lock while
    one computes.
    """

    def __init__(self, most: int) -> None:
        self._idle: queue.LifoQueue[ZetaSqlLocalService] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._left = most

    @contextmanager
    def one(self) -> Iterator[ZetaSqlLocalService]:
        service = self._take()
        try:
            yield service
        finally:
            self._idle.put(service)

    def _take(self) -> ZetaSqlLocalService:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._left:
                    self._left -= 1
                    return ZetaSqlLocalService()
        return self._idle.get()


def patch() -> None:
    """Put the two improvements in the package's place, and let long expressions come through:
    protobuf reads no more than 100 messages within each other unless told to."""
    SetAllowOversizeProtos(True)
    wasm_client.Module = CachedModule
    wasm_client.WasmClient.write_bytes = write_bytes
    wasm_client.WasmClient.read_bytes = read_bytes


patch()
INSTANCES = Instances(most=2)
