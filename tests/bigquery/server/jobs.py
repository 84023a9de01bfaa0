"""Jobs: inserted, run by threads of their own, kept with their results.

A job and the changes of its last statement become durable together: after a kill -9 either both are
there or neither, so that whoever asks for the job again never runs it twice.
"""

from __future__ import annotations

import sys
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from threading import Event, RLock, Thread, local
from typing import Any

from tests.bigquery.server import queries
from tests.bigquery.server.copies import copy
from tests.bigquery.server.disk import Disk, Key
from tests.bigquery.server.errors import BigQueryError, already_exists, not_found
from tests.bigquery.server.loads import load
from tests.bigquery.server.resources import JSON, etag, given, reference
from tests.bigquery.server.store import Ref, Store, Table, now_ms
from tests.bigquery.server.types import Field
from tests.bigquery.server.values import Rows

# How long an insert waits for its job before it answers RUNNING; clients then ask again.
PATIENCE_SECONDS = 10.0
# Statements run at once; GoogleSQL itself has as many instances as it has.
THREADS = 4


@dataclass
class Job:
    """`configuration` as given; `statistics` and `error` once it is DONE."""

    project: str
    id: str
    location: str
    configuration: JSON
    state: str = "PENDING"
    statistics: JSON = field(default_factory=lambda: {"creationTime": str(now_ms())})
    error: tuple[str, int, str] | None = None  # message, code, reason
    fields: tuple[Field, ...] = ()
    rows: Rows = field(default_factory=Rows.none)

    @property
    def key(self) -> Key:
        return ("job", self.project, self.id, "")

    @property
    def reference(self) -> JSON:
        return {"projectId": self.project, "jobId": self.id, "location": self.location}

    def resource(self) -> JSON:
        status: JSON = {"state": self.state}
        if self.error:
            message, _, reason = self.error
            status["errorResult"] = {"reason": reason, "message": message}
            status["errors"] = [status["errorResult"]]
        resource = {
            "kind": "bigquery#job",
            "id": f"{self.project}:{self.location}.{self.id}",
            "jobReference": self.reference,
            "configuration": self.configuration,
            "status": status,
            "statistics": self.statistics,
            "user_email": "tests@example.com",
        }
        return {**resource, "etag": etag(resource)}


class Jobs:
    """All jobs of the server, run by a few threads in the order of their insertion."""

    def __init__(self, disk: Disk | None, storage: str | None) -> None:
        held = disk.load() if disk else {}
        self.disk = disk
        self.storage = storage
        self.saving = RLock()
        self.own = local()  # of the thread that runs a job: what it has not saved yet
        self.store = Store(self.persist, held)
        self.jobs = {job.key: job for job in held.values() if isinstance(job, Job)}
        self.finished: dict[Key, Event] = {}
        self.queue: SimpleQueue[tuple[Job, bytes | None]] = SimpleQueue()
        for _ in range(THREADS):
            Thread(target=self.work, daemon=True).start()

    def persist(self, changes: Mapping[Key, Any]) -> None:
        """The store's commits. Those of a running job are written with its next one, the last of
        them with the job itself."""
        if not changes:
            return
        if getattr(self.own, "unsaved", None) is None:
            self.save(changes)
        else:
            self.save(self.own.unsaved)
            self.own.unsaved = dict(changes)

    def save(self, changes: Mapping[Key, Any]) -> None:
        if self.disk:
            with self.saving:
                self.disk.commit(changes)

    def insert(self, project: str, resource: JSON, media: bytes | None = None) -> Job:
        """The job, done or still running. Raises BigQueryError: 409 for an id that was used."""
        configuration = resource.get("configuration") or {}
        queries.check_configuration(configuration)
        given_reference = resource.get("jobReference") or {}
        job = Job(
            given_reference.get("projectId") or project,
            given_reference.get("jobId") or f"job_{uuid.uuid4().hex}",
            given_reference.get("location") or "US",
            configuration,
        )
        done = Event()
        # setdefault: of two inserts at once one wins.
        if self.finished.setdefault(job.key, done) is not done or job.key in self.jobs:
            raise already_exists(f"Job {job.project}:{job.location}.{job.id}")
        if not configuration.get("dryRun"):
            self.jobs[job.key] = job
        self.queue.put((job, media))
        done.wait(PATIENCE_SECONDS)
        if job.error and configuration.get("dryRun"):
            raise BigQueryError(*job.error)
        return job

    def get(self, project: str, job: str) -> Job:
        """Raises BigQueryError 404."""
        found = self.jobs.get(("job", project, job, ""))
        if found is None:
            raise not_found(f"Job {project}:{job}")
        return found

    def result_table(self, ref: Ref) -> Table | None:
        """The rows of a query without a destination, as the table they are said to lie in."""
        for job in list(self.jobs.values()):
            if queries.anonymous(job.project, job.id) == ref and job.state == "DONE":
                return Table(ref, job.fields, job.rows)
        return None

    def wait(self, job: Job, seconds: float) -> bool:
        """Whether it is done by then."""
        if job.state != "DONE":
            self.finished[job.key].wait(seconds)
        return job.state == "DONE"

    def cancel(self, job: Job) -> Job:
        """A job that waits ends with the reason `stopped`; one that runs goes on, as it may."""
        if job.state == "PENDING":
            job.error = ("Job execution was cancelled: User requested cancellation", 400, "stopped")
        return job

    def work(self) -> None:
        while True:
            job, media = self.queue.get()
            job.state, job.statistics["startTime"] = "RUNNING", str(now_ms())
            self.own.unsaved = {}
            if not job.error:
                self.run(job, media)
            job.statistics["endTime"] = str(now_ms())
            dry = bool(job.configuration.get("dryRun"))
            record = {} if dry else {job.key: replace(job, state="DONE")}
            self.save({**self.own.unsaved, **record})
            self.own.unsaved = None
            job.state = "DONE"  # what a client sees done is durable
            (self.finished.pop(job.key) if dry else self.finished[job.key]).set()

    def run(self, job: Job, media: bytes | None) -> None:
        """An error ends the job, not the server; what was committed before it stays."""
        try:
            self.execute(job, media)
        except BigQueryError as error:
            job.error = (str(error), error.code, error.reason)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            message = f"Fault of the test server: {type(error).__name__}: {error}"
            job.error = (message, 501, "notImplemented")

    def execute(self, job: Job, media: bytes | None) -> None:
        configuration, statistics = job.configuration, job.statistics
        if config := configuration.get("load"):
            _, statistics["load"] = load(self.store, config, media, self.storage)
            return
        if config := configuration.get("copy"):
            _, statistics["copy"] = copy(self.store, config)
            return
        config = configuration["query"]
        dry = bool(configuration.get("dryRun"))
        result, statistics["query"] = queries.run(self.store, config, job.project, dry)
        statistics["totalBytesProcessed"] = statistics["query"]["totalBytesProcessed"]
        job.fields, job.rows = tuple(result.fields), result.rows
        if not config.get("destinationTable"):
            target = result.destination or queries.anonymous(job.project, job.id)
            config["destinationTable"] = reference(target)

    def results(self, job: Job) -> JSON:
        """What getQueryResults says besides the rows. Raises the job's own error."""
        if job.error:
            message, code, reason = job.error
            raise BigQueryError(message, code, reason)
        query = job.statistics.get("query", {})
        return {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": job.reference,
            "jobComplete": True,
            "totalBytesProcessed": query.get("totalBytesProcessed", "0"),
            "cacheHit": False,
            "schema": query.get("schema", {"fields": []}),
            **given(numDmlAffectedRows=query.get("numDmlAffectedRows")),
        }
