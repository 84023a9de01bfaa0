"""What a source offers: local files, files at any fsspec address, or days of a database table."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec

from orchestration.errors import RefusedError, SettingsError
from orchestration.landing.lake import file_sha256
from orchestration.settings import Settings, SourceSettings, is_remote


@dataclass(frozen=True)
class Incoming:
    """One file (or database day) that a source offers.

    Attributes:
        name: as users know it: relative to the settings file, or an address without credentials.
        stamp: changes when the content may have changed; empty: it may have at any time.
        fetch: brings it to a local path, given a folder for temporary copies.
        is_database: read through SQL; its content is known by the stamp alone.
    """

    name: str
    stamp: str
    fetch: Callable[[Path], Path]
    is_database: bool = False

    def sha256(self, path: Path) -> str:
        """Fingerprint of the content that was fetched to `path`."""
        return file_sha256(path)


def without_credentials(address: str) -> str:
    """An address as it may be shown and stored."""
    return re.sub(r"//[^/@]*@", "//", address)


def incoming(settings: Settings, source: SourceSettings) -> list[Incoming]:
    """All that a source offers now, in name order.

    Raises:
        RefusedError: nothing is there, or the address cannot be reached.
    """
    from orchestration.landing.sources import known_types

    if re.match(r"^postgres(ql)?://", source.uri):
        from orchestration.landing.postgres import days

        return days(source)
    source_type = known_types()[source.type]
    if source_type.offers is not None:
        return source_type.offers(settings, source, lambda: _files(settings, source))
    vendor = source_type.vendor
    if vendor is not None and not source.uri:
        from orchestration.landing.api.offers import days as api_days

        return api_days(source, vendor)
    found = _files(settings, source)
    if vendor is None:
        return found
    from orchestration.landing.api.offers import saved

    return saved(source, vendor, found)


def _files(settings: Settings, source: SourceSettings) -> list[Incoming]:
    found = _remote(source) if is_remote(source.uri) else _local(settings, source)
    if not found:
        raise RefusedError(
            f"no file matches '{without_credentials(source.uri)}'",
            file=f"source '{source.name}'",
            next_step="check `uri` in the settings; it is relative to the settings file",
        )
    return found


def _local(settings: Settings, source: SourceSettings) -> list[Incoming]:
    found = glob.glob(source.uri, root_dir=settings.folder, recursive=True)
    paths = sorted(path for name in found if (path := settings.folder / name).is_file())
    return [_local_file(settings, path) for path in paths]


def _local_file(settings: Settings, path: Path) -> Incoming:
    name = Path(os.path.relpath(path, settings.folder)).as_posix()
    status = path.stat()
    return Incoming(name, f"{status.st_size}:{status.st_mtime_ns}", lambda folder: path)


# What the protocols call the version of a file; the first that is there is taken.
_VERSIONS = ("ETag", "etag", "LastModified", "last_modified", "updated", "mtime", "created")


def _stamp(info: dict[str, Any]) -> str:
    """Size and version of a remote file; empty where its protocol tells no version."""
    version = next((str(info[key]) for key in _VERSIONS if info.get(key)), "")
    return f"{info.get('size')}:{version}" if version else ""


def _remote(source: SourceSettings) -> list[Incoming]:
    try:
        fs, pattern = fsspec.core.url_to_fs(source.uri)
        names = sorted(fs.glob(pattern)) if glob.has_magic(pattern) else [pattern]
        infos = [(name, fs.info(name)) for name in names]
    except FileNotFoundError:
        return []
    except ImportError as error:
        raise SettingsError(
            f"source '{source.name}': {error}",
            "install that protocol's package: .venv/bin/python -m pip install s3fs (gcsfs, adlfs)",
        ) from None
    except Exception as error:
        # Every protocol raises errors of its own kind; the user needs the address and the words.
        raise RefusedError(
            f"'{without_credentials(source.uri)}' cannot be reached ({error})",
            file=f"source '{source.name}'",
        ) from None

    def fetch_from(name: str) -> Callable[[Path], Path]:
        def fetch(folder: Path) -> Path:
            target = folder / Path(name).name
            fs.get_file(name, str(target))
            return target

        return fetch

    scheme = source.uri.split("://", 1)[0]
    return [
        Incoming(
            without_credentials(f"{scheme}://{name.lstrip('/')}" if "://" not in name else name),
            _stamp(info),
            fetch_from(name),
        )
        for name, info in infos
        if info.get("type") != "directory"
    ]
