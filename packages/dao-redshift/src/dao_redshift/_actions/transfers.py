"""Copies between a warehouse and S3 that pass no rows through this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from dao.data_object import DataObject, TableObject
from dao.data_store import DataStore
from dao.errors import AlreadyExistsError, UnsupportedError
from dao.results import WriteResult
from dao_redshift._call import loading
from dao_redshift._files.sources import NOT_LOADED, place_of, source_files
from dao_redshift._sql.copying import copy, unload
from dao_redshift._types.unloaded import LOST

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from dao.connections import S3Connection
    from dao_redshift._connections.connection import RedshiftConnection
    from dao_redshift._files.places import S3Place
    from dao_redshift._staging.loading import Bulk
    from dao_redshift._types.unloaded import WholeTable

__all__ = ["plan_load", "plan_unload", "unload_table", "write_files"]


class Transferring(Protocol):
    """What a transfer needs of the interface to a warehouse."""

    s3: S3Connection

    @property
    def bulk(self) -> Bulk | None:
        """Loads and reads over the staging place; None without one."""
        ...

    def write(
        self, data: Any, data_object: TableObject, /, *, mode: str = "error", schema_mode: str = "strict"
    ) -> WriteResult:
        """Write rows."""
        ...

    def read_stream(self, data_object: TableObject, /) -> Any:
        """Read rows as a stream."""
        ...

    def borrowed(self) -> AbstractContextManager[RedshiftConnection]:
        """A connection."""
        ...

    def whole_table(self, data_object: TableObject) -> WholeTable | None:
        """All rows of a table, if the files that UNLOAD writes of them have its columns as they are; else None."""
        ...

    def loads_into(self, data_object: TableObject, schema: pa.Schema) -> bool:
        """Whether COPY loads files into a table: its columns are those that a new table of the files would have."""
        ...


_NO_PLACE = "the option 'staging' is not set, a place in S3 for manifests and files"


def plan_load(interface: Transferring, source: DataObject, table: str) -> dict[str, Any]:
    """What a load of files would do, without asking the warehouse or S3; so it says what makes it go as rows.

    Raises:
        UnsupportedError: it must go as rows.
    """
    bulk = _bulk(interface)
    place = place_of(source, interface.s3.reached_at)
    shown = copy(table, [], bulk.area.place.below("...", "manifest"), bulk.authority(), manifest=True).shown
    return {"loads": place.url, "sql": shown, "as_rows_if": NOT_LOADED}


def plan_unload(interface: Transferring, target: DataObject, table: str, mode: str) -> dict[str, Any]:
    """What an unload to files would do, without asking the warehouse or S3; so it says what makes it go as rows.

    Raises:
        UnsupportedError: it must go as rows.
    """
    bulk = _bulk(interface)
    place = place_of(target, interface.s3.reached_at)
    if place.bucket != bulk.area.place.bucket:
        raise UnsupportedError(f"the staging place is in another bucket than {target.identifier!r}")
    if mode == "append":
        raise UnsupportedError("mode='append': files are published as a whole")
    shown = unload(f"SELECT * FROM {table}", bulk.area.place.below("..."), bulk.authority()).shown
    return {"writes": place.url, "sql": shown, "as_rows_if": LOST}


def write_files(
    interface: Transferring, source: DataObject, target: TableObject, *, mode: str, schema_mode: str
) -> WriteResult:
    """Load the files of a table by COPY, as the interface writes rows; as rows, where it doesn't load them as they are.

    Raises:
        UnsupportedError: the warehouse can't be given their place, or doesn't keep values of their types.
    """
    import pyarrow as pa

    _bulk(interface)
    files = source_files(source, interface.s3.reached_at)
    if files is None or (mode == "append" and not interface.loads_into(target, files.schema)):
        store: Any = source.data_store
        return interface.write(store.interface.read_stream(source), target, mode=mode, schema_mode=schema_mode)
    none = pa.RecordBatchReader.from_batches(files.schema, [])
    with loading(files):
        return interface.write(none, target, mode=mode, schema_mode=schema_mode)


def unload_table(interface: Transferring, source: TableObject, target: DataObject, mode: str) -> WriteResult:
    """UNLOAD a table, and publish its files as a table in one step.

    The files are copied by S3 from the staging place. A table whose columns the files wouldn't have as they are goes as
    rows, and so does one whose files turn out not to have them, or that has no row.

    Raises:
        NotFoundError: there is no table.
        AlreadyExistsError: there is a target, and `mode` is ``error``.
    """
    files: Any = target.data_store.interface if target.data_store is not None else None
    if mode == "error" and files.exists(target):
        raise AlreadyExistsError(f"{target.identifier!r} is there: give a mode=, such as 'overwrite'")
    whole = interface.whole_table(source)
    unloaded = None if whole is None else _unload(interface, whole, files, target, mode)
    if unloaded is None:
        unloaded = files.write(interface.read_stream(source), target, mode=mode)
    return unloaded


def _unload(
    interface: Transferring, whole: WholeTable, files: Any, target: DataObject, mode: str
) -> WriteResult | None:
    """UNLOAD and publish; None, with nothing published, if there are no files with the columns of the table."""
    bulk = _bulk(interface)
    with interface.borrowed() as connection:
        load = bulk.unload_files(connection, whole.query)
    with load:
        if bulk.unloaded_schema(load) != whole.schema:
            return None
        return _publish(files, load.place.below("rows"), place_of(target, interface.s3.reached_at), mode)


def _publish(files: Any, staged: S3Place, place: S3Place, mode: str) -> WriteResult:
    """Copy files within their bucket to where a table is, in one step."""
    whole = DataStore("bucket", attrs.evolve(files, prefix=""))
    try:
        source, target = (TableObject(one.key, whole, format="parquet") for one in (staged, place))
        result: WriteResult = whole.interface.copy(source, target, mode=mode)
        return result
    finally:
        whole.close()


def _bulk(interface: Transferring) -> Bulk:
    if interface.bulk is None:
        raise UnsupportedError(_NO_PLACE)
    return interface.bulk
