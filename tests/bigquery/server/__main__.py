"""Start the server: `python -m tests.bigquery.server --port 0 --state DIR --ready FILE`.

It listens on 127.0.0.1 alone, knows no credentials and is for tests.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tests.bigquery.server.answers import ANSWERS
from tests.bigquery.server.catalog import Catalog
from tests.bigquery.server.disk import Disk
from tests.bigquery.server.job_routes import JobRoutes
from tests.bigquery.server.jobs import Jobs
from tests.bigquery.server.rest import Router, serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.bigquery.server", description=__doc__)
    parser.add_argument("--port", type=int, default=9050, help="0: any free one")
    parser.add_argument(
        "--state", type=Path, help="folder that outlives the process; memory only without"
    )
    parser.add_argument(
        "--ready", type=Path, help="file that gets host:port once calls are answered"
    )
    parser.add_argument("--storage", help="http://host:port that gs:// addresses are read from")
    parser.add_argument("--answers", type=Path, help="folder of answers that servers share")
    parser.add_argument("--while-stdin", action="store_true", help="end when stdin is closed")
    options = parser.parse_args()
    if options.while_stdin:
        Thread(target=end_with_stdin, daemon=True).start()
    ANSWERS.folder = options.answers
    jobs = Jobs(Disk(options.state) if options.state else None, options.storage)
    router = Router()
    Catalog(router, jobs)
    JobRoutes(router, jobs)
    server = serve(router, options.port)
    # shutdown() waits for the loop it ends, so it may not run in the loop's own thread.
    signal.signal(signal.SIGTERM, lambda *_: Thread(target=server.shutdown).start())
    if options.ready:
        fresh = options.ready.with_suffix(".new")
        fresh.write_text(f"127.0.0.1:{server.server_address[1]}", encoding="utf-8")
        fresh.replace(options.ready)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    server.server_close()


def end_with_stdin() -> None:
    """Whoever started the server holds the other end: it goes when they go, however they go."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
