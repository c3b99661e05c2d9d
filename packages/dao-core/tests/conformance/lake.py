"""A lake in memory that keeps every version of its tables: a backend in few lines, by public names alone."""

from datetime import UTC, datetime
from threading import RLock
from typing import Any, ClassVar

import pyarrow as pa
from attrs import Factory, define

from dao import (
    Capabilities,
    DataError,
    DerivedReads,
    Listing,
    NotFoundError,
    TableInfo,
    TableObject,
    Version,
    WriteResult,
    register,
)
from dao.arrow.convert import conform, refuse_invalid, select_fields, to_reader
from dao.arrow.predicates import to_arrow
from dao.progress import advance
from dao.tables import (
    check_mode,
    delete_from_table,
    mark_changes,
    merge_tables,
    select_changes,
    version_at,
    write_to_table,
)

WHOLE = "a table is kept whole, in memory"
ABSENT = {"files": WHOLE, "lazy_streams": WHOLE, "memory_limit": WHOLE}


@define(slots=False)
class LakeInterface(DerivedReads):
    """For each table its versions, the oldest first: what made it and when, its rows, and what changed."""

    capabilities: ClassVar = Capabilities(lacks_modes={"overwrite_partitions": WHOLE}, lacks_features=ABSENT)
    tables: dict[str, list[tuple[Version, pa.Table, list[pa.Table]]]] = Factory(dict)
    lock: Any = Factory(RLock)

    def read(self, data_object: TableObject, *, columns=None, where=None, limit=None, version=None, as_of=None):
        rows = self._until(data_object, as_of or version)[-1][1]
        found = (rows if where is None else rows.filter(to_arrow(where, rows.schema))).slice(0, limit)
        advance(rows=found.num_rows)
        return found.select(select_fields(rows.schema, columns).names)

    def read_changes(self, data_object: TableObject, *, since=None, until=None, columns=None, where=None, limit=None):
        first, line = 0 if since is None else len(self._until(data_object, since)), self._until(data_object, until)
        parts = [line[-1][2][-1].slice(0, 0), *(part for _, _, parts in line[first:] for part in parts)]
        return select_changes(pa.concat_tables(parts, promote_options="permissive"), columns, where, limit)

    @register("write", "write_stream")
    def write(self, data, data_object: TableObject, *, mode="error"):
        check_mode(mode)
        new = to_reader(data).read_all()
        with self.lock:
            change = write_to_table(self._rows(data_object), new, mode)
            return self._publish(data_object, mode, change) if change else WriteResult(rows_inserted=0)

    def upsert(self, data, data_object: TableObject, *, keys=None, order_by=None, delete_when=None):
        with self.lock:
            change = merge_tables(self._rows(data_object), to_reader(data).read_all(), keys, order_by, delete_when)
            return self._publish(data_object, "upsert", change)

    def delete(self, data_object: TableObject, *, where=None):
        with self.lock:
            rows = self._until(data_object)[-1][1]
            if where is None and self.tables.pop(data_object.key):
                return WriteResult(rows_deleted=rows.num_rows)
            return self._publish(data_object, "delete", delete_from_table(rows, where))

    def list(self, data_object):
        found = {key: line[-1][1] for key, line in self.tables.items() if data_object.key in ("", key)}
        if not found:
            raise NotFoundError(f"there is no table {data_object.key!r}")
        return Listing(TableInfo(key, rows=rows.num_rows, size=rows.nbytes) for key, rows in sorted(found.items()))

    def history(self, data_object: TableObject):
        return [version for version, _, _ in reversed(self._until(data_object))]

    def _rows(self, data_object):
        return self.tables[data_object.key][-1][1] if data_object.key in self.tables else None

    def _until(self, data_object, at=None):
        line = self.tables.get(data_object.key)
        number = version_at(self.history(data_object), at).version if line and isinstance(at, datetime) else at
        if not line or (number is not None and number not in range(1, len(line) + 1)):
            raise NotFoundError(f"there is no table {data_object.key!r}, or no version {at!r} of it")
        return line[:number]

    def _publish(self, data_object, operation, change):
        if {".", "..", ""} & {*data_object.key.split("/")} or {*data_object.key} & {*"\\:\0"}:
            raise DataError(f"{data_object.key!r} can't be the key of a table")
        for batch in conform(change.came.to_reader(), change.came.schema):
            refuse_invalid(batch)
            advance(rows=batch.num_rows)
        line = self.tables.get(data_object.key, [])
        new = Version(len(line) + 1, datetime.now(UTC), operation)
        parts = [mark_changes(change.gone, "delete", new), mark_changes(change.came, "insert", new)]
        self.tables[data_object.key] = [*line, (new, change.rows, parts)]
        came, gone = (rows.num_rows - change.updated for rows in (change.came, change.gone))
        return WriteResult(came, change.updated, gone, version_after=len(line) + 1)
