"""An interface whose answers are always the same, so that what the command makes of them can be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pyarrow as pa

from dao import DataError, DataObject, FileInfo, NotFoundError, TableObject, Version, WriteResult
from dao.arrow.predicates import filter_table
from dao.hookspecs import hookimpl
from dao.plugins import Plugins

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FLIGHTS = pa.table(
    {
        "carrier": ["UA", "AA", "DL", "UA"],
        "origin": ["EWR", "JFK", "LGA", "EWR"],
        "delay": [15, None, -3, 120],
        "share": [0.5, float("nan"), 2.25, 1.0],
        "scheduled": [WHEN + timedelta(hours=at) for at in range(4)],
        "remark": ["a text that is longer than a cell of a table on a terminal may be", None, "short", "“ñ”"],
    }
)


class Fixed:
    """Tables that are there, whatever is done to them."""

    def read(self, data_object: TableObject, *, columns=None, where=None):
        self._find(data_object)
        found = FLIGHTS if where is None else filter_table(FLIGHTS, where)
        return found if columns is None else found.select(columns)

    def count(self, data_object: TableObject, *, where=None):
        return self.read(data_object, where=where).num_rows

    def schema(self, data_object: TableObject):
        return self.read(data_object).schema

    def exists(self, data_object: DataObject):
        return data_object.key == "flights"

    def list(self, data_object: DataObject):
        return [FileInfo(f"flights/{at}.parquet", 1234567 * at, WHEN) for at in range(3)]

    def history(self, data_object: TableObject):
        self._find(data_object)
        return [
            Version(at, WHEN, "append", {"rows_inserted": at, "files": 1, "by": "the nightly load of new flights"})
            for at in (3, 2, 1)
        ]

    def write(self, data, data_object: TableObject, *, mode="error"):
        return WriteResult(rows_inserted=4, files=1, bytes=4321, version_before=3, version_after=4)

    def upsert(self, data, data_object: TableObject, *, keys=None):
        if keys is None:
            raise DataError("keys: found none, expected the columns that identify a row")
        return WriteResult(rows_inserted=1, rows_updated=3, version_before=3, version_after=4)

    def delete(self, data_object: TableObject, *, where=None):
        self._find(data_object)
        return WriteResult(rows_deleted=2, version_before=3, version_after=4)

    def run_vacuum(self, data_object: TableObject, *, dry_run=True):
        return WriteResult(files=12, bytes=None, details={"dry_run": dry_run})

    def _find(self, data_object: DataObject):
        if not self.exists(data_object):
            raise NotFoundError(f"{data_object.key!r} is not there")


def plugins() -> Plugins:
    """The plugins of these tests, whatever is installed: this interface, and the formats of files."""
    made = Plugins(discover=False)
    made.register(Plugin(), "fixed")
    made.register(import_module("dao_files._plugin"), "formats")
    return made


class Plugin:
    """What `dao plugins` lists."""

    @hookimpl
    def dao_interfaces(self):
        return {"fixed": "fixed:Fixed"}


class Second:
    """Brings a name that is taken."""

    @hookimpl
    def dao_interfaces(self):
        return {"fixed": "fixed:Other", "seldom": "fixed:Fixed"}
