"""Files served over HTTP land like local ones, and are fetched again when they changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from orchestration.errors import RefusedError
from orchestration.landing.land import land
from orchestration.settings import Settings

pytestmark = pytest.mark.usefixtures("no_gate")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that serves it on loopback."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_served_file_lands_and_a_missing_one_is_a_clear_error(
    served: tuple[Path, str], workspace: Callable[..., Settings]
) -> None:
    folder, address = served
    text = f'[[sources]]\nname = "web"\ntype = "cost_lines"\nuri = "{address}/bill.csv"\n'
    settings = workspace(text)
    with pytest.raises(RefusedError, match="no file matches"):
        land(settings)
    header = "charge_date,cost,currency\n"
    (folder / "bill.csv").write_text(header + "2026-01-05,10,USD\n")
    assert land(settings)[0].rows == 1
    assert not land(settings)[0].is_new
    (folder / "bill.csv").write_text(header + "2026-01-05,11,USD\n2026-01-06,1,USD\n")
    assert land(settings)[0].replaced == ("2026-01",)
