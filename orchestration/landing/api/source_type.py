"""The source type of a vendor's reports, and what its settings may say."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from orchestration.errors import SettingsError
from orchestration.landing.api.vendor import PAGE_BUCKETS, Vendor
from orchestration.landing.readers import Reader, by_format
from orchestration.landing.sources import SourceType
from orchestration.settings import SourceSettings, nearest

_KEYS = ("name", "type", "uri", "billed_by", "base_url", "api_key_env", "start", "refetch_days",
         "options")  # fmt: skip
_API_KEYS = ("base_url", "api_key_env", "start", "refetch_days")
_OPTIONS = ("bucket_width", "hash_users_key_env", "reports")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def vendor_type(vendor: Vendor) -> SourceType:
    """One `[[sources]]` entry brings all of a vendor's reports, usage and costs."""

    def check(source: SourceSettings) -> None:
        where = f"source '{source.name}' ({vendor.name})"
        given = source.model_fields_set
        for key in sorted(given - set(_KEYS)):
            raise SettingsError(f"{where} has no key '{key}'", f"known: {', '.join(_KEYS)}")
        for key in _API_KEYS:
            if source.uri and key in given:
                raise SettingsError(
                    f"{where}: '{key}' is for the API, but `uri` names saved responses",
                    "keep one of the two",
                )
        for option in source.options:
            if option not in _OPTIONS:
                raise SettingsError(
                    f"{where} has no option '{option}'", nearest(option, list(_OPTIONS))
                )
        _check_options(where, source)
        # Not shown: whoever mistakes it for the key's own place has written the key here.
        if not re.fullmatch("[A-Z_][A-Z0-9_]*", source.api_key_env or vendor.key_env):
            raise SettingsError(
                f"{where}: api_key_env is no name of an environment variable in upper case",
                f'such as api_key_env = "{vendor.key_env}"; the key itself stands in no file',
            )
        if source.base_url is not None:
            _check_address(where, source.base_url)

    def _check_options(where: str, source: SourceSettings) -> None:
        width = str(source.options.get("bucket_width", "1d"))
        if width not in PAGE_BUCKETS:
            raise SettingsError(
                f"{where}: bucket_width '{width}'", f"known: {', '.join(PAGE_BUCKETS)}"
            )
        known = [report.name for report in vendor.reports]
        for name in str(source.options.get("reports", known[0])).split(","):
            if name.strip() not in known:
                raise SettingsError(
                    f"{where}: reports names '{name.strip()}'", nearest(name.strip(), known)
                )

    return SourceType(
        name=vendor.name,
        dataset=vendor.dataset,
        # A day of the API, or a saved file, stands until it comes again.
        delivery="append",
        columns=lambda source, available: {
            name: name for name in vendor.dataset.columns if name in available
        },
        required=lambda source: (),
        check=check,
        reader=_rows,
        vendor=vendor,
    )


def _rows(con: duckdb.DuckDBPyConnection, source: SourceSettings, path: Path) -> Reader:
    """The rows that pages became, whatever the name under which they are known."""
    return by_format(source, path.name)(con, source, path)


def _check_address(where: str, address: str) -> None:
    """The key goes to this address: it must be a web server, and nobody may listen."""
    try:
        parts = urlsplit(address)
        host, has_login = parts.hostname or "", parts.username is not None
        _ = parts.port
    except ValueError:
        host, has_login = "", False
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise SettingsError(
            f"{where}: base_url is no address of a web server", 'such as "https://api.example.com"'
        )
    if has_login:
        raise SettingsError(
            f"{where}: base_url holds credentials", "secrets come from the environment only"
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise SettingsError(
            f"{where}: the key would go to {host} in the clear", "use https:// in base_url"
        )
