"""gs:// addresses: objects fetched from a storage server that speaks Google's JSON API."""

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from tests.bigquery.server.errors import BigQueryError


def fetch(uris: list[str], storage: str | None) -> list[tuple[str, bytes]]:
    """(address, bytes) of every object that is named; one `*` in a name makes it a pattern.

    `storage`: "http://host:port"; STORAGE_EMULATOR_HOST when None. Raises BigQueryError: notFound
    for an address that matches nothing, 501 where no storage is known or the address is not gs://.
    """
    endpoint = storage or os.environ.get("STORAGE_EMULATOR_HOST")
    if not endpoint:
        raise BigQueryError("No storage: start the server with --storage", 501, "notImplemented")
    files: list[tuple[str, bytes]] = []
    for uri in uris:
        if not uri.startswith("gs://"):
            raise BigQueryError(f"Source address {uri} is not implemented", 501, "notImplemented")
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        if name.count("*") > 1:
            raise BigQueryError(f"Only one wildcard is allowed in {uri}", 400, "invalid")
        found = [name] if "*" not in name else matching(endpoint, bucket, name)
        if not found:
            raise BigQueryError(f"Not found: Uris {uri}", 404, "notFound")
        for item in found:
            path = f"{endpoint}/storage/v1/b/{quote(bucket)}/o/{quote(item, safe='')}?alt=media"
            files.append((f"gs://{bucket}/{item}", read(path, uri)))
    return files


def matching(endpoint: str, bucket: str, pattern: str) -> list[str]:
    """Names in the bucket that the pattern matches, in order, of every page of the listing."""
    prefix = quote(pattern.partition("*")[0], safe="")
    names: list[str] = []
    page = ""
    while True:
        address = f"{endpoint}/storage/v1/b/{quote(bucket)}/o?prefix={prefix}&pageToken={page}"
        listing = json.loads(read(address, f"gs://{bucket}/{pattern}"))
        names += [item["name"] for item in listing.get("items", [])]
        page = quote(listing.get("nextPageToken", ""), safe="")
        if not page:
            escaped = pattern.replace("[", "[[]").replace("?", "[?]")
            return sorted(name for name in names if fnmatchcase(name, escaped))


def read(address: str, uri: str) -> bytes:
    try:
        with urlopen(address) as response:
            return response.read()
    except HTTPError as error:
        if error.code == 404:
            raise BigQueryError(f"Not found: Uris {uri}", 404, "notFound") from error
        raise BigQueryError(f"Reading {uri}: {error}", 500, "backendError") from error
