"""Routes of jobs and of queries' results."""

from __future__ import annotations

from tests.bigquery.server.errors import BigQueryError, not_implemented
from tests.bigquery.server.jobs import PATIENCE_SECONDS, Job, Jobs
from tests.bigquery.server.pages import number, page, rows_page
from tests.bigquery.server.queries import GIVEN
from tests.bigquery.server.resources import JSON, check_keys
from tests.bigquery.server.rest import Request, Router
from tests.bigquery.server.uploads import Uploads

JOBS = "/projects/{project}/jobs"
QUERIES = "/projects/{project}/queries"
# Properties of a jobs.query request that belong to the call, not to the query.
OF_CALL = {
    "kind", "maxResults", "timeoutMs", "dryRun", "location", "formatOptions", "labels", "requestId",
    "jobCreationMode", "jobTimeoutMs", "reservation",
}  # fmt: skip


class JobRoutes:
    def __init__(self, router: Router, jobs: Jobs) -> None:
        self.jobs = jobs
        add = router.add
        add(f"GET {JOBS}", self.list)
        add(f"POST {JOBS}", lambda r: jobs.insert(r.names["project"], r.json()).resource())
        add(f"GET {JOBS}/{{job}}", lambda r: self.job(r).resource())
        add(f"POST {JOBS}/{{job}}/cancel", self.cancel)
        add(f"POST {QUERIES}", self.query)
        add(f"GET {QUERIES}/{{job}}", self.results)
        Uploads(router, lambda project, body, media: jobs.insert(project, body, media).resource())

    def job(self, request: Request) -> Job:
        return self.jobs.get(request.names["project"], request.names["job"])

    def list(self, request: Request) -> JSON:
        """Newest first, of one project; by state and by time of creation where asked for."""
        query = request.query
        if query.get("parentJobId"):
            not_implemented("jobs of a parent: scripts have no child jobs here")
        oldest = number(query.get("minCreationTime", "0"), "minCreationTime")
        newest = number(query.get("maxCreationTime", str(2**63)), "maxCreationTime")
        state = query.get("stateFilter", "").upper()
        found = [
            {"state": job.state, **job.resource()}
            for job in reversed(list(self.jobs.jobs.values()))
            if job.project == request.names["project"]
            and state in ("", job.state)
            and oldest <= int(job.statistics["creationTime"]) <= newest
        ]
        return {"kind": "bigquery#jobList", **page(request, found, "jobs", 50)}

    def cancel(self, request: Request) -> JSON:
        job = self.jobs.cancel(self.job(request))
        return {"kind": "bigquery#jobCancelResponse", "job": job.resource()}

    def query(self, request: Request) -> JSON:
        """jobs.query: a job and the first page of its rows in one call."""
        body = request.json()
        check_keys(body, GIVEN | OF_CALL, "query request")
        configuration: JSON = {"query": {key: body[key] for key in GIVEN if key in body}}
        configuration |= {key: body[key] for key in ("labels", "dryRun") if key in body}
        reference = {"location": body.get("location")}
        project = request.names["project"]
        resource = {"configuration": configuration, "jobReference": reference}
        job = self.jobs.insert(project, resource)
        options = body.get("formatOptions") or {}
        asked = {f"formatOptions.{name}": str(value) for name, value in options.items()}
        if "maxResults" in body:
            asked["maxResults"] = str(body["maxResults"])
        if configuration.get("dryRun"):
            asked["maxResults"] = "0"
        if job.state == "DONE" and job.error:
            raise BigQueryError(*job.error)
        call = Request(**{**request.__dict__, "query": asked})
        return {**self.answer(call, job), "kind": "bigquery#queryResponse"}

    def results(self, request: Request) -> JSON:
        job = self.job(request)
        if "query" not in job.configuration:
            raise BigQueryError("Cannot retrieve results of a non-query job", 400, "invalid")
        wait = number(request.query.get("timeoutMs", "10000"), "timeoutMs") / 1000
        self.jobs.wait(job, min(wait, PATIENCE_SECONDS))
        return self.answer(request, job)

    def answer(self, request: Request, job: Job) -> JSON:
        if job.state != "DONE":
            return {"jobReference": job.reference, "jobComplete": False}
        return {**self.jobs.results(job), **rows_page(request, job.fields, job.rows.values)}
