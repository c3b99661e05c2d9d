"""Every action over any file storage: the routes that an interface to files has, whatever holds the files.

An interface inherits :class:`FilesInterface` and says which :class:`~dao.files.storage.Storage` it has; see
:mod:`dao.local.interface` for how little that is. Arrow is imported when a route needs it: configs are checked, bytes
are read and written, files listed, copied and deleted without it.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import define

from dao.data_object import DataObject
from dao.errors import DaoError
from dao.file_set import FileSet
from dao.interface import register, when
from dao.results import Listing, Version, WriteResult

if TYPE_CHECKING:
    import pyarrow as pa

    from dao.files.storage import Storage

__all__ = ["FilesInterface"]


@define(slots=False)
class FilesInterface:
    """All actions over the files of a :class:`~dao.files.storage.Storage`.

    **Objects.** A :class:`~dao.data_object.FileObject` is one file. A :class:`~dao.data_object.TableObject` or
    :class:`~dao.data_object.DirectoryObject` is a directory: all files below it, those left out whose names, or whose
    folders' names, begin with ``.`` or ``_``. A plain :class:`~dao.data_object.DataObject` is whatever is there, and
    where nothing is yet, a file if its key ends like a known format's (``.csv``, ``.parquet``...), else a directory.
    ``path=`` is one file: its place from the store's root, or its full URI.

    **Formats.** ``format=``, else the object's ``format``, else what the names of the files say. Options of a format
    (``delimiter``, ``compression``...) are given as keyword arguments or as the object's properties.

    **Partitions.** Folders such as ``country=DE`` are columns, typed as the table was written, as the object's
    ``schema`` declares, or as their texts look: int64, date32 or string.

    **Safety.** Each change is published in one step. Readers, those that began before too, see all of the old data
    or all of the new, whatever fails and whenever the process is killed; what a killed writer leaves behind is removed
    by the next one. Writers of one object wait for each other.

    **Versions.** A tree that DAO writes carries its history, so results have version numbers; there is no time travel.
    """

    @property
    def storage(self) -> Storage:
        """The files."""
        raise NotImplementedError

    def translate_error(self, error: Exception) -> DaoError | None:
        """A driver's error in DAO's words; None for one that is nobody's refusal but a bug."""
        from dao.files.faults import translate

        return translate(error, self.storage)

    # Reading ----------------------------------------------------------------------------------------------------------

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
            A ``pyarrow.Table``; the content as ``bytes`` for a FileObject of which nobody knows the format.

        Raises:
            NotFoundError: there is nothing.
            DataError: no format is known, or a column, predicate or schema doesn't fit.
            UnsupportedError: the format doesn't have such an option.
            StoreError: a file can't be read; the message names it.
        """
        from dao.files.reading import read_table

        return read_table(
            self.storage,
            data_object,
            path=path,
            format=format,
            columns=columns,
            where=where,
            limit=limit,
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
        from dao.files.binary import read_bytes

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
        end or drop it to let go of them.

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
        from dao.files.reading import stream_table

        return stream_table(
            self.storage,
            data_object,
            path=path,
            format=format,
            columns=columns,
            where=where,
            limit=limit,
            batch_size=batch_size,
            schema=schema,
            options=options,
        )

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
        from dao.files.binary import open_bytes

        return open_bytes(self.storage, data_object, path=path)

    # Writing ----------------------------------------------------------------------------------------------------------

    @register("write", "write_stream")
    def write(
        self,
        data: Any,
        data_object: DataObject,
        *,
        mode: str = "error",
        path: str | None = None,
        format: str | None = None,
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        **options: Any,
    ) -> WriteResult:
        """Write rows: all of them, or none.

        Memory stays bounded for a stream of any length, which is read as it is written. Big data becomes several files
        in the order of the rows, encoded on several cores. Reading from what is overwritten works.

        Args:
            data: anything tabular, see :func:`dao.arrow.convert.to_reader`.
            data_object: where to.
            mode: ``error``: nothing may be there, and of two writers exactly one succeeds. ``append``: add rows.
                ``overwrite``: replace everything, the schema too. ``overwrite_partitions``: replace the partitions that
                the data has rows of. ``ignore``: do nothing if something is there.
            path: write this one file of the store instead.
            format: the format's name; what is there already is kept to.
            partition_by: columns to make folders of. A table keeps its own; only ``overwrite`` can change them, an
                empty list to none.
            schema_mode: how the data may differ from a table that is added to. ``strict``: the same columns in any
                order, and types that can be cast without loss. ``evolve``: new columns are added, missing ones are
                null, and types widen where one holds the values of both.
            schema: what the data must be: cast without loss, or refused.
            options: the format's options.

        Returns:
            ``rows_deleted`` is None where counting the old rows would mean reading them. The versions are None for a
            single file.

        Raises:
            AlreadyExistsError: something is there, and ``mode`` is ``error``.
            DataError: the data can't become part of the table, or the arguments contradict what is there.
            UnsupportedError: rows for the end of one CSV or JSON file, or an option that the format doesn't have.
            TransientError: another writer was busy for too long.
        """
        from dao.files.binary import is_binary

        if is_binary(data):
            from dao.files.binary import refuse_row_arguments

            refuse_row_arguments(format=format, partition_by=partition_by, schema=schema, options=options)
            return self.write_bytes(data, data_object, mode=mode, path=path)
        from dao.files.writing import write_rows

        return write_rows(
            self.storage,
            data,
            data_object,
            mode=mode,
            path=path,
            format=format,
            partition_by=partition_by,
            schema_mode=schema_mode,
            schema=schema,
            options=options,
        )

    @register("write", "write_stream")
    def write_bytes(
        self,
        data: bytes | bytearray | memoryview | io.IOBase | os.PathLike[str],
        data_object: DataObject,
        *,
        mode: str = "error",
        path: str | None = None,
    ) -> WriteResult:
        """Write bytes as they are to one file.

        Args:
            data: bytes; a binary file object, read from where it stands to its end; or a ``pathlib.Path``, whose
                content is meant. A ``str`` is refused, since it could be either.
            data_object: where to: a file; or anything, with ``path``.
            mode: ``error`` (of two writers exactly one succeeds), ``append``, ``overwrite`` or ``ignore``.
            path: write this one file of the store instead.

        Raises:
            AlreadyExistsError: something is there, and ``mode`` is ``error``.
            DataError: the object is a directory and there is no ``path``; the data is text.
            TransientError: another writer was busy for too long.
        """
        from dao.files.binary import is_binary, write_bytes

        is_binary(data)
        return write_bytes(self.storage, data, data_object, mode=mode, path=path)

    @register("write", "write_stream")
    def write_files(
        self, data: FileSet, data_object: DataObject, *, mode: str = "error", path: str | None = None
    ) -> WriteResult:
        """Write several files below a directory as they are: all of them, or none.

        Args:
            data: the files.
            data_object: the directory; or anything, with ``path``.
            mode: ``error``, ``append`` (add files with new names), ``overwrite`` or ``ignore``.
            path: write below this place of the store instead.

        Raises:
            AlreadyExistsError: something is there and ``mode`` is ``error``; or a file of that name is, for ``append``.
            TransientError: another writer was busy for too long.
        """
        from dao.files.binary import write_files

        return write_files(self.storage, data, data_object, mode=mode, path=path)

    def upsert(
        self,
        data: Any,
        data_object: DataObject,
        *,
        keys: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        format: str | None = None,
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        **options: Any,
    ) -> WriteResult:
        """Replace the rows whose keys are there and add the others: all of it, or nothing.

        The data is held in memory, the table is not. Only files that hold a key of the data are written anew.

        Args:
            data: anything tabular.
            data_object: the table, or one file of a format with a schema of its own. It is made if it isn't there.
            keys: the columns that tell rows apart; by default the object's property ``keys``.
            order_by: columns that pick the winner among rows of the data with the same keys: the greatest wins, the
                first column first; null is below everything; of equal ones the last.
            format: the format's name.
            partition_by: as for :meth:`write`.
            schema_mode: as for :meth:`write`.
            schema: as for :meth:`write`.
            options: the format's options.

        Raises:
            DataError: a key is null or NaN (the first such row is named), or keys are there twice and no ``order_by``
                decides.
            UnsupportedError: files without a schema of their own, which writing anew could alter: CSV or JSON that DAO
                didn't write, and no ``schema`` is declared.
            TransientError: another writer was busy for too long.
        """
        from dao.files.upsert import upsert_rows

        return upsert_rows(
            self.storage,
            data,
            data_object,
            keys=keys,
            order_by=order_by,
            format=format,
            partition_by=partition_by,
            schema_mode=schema_mode,
            schema=schema,
            options=options,
        )

    def delete(
        self,
        data_object: DataObject,
        *,
        where: Any = None,
        path: str | None = None,
        format: str | None = None,
        schema: Any = None,
        **options: Any,
    ) -> WriteResult:
        """Delete an object, or some of its rows.

        Args:
            data_object: what to delete.
            where: delete only the rows for which this predicate is true; where it is null, the row stays. Files without
                such a row are not touched.
            path: delete this one file of the store instead, or rows of it.
            format: the format's name, for ``where``.
            schema: columns and types to read as, for ``where``.
            options: the format's options, for ``where``.

        Returns:
            ``rows_deleted`` is None for a whole object whose rows were not counted.

        Raises:
            NotFoundError: there is nothing.
            UnsupportedError: rows of files without a schema of their own, see :meth:`upsert`.
            TransientError: another writer was busy for too long.
        """
        if where is None:
            from dao.files.managing import delete

            return delete(self.storage, data_object, path=path, ignored={"options": options})
        from dao.files.deleting import delete_rows

        return delete_rows(
            self.storage, data_object, where=where, path=path, format=format, schema=schema, options=options
        )

    # Looking ----------------------------------------------------------------------------------------------------------

    def list(self, data_object: DataObject, *, path: str | None = None) -> Listing:
        """The files of an object, hidden ones too, in the order of their names.

        Args:
            data_object: the object; one with the key ``""`` is the whole store, which may be empty.
            path: list this file, or what is below this place of the store, instead.

        Raises:
            NotFoundError: there is nothing.
        """
        from dao.files.managing import list_files

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
        from dao.files.reading import count_rows

        return count_rows(
            self.storage, data_object, where=where, path=path, format=format, schema=schema, options=options
        )

    def exists(self, data_object: DataObject, *, path: str | None = None) -> bool:
        """Whether there is an object of its kind; a directory without any file is none.

        Args:
            data_object: the object.
            path: ask for this one file of the store instead.
        """
        from dao.files.managing import exists

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
        from dao.files.reading import read_schema

        return read_schema(self.storage, data_object, path=path, format=format, schema=schema, options=options)

    def history(self, data_object: DataObject) -> Sequence[Version]:
        """The versions of a tree that DAO wrote, the newest first; at most 1,000 are remembered.

        A tree that others made has none. For a single file there is one entry: when it was last written.

        Raises:
            NotFoundError: there is nothing.
        """
        from dao.files.managing import history

        return history(self.storage, data_object)

    def run_metadata(
        self, data_object: DataObject, *, path: str | None = None, format: str | None = None, **options: Any
    ) -> dict[str, Any]:
        """What is known of a table without reading its data: ``run("metadata", ...)``.

        Args:
            data_object: the object.
            path: this one file of the store instead.
            format: the format's name.
            options: the format's options.

        Returns:
            ``format``, ``key``, ``version``, ``rows`` (None where nobody counted), ``bytes``, ``partition_by``,
            ``columns`` (``name``, ``type``, ``nullable``), and ``files``: what the format tells of each file.

        Raises:
            NotFoundError: there is nothing.
            DataError, StoreError: as :meth:`read`.
        """
        from dao.files.reading import describe

        return describe(self.storage, data_object, path=path, format=format, options=options)

    # Moving -----------------------------------------------------------------------------------------------------------

    def copy(self, data_object: DataObject, target: DataObject, *, mode: str = "error") -> WriteResult:
        """Copy a file, or all files of a directory, to another place of the store, byte by byte, in one step.

        Args:
            data_object: what to copy.
            target: where to.
            mode: ``error``, ``overwrite`` or ``ignore``.

        Raises:
            NotFoundError: there is nothing to copy.
            AlreadyExistsError: something is at the target, and ``mode`` is ``error``.
            DataError: one is inside the other, or the target is a file and the source isn't.
            TransientError: another writer was busy for too long.
        """
        from dao.files.managing import copy

        return copy(self.storage, data_object, target, mode=mode)

    def move(self, data_object: DataObject, target: DataObject, *, mode: str = "error") -> WriteResult:
        """Give a file or a directory another place in the store, in one step; its history goes along.

        Takes and raises what :meth:`copy` does.
        """
        from dao.files.managing import move

        return move(self.storage, data_object, target, mode=mode)
