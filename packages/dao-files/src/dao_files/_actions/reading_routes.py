"""The read-only routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import define

from dao.data_object import DataObject
from dao.increments import Position
from dao.interface import register, when
from dao.results import Listing, Version

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_files._storage.storage import Storage

__all__ = ["ReadingRoutes"]


@define(slots=False)
class ReadingRoutes:
    """Part of :class:`~dao_files._actions.interface.FilesInterface`."""

    @property
    def storage(self) -> Storage:
        """The storage of the files."""
        raise NotImplementedError

    def read(
        self,
        data_object: DataObject,
        *,
        path: str | None = None,
        format: str | None = None,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        schema: Any = None,
        **options: Any,
    ) -> Any:
        """Read rows into memory, on all cores.

        Args:
            data_object: the object to read.
            path: read this one file of the store instead: a path relative to the store's root, or a URI.
            format: the format's name.
            columns: the columns to return, in this order; all by default.
            where: a predicate; only rows for which it is true are returned.
            limit: the most rows to return.
            schema: columns and types to read as: a ``pyarrow.Schema``, a model class or a mapping.
            options: the format's options.

        Returns:
            A ``pyarrow.Table``; the content as ``bytes`` for a FileObject of unknown format.

        Raises:
            NotFoundError: the object does not exist.
            DataError: the format is unknown, or a column, predicate or schema doesn't fit.
            UnsupportedError: an option that the format doesn't have.
            StoreError: a file can't be read; the message names it.
        """
        from dao.tables import Selection
        from dao_files._actions.reading import read_table

        return read_table(
            self.storage,
            data_object,
            Selection(columns, where, limit),
            path=path,
            format=format,
            schema=schema,
            options=options,
        )

    @register("read")
    @when(into="bytes")
    def read_bytes(
        self,
        data_object: DataObject,
        *,
        into: str,
        path: str | None = None,
        offset: int | None = None,
        length: int | None = None,
    ) -> bytes:
        """Read the bytes of one file unchanged.

        Args:
            data_object: a file; or any object, with ``path``.
            into: ``"bytes"``.
            path: read this one file of the store instead.
            offset: the position of the first byte to return; 0 by default.
            length: the most bytes to return; all by default.

        Raises:
            NotFoundError: the file does not exist.
            DataError: the object is a directory and there is no ``path``; or a negative ``offset`` or ``length``.
        """
        from dao_files._actions.binary import read_bytes

        return read_bytes(self.storage, data_object, path=path, offset=offset, length=length)

    def read_stream(
        self,
        data_object: DataObject,
        *,
        path: str | None = None,
        format: str | None = None,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        batch_size: int | None = None,
        schema: Any = None,
        **options: Any,
    ) -> pa.RecordBatchReader:
        """Read rows batch by batch, in bounded memory, from a snapshot of the current content.

        Writers don't disturb the reader: it reads the files of its snapshot. Read it to its end or drop it to release
        them.

        Args:
            data_object: the object to read.
            path: read this one file of the store instead.
            format: the format's name.
            columns: the columns to return, in this order; all by default.
            where: a predicate; only rows for which it is true are returned.
            limit: the most rows to return.
            batch_size: the most rows of a batch; 131,072 by default.
            schema: columns and types to read as.
            options: the format's options.

        Raises:
            NotFoundError, DataError, UnsupportedError, StoreError: as :meth:`read`; the reader raises the StoreError of
                a file when it reaches it.
        """
        from dao.tables import Selection
        from dao_files._actions.reading import sign_reader, stream_table

        reader = stream_table(
            self.storage,
            data_object,
            Selection(columns, where, limit, batch_size),
            path=path,
            format=format,
            schema=schema,
            options=options,
        )
        store = data_object.data_store
        return sign_reader(reader, data_object, store.name_of(self) if store is not None else None)

    @register("read_stream")
    @when(into="bytes")
    def read_stream_bytes(self, data_object: DataObject, *, into: str, path: str | None = None) -> BinaryIO:
        """Open one file as a seekable binary stream. The caller closes it.

        Args:
            data_object: a file; or any object, with ``path``.
            into: ``"bytes"``.
            path: open this one file of the store instead.

        Raises:
            NotFoundError: the file does not exist.
            DataError: the object is a directory and there is no ``path``.
        """
        from dao_files._actions.binary import open_bytes

        return open_bytes(self.storage, data_object, path=path)

    def list(self, data_object: DataObject, *, path: str | None = None) -> Listing:
        """List the files of an object, including hidden ones, in the order of their names.

        Args:
            data_object: the object; one with the key ``""`` is the whole store, which may be empty.
            path: list this file, or the files below this path of the store, instead.

        Raises:
            NotFoundError: there are no files.
        """
        from dao_files._actions.managing import list_files

        return list_files(self.storage, data_object, path=path)

    def count(
        self,
        data_object: DataObject,
        *,
        where: Any = None,
        path: str | None = None,
        format: str | None = None,
        schema: Any = None,
        **options: Any,
    ) -> int:
        """Count rows; without ``where`` from metadata alone if the format has row counts.

        Args:
            data_object: the object.
            where: a predicate; only rows for which it is true are counted.
            path: count this one file of the store instead.
            format: the format's name.
            schema: columns and types to read as.
            options: the format's options.

        Raises:
            NotFoundError: the object does not exist.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import count_rows

        return count_rows(
            self.storage, data_object, where=where, path=path, format=format, schema=schema, options=options
        )

    def exists(self, data_object: DataObject, *, path: str | None = None) -> bool:
        """Check whether an object of this kind exists; a directory without files does not.

        Args:
            data_object: the object.
            path: check this one file of the store instead.
        """
        from dao_files._actions.managing import exists

        return exists(self.storage, data_object, path=path)

    def schema(
        self,
        data_object: DataObject,
        *,
        path: str | None = None,
        format: str | None = None,
        schema: Any = None,
        **options: Any,
    ) -> pa.Schema:
        """Return the schema that :meth:`read` returns, without reading rows if the format stores schemas.

        Args:
            data_object: the object.
            path: the schema of this one file of the store instead.
            format: the format's name.
            schema: the declared schema, which is then returned.
            options: the format's options.

        Raises:
            NotFoundError: the object does not exist.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import read_schema

        return read_schema(self.storage, data_object, path=path, format=format, schema=schema, options=options)

    def read_position(self, data_object: DataObject, *, source: str) -> Position | None:
        """The position that a table has of a source; None without one, or without a table."""
        from dao_files._actions.positions import read_position

        return read_position(self.storage, data_object, source)

    def history(self, data_object: DataObject) -> Sequence[Version]:
        """List the versions of a tree that DAO wrote, the newest first; at most 1,000 are retained.

        A tree of another program has none. A single file has one entry: its last write.

        Raises:
            NotFoundError: the object does not exist.
        """
        from dao_files._actions.managing import history

        return history(self.storage, data_object)

    def run_metadata(
        self, data_object: DataObject, *, path: str | None = None, format: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Read the metadata of a table, without its data: ``run("metadata", ...)``.

        Args:
            data_object: the object.
            path: the metadata of this one file of the store instead.
            format: the format's name.
            options: the format's options.

        Returns:
            ``format``, ``key``, ``version``, ``rows`` (None if not counted), ``bytes``, ``partition_by``,
            ``columns`` (``name``, ``type``, ``nullable``), and ``files``: the format's metadata of each file.

        Raises:
            NotFoundError: the object does not exist.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import describe

        return describe(self.storage, data_object, path=path, format=format, options=options)
