"""Media uploads of load jobs: multipart (one call) and resumable (a session, then chunks)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.rest import Request, Response, Router

InsertJob = Callable[[str, dict[str, Any], bytes], dict[str, Any]]  # project, resource, media


@dataclass
class Session:
    project: str
    resource: dict[str, Any]
    media: bytearray = field(default_factory=bytearray)


class Uploads:
    """The upload routes; a finished upload is handed to `insert` with its bytes."""

    def __init__(self, router: Router, insert: InsertJob) -> None:
        self.insert = insert
        self.sessions: dict[str, Session] = {}
        for prefix in ("/upload", "/resumable/upload"):
            router.add(f"POST {prefix}/projects/{{project}}/jobs", self.start)
            router.add(f"PUT {prefix}/projects/{{project}}/jobs", self.chunk)

    def start(self, request: Request) -> Response:
        kind = request.query.get("uploadType")
        project = request.names["project"]
        if kind == "multipart":
            resource, media = parts(request)
            return Response(self.insert(project, resource, media))
        if kind != "resumable":
            raise BigQueryError(f"Upload type {kind} is not implemented", 501, "notImplemented")
        upload = uuid.uuid4().hex
        self.sessions[upload] = Session(project, request.json())
        path = f"/upload/bigquery/v2/projects/{project}/jobs"
        address = f"http://{request.host}{path}?uploadType=resumable&upload_id={upload}"
        return Response({}, headers={"Location": address, "X-GUploader-UploadID": upload})

    def chunk(self, request: Request) -> Response:
        """308 with the bytes so far until the last chunk; then the job."""
        upload = request.query.get("upload_id", "")
        if upload not in self.sessions:
            raise BigQueryError(f"Not found: Upload {upload}", 404, "notFound")
        session = self.sessions[upload]
        stated = re.fullmatch(
            r"bytes (?:(?P<first>\d+)-\d+|\*)/(?P<total>\d+|\*)",
            request.headers.get("content-range", f"bytes 0-0/{len(request.body)}"),
        )
        if not stated:
            raise BigQueryError("Invalid Content-Range", 400, "badRequest")
        if request.body and int(stated["first"] or 0) != len(session.media):
            raise BigQueryError("Content-Range does not follow what was sent", 400, "badRequest")
        session.media += request.body
        if stated["total"] == "*" or len(session.media) < int(stated["total"]):
            last = {"Range": f"bytes=0-{len(session.media) - 1}"} if session.media else {}
            return Response(None, 308, last)
        del self.sessions[upload]
        return Response(self.insert(session.project, session.resource, bytes(session.media)))


def parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The job resource and the media of a multipart/related body."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    # The email parser would rewrite the media's line ends, so it reads only where the border is.
    border = message_from_bytes(head).get_boundary()
    if not border:
        raise BigQueryError("A multipart upload needs a boundary", 400, "badRequest")
    pieces = request.body.split(b"--" + border.encode())
    if len(pieces) != 4:
        raise BigQueryError("A multipart upload has two parts", 400, "badRequest")
    resource, media = (re.split(rb"\r?\n\r?\n", piece, maxsplit=1)[1] for piece in pieces[1:3])
    return json.loads(resource), media.removesuffix(b"\n").removesuffix(b"\r")
