"""A real PostgreSQL server on a free port of loopback, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest


def _binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _as_postgres(command: list[str]) -> list[str]:
    # The server refuses to run as root.
    return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of an empty database; the test is skipped where no server is installed."""

    initdb, pg_ctl = _binary("initdb"), _binary("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("no PostgreSQL server; on Debian, as root: apt-get install postgresql")
    folder = Path(mkdtemp(prefix="twinledger-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = str(folder / "cluster")
    init = [initdb, "-D", cluster, "-U", "finops", "--auth=trust", "-E", "UTF8"]
    subprocess.run(_as_postgres(init), check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    start = [pg_ctl, "-D", cluster, "-w", "-t", "30", "-o", options, "-l", f"{folder}/log", "start"]
    subprocess.run(_as_postgres(start), check=True, capture_output=True, cwd=folder)
    try:
        yield f"postgresql://finops:not-a-secret@127.0.0.1:{port}/postgres"
    finally:
        stop = [pg_ctl, "-D", cluster, "-m", "immediate", "stop"]
        subprocess.run(_as_postgres(stop), check=False, capture_output=True, cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)
