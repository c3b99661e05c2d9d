"""The read-only routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import define

from dao.data_object import DataObject
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
        """The files."""
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
            data_object: what to read.
            path: read this one file of the store instead.
            format: the format's name.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            schema: columns and types to read as: a ``pyarrow.Schema``, a model class or a mapping.
            options: the format's options.

        Returns:
            A ``pyarrow.Table``; the content as ``bytes`` for a FileObject of unknown format.

        Raises:
            NotFoundError: there is nothing.
            DataError: no format is known, or a column, predicate or schema doesn't fit.
            UnsupportedError: the format doesn't have such an option.
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
        """Read one file as it is.

        Args:
            data_object: a file; or anything, with ``path``.
            into: ``"bytes"``.
            path: read this one file of the store instead.
            offset: the first byte wanted.
            length: bytes at most.

        Raises:
            NotFoundError: there is nothing.
            DataError: it is a directory, and no ``path`` says which of its files.
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
        """Read rows batch by batch, in bounded memory, from what is there now.

        Writers don't disturb the reader: it goes on with the files that were there when this was called. Read it to its
        end or drop it to release them.

        Args:
            data_object: what to read.
            path: read this one file of the store instead.
            format: the format's name.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            batch_size: rows of a batch at most; 131,072 by default.
            schema: columns and types to read as.
            options: the format's options.

        Raises:
            NotFoundError, DataError, UnsupportedError, StoreError: as :meth:`read`; a file that can't be read is found
                when its turn comes.
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
        """Open one file for reading its bytes; seekable. Close it after use.

        Args:
            data_object: a file; or anything, with ``path``.
            into: ``"bytes"``.
            path: open this one file of the store instead.

        Raises:
            NotFoundError: there is nothing.
            DataError: it is a directory, and no ``path`` says which of its files.
        """
        from dao_files._actions.binary import open_bytes

        return open_bytes(self.storage, data_object, path=path)

    def list(self, data_object: DataObject, *, path: str | None = None) -> Listing:
        """The files of an object, hidden ones too, in the order of their names.

        Args:
            data_object: the object; one with the key ``""`` is the whole store, which may be empty.
            path: list this file, or what is below this place of the store, instead.

        Raises:
            NotFoundError: there is nothing.
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
        """The number of rows; without ``where`` from metadata alone where the format has any.

        Args:
            data_object: what to count.
            where: only rows for which this predicate is true.
            path: count this one file of the store instead.
            format: the format's name.
            schema: columns and types to read as.
            options: the format's options.

        Raises:
            NotFoundError: there is nothing.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import count_rows

        return count_rows(
            self.storage, data_object, where=where, path=path, format=format, schema=schema, options=options
        )

    def exists(self, data_object: DataObject, *, path: str | None = None) -> bool:
        """Whether there is an object of its kind; a directory without any file is none.

        Args:
            data_object: the object.
            path: ask for this one file of the store instead.
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
        """The schema that reading gives, without reading data where the format has any.

        Args:
            data_object: the object.
            path: the schema of this one file of the store instead.
            format: the format's name.
            schema: what the object declares, which is then the answer.
            options: the format's options.

        Raises:
            NotFoundError: there is nothing.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import read_schema

        return read_schema(self.storage, data_object, path=path, format=format, schema=schema, options=options)

    def history(self, data_object: DataObject) -> Sequence[Version]:
        """The versions of a tree that DAO wrote, the newest first; at most 1,000 are kept.

        A tree that others made has none. For a single file there is one entry: when it was last written.

        Raises:
            NotFoundError: there is nothing.
        """
        from dao_files._actions.managing import history

        return history(self.storage, data_object)

    def run_metadata(
        self, data_object: DataObject, *, path: str | None = None, format: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """Metadata of a table without reading its data: ``run("metadata", ...)``.

        Args:
            data_object: the object.
            path: this one file of the store instead.
            format: the format's name.
            options: the format's options.

        Returns:
            ``format``, ``key``, ``version``, ``rows`` (None if not counted), ``bytes``, ``partition_by``,
            ``columns`` (``name``, ``type``, ``nullable``), and ``files``: what the format tells of each file.

        Raises:
            NotFoundError: there is nothing.
            DataError, StoreError: as :meth:`read`.
        """
        from dao_files._actions.reading import describe

        return describe(self.storage, data_object, path=path, format=format, options=options)
