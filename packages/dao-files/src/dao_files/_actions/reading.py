"""Read-only actions on tables: read, stream, schema, count and metadata."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dao.data_object import DataObject, FileObject
from dao.errors import DaoError
from dao.progress import advance, expect
from dao.tables import Selection, retry_conflicts
from dao_files._actions.calls import check_reading
from dao_files._actions.opening import open_table
from dao_files._actions.places import Place
from dao_files._actions.tables import StoredTable
from dao_files.formats import close_reader

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot, Storage

__all__ = ["count_rows", "describe", "open_stored", "read_schema", "read_table", "sign_reader", "stream_table"]


@contextmanager
def open_stored(
    storage: Storage,
    place: Place,
    data_object: DataObject,
    *,
    format: str | None = None,
    schema: Any = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[StoredTable]:
    """Open an object as a table for the block, and close its snapshot afterwards."""
    with closing(_snapshot(storage, place)) as snapshot:
        yield open_table(snapshot, data_object, format=format, schema=schema, options=options, direction="reading")


def _snapshot(storage: Storage, place: Place) -> Snapshot:
    snapshot = storage.snapshot(place.key, place.wanted)
    # A storage may resolve a file's key to a directory, but an object that declares a file must not read a directory.
    if place.wanted == "file" and not snapshot.is_file:
        snapshot.close()
        place.refuse("directory")
    return snapshot


def read_table(
    storage: Storage,
    data_object: DataObject,
    selection: Selection,
    *,
    path: str | None,
    format: str | None,
    schema: Any,
    options: Mapping[str, Any],
) -> Any:
    """See :meth:`dao_files._actions.interface.FilesInterface.read`."""
    asks_for_rows = schema is not None or options or not selection.is_everything
    content = isinstance(data_object, FileObject) and not asks_for_rows
    reading = check_reading(
        storage,
        data_object,
        path=path,
        format=format,
        where=selection.where,
        schema=schema,
        options=options,
        content=content,
    )

    def work() -> Any:
        with closing(_snapshot(storage, reading.place)) as snapshot:
            if content and reading.format is None and snapshot.is_file:
                return _read_content(snapshot)
            table = open_table(
                snapshot, data_object, format=format, schema=schema, options=options, direction="reading"
            )
            return table.read(selection)

    found = retry_conflicts(storage.conflict_timeout, work)
    if isinstance(found, bytes):
        advance(0, len(found))
    else:
        advance(found.num_rows, found.nbytes)
    return found


def _read_content(snapshot: Snapshot) -> bytes:
    with snapshot.open(snapshot.key) as file:
        return file.read()


def stream_table(
    storage: Storage,
    data_object: DataObject,
    selection: Selection,
    *,
    path: str | None,
    format: str | None,
    schema: Any,
    options: Mapping[str, Any],
) -> pa.RecordBatchReader:
    """See :meth:`dao_files._actions.interface.FilesInterface.read_stream`."""
    place = check_reading(
        storage, data_object, path=path, format=format, where=selection.where, schema=schema, options=options
    ).place

    def work() -> pa.RecordBatchReader:
        snapshot = _snapshot(storage, place)
        try:
            table = open_table(
                snapshot, data_object, format=format, schema=schema, options=options, direction="reading"
            )
            if selection.has_all_rows and table.record is not None:
                expect(rows=table.record.rows)
            # The reader holds the filesystem, which holds the snapshot: both are released with the reader.
            return table.scan(selection)
        except BaseException:
            snapshot.close()
            raise

    return retry_conflicts(
        storage.conflict_timeout, work
    )  # only the opening: a reader that has yielded rows can't be retried


def sign_reader(reader: pa.RecordBatchReader, data_object: DataObject, interface: str | None) -> pa.RecordBatchReader:
    """Wrap a reader of :func:`stream_table` so that its errors name the call, which has returned before they occur.

    Args:
        reader: a reader over a Python generator, so that errors keep their type.
        data_object: the object that it reads.
        interface: the name of the interface that created it.
    """
    store = data_object.data_store

    def batches() -> Generator[pa.RecordBatch, None, None]:
        try:
            yield from reader
        except DaoError as error:
            error.about("read_stream", data_object.full_name, store.name if store is not None else None, interface)
            raise
        finally:
            close_reader(reader)

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def read_schema(
    storage: Storage,
    data_object: DataObject,
    *,
    path: str | None,
    format: str | None,
    schema: Any,
    options: Mapping[str, Any],
) -> pa.Schema:
    """See :meth:`dao_files._actions.interface.FilesInterface.schema`."""
    place = check_reading(storage, data_object, path=path, format=format, schema=schema, options=options).place

    def work() -> pa.Schema:
        with open_stored(storage, place, data_object, format=format, schema=schema, options=options) as table:
            return table.schema

    return retry_conflicts(storage.conflict_timeout, work)


def count_rows(
    storage: Storage,
    data_object: DataObject,
    *,
    where: Any,
    path: str | None,
    format: str | None,
    schema: Any,
    options: Mapping[str, Any],
) -> int:
    """See :meth:`dao_files._actions.interface.FilesInterface.count`."""
    place = check_reading(
        storage, data_object, path=path, format=format, where=where, schema=schema, options=options
    ).place

    def work() -> int:
        with open_stored(storage, place, data_object, format=format, schema=schema, options=options) as table:
            return table.count() if where is None else _count(table.scan(Selection([], where)))

    return retry_conflicts(storage.conflict_timeout, work)


def _count(batches: Iterable[pa.RecordBatch]) -> int:
    total = 0
    for batch in batches:
        total += batch.num_rows
        advance(batch.num_rows)
    return total


def describe(
    storage: Storage, data_object: DataObject, *, path: str | None, format: str | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """See :meth:`dao_files._actions.interface.FilesInterface.run_metadata`."""
    place = check_reading(storage, data_object, path=path, format=format, options=options).place

    def work() -> dict[str, Any]:
        with open_stored(storage, place, data_object, format=format, options=options) as table:
            return _describe(table)

    return retry_conflicts(storage.conflict_timeout, work)


def _describe(table: StoredTable) -> dict[str, Any]:
    files = [table.format.metadata(info.key, table.filesystem, table.options) for info in table.files]
    rows = [file.get("rows") for file in files]
    return {
        "format": table.format.name,
        "key": table.key,
        "version": table.log.version,
        "rows": table.record.rows if table.record is not None else None if None in rows else sum(rows),
        "bytes": sum(info.size or 0 for info in table.files),
        "partition_by": list(table.partition_by),
        "columns": [
            {"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in table.schema
        ],
        "files": files,
    }
