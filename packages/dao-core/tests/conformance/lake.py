"""A lake in memory that keeps every version of its tables: a backend in few lines, by public names alone."""

from datetime import UTC, datetime
from threading import RLock
from typing import Any, ClassVar

import pyarrow as pa
from attrs import Factory, define

from dao import (
    AlreadyExistsError,
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
from dao.arrow.predicates import filter_table, parse, to_arrow
from dao.progress import advance
from dao.tables import check_mode, mark_changes, merge_tables, select_changes, version_at

WHOLE = "a table is kept whole, in memory"


@define(slots=False)
class LakeInterface(DerivedReads):
    """For each table its versions, the oldest first: what made it and when, its rows, and what changed."""

    capabilities: ClassVar = Capabilities(
        lacks_modes={"overwrite_partitions": WHOLE}, lacks_features={"files": WHOLE, "lazy_streams": WHOLE}
    )
    tables: dict[str, list[tuple[Version, pa.Table, list[pa.Table]]]] = Factory(dict)
    lock: Any = Factory(RLock)

    def read(self, data_object: TableObject, *, columns=None, where=None, limit=None, version=None, as_of=None):
        rows = self._until(data_object, as_of or version)[-1][1]
        found = (rows if where is None else rows.filter(to_arrow(where, rows.schema))).slice(0, limit)
        advance(rows=found.num_rows)
        return found.select(select_fields(rows.schema, columns).names)

    def read_changes(self, data_object: TableObject, *, since=None, until=None, columns=None, where=None, limit=None):
        first = 0 if since is None else len(self._until(data_object, since))
        line = self._until(data_object, until)
        parts = [line[-1][2][-1].slice(0, 0), *(part for _, _, parts in line[first:] for part in parts)]
        return select_changes(pa.concat_tables(parts, promote_options="permissive"), columns, where, limit)

    @register("write", "write_stream")
    def write(self, data, data_object: TableObject, *, mode="error"):
        check_mode(mode, lacks=self.capabilities.lacks_modes)
        new = to_reader(data).read_all()
        with self.lock:
            old = self._rows(data_object)
            if old is not None and mode == "error":
                raise AlreadyExistsError(f"{data_object.key!r} is there: give a mode=, such as 'overwrite'")
            if old is not None and mode == "ignore":
                return WriteResult(rows_inserted=0)
            added = new if old is None or mode == "overwrite" else conform(new.to_reader(), old.schema).read_all()
            rows, gone = (added, old) if old is None or mode == "overwrite" else (pa.concat_tables([old, added]), None)
            return self._publish(data_object, mode, rows, gone, added)

    def upsert(self, data, data_object: TableObject, *, keys=None, order_by=None):
        with self.lock:
            merged = merge_tables(self._rows(data_object), to_reader(data).read_all(), keys, order_by)
            return self._publish(data_object, "upsert", merged.rows, merged.gone, merged.came, merged.gone.num_rows)

    def delete(self, data_object: TableObject, *, where=None):
        with self.lock:
            rows = self._until(data_object)[-1][1]
            if where is None:
                return WriteResult(rows_deleted=rows.num_rows if self.tables.pop(data_object.key) else 0)
            kept, gone = filter_table(rows, f"({parse(where)}) IS NOT TRUE"), filter_table(rows, where)
            return self._publish(data_object, "delete", kept, gone, rows.slice(0, 0))

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

    def _publish(self, data_object, operation, rows, gone, new, updated=0):
        if {".", "..", ""} & {*data_object.key.split("/")} or {*data_object.key} & {*"\\:\0"}:
            raise DataError(f"{data_object.key!r} can't be the key of a table")
        for batch in new.to_batches():
            refuse_invalid(batch)
        advance(rows=new.num_rows)
        line = self.tables.get(data_object.key, [])
        version = Version(len(line) + 1, datetime.now(UTC), operation)
        changed = ((gone, "delete"), (new, "insert"))
        parts = [mark_changes(part, kind, version) for part, kind in changed if part is not None]
        self.tables[data_object.key] = [*line, (version, rows, parts)]
        deleted = gone.num_rows - updated if gone is not None else 0
        return WriteResult(new.num_rows - updated, updated, deleted, version_after=version.version)
