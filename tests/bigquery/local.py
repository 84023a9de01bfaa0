"""A store to run statements on, without a server around it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bigquery.server.errors import BigQueryError
from tests.bigquery.server.statements import run_script
from tests.bigquery.server.store import Dataset, Ref, Store


class Server:
    """A store with a dataset `d` of project `p`."""

    def __init__(self):
        self.commits: list[dict[Any, Any]] = []
        self.store = Store(persist=lambda changes: self.commits.append(dict(changes)))
        self.store.create_dataset(Dataset("p", "d"))

    def run(self, sql, **arguments):
        return run_script(self.store, sql, "p", **arguments)

    def rows(self, sql, **arguments):
        return self.run(sql, **arguments).rows.values

    def table(self, name):
        return self.store.tables[Ref("p", "d", name)]

    def refuses(self, sql, message, code=400):
        with pytest.raises(BigQueryError, match=message) as raised:
            self.run(sql)
        assert raised.value.code == code


def filled() -> Server:
    """A server with the table `d.t` of three rows."""
    server = Server()
    server.run(
        "create table d.t (id int64 not null, name string) as "
        "select 1 as id, 'a' as name union all select 2, 'b' union all select 3, null"
    )
    return server
