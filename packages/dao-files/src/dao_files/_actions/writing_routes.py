"""The routes that change files."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import define

from dao.data_object import DataObject
from dao.file_set import FileSet
from dao.increments import Position
from dao.interface import register
from dao.results import WriteResult

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage

__all__ = ["WritingRoutes"]


@define(slots=False)
class WritingRoutes:
    """Part of :class:`~dao_files._actions.interface.FilesInterface`."""

    @property
    def storage(self) -> Storage:
        """The storage of the files."""
        raise NotImplementedError

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
        idempotency_key: str | None = None,
        position: Position | None = None,
        **options: Any,
    ) -> WriteResult:
        """Write rows, all or none.

        Memory is bounded for a stream of any length, which is read while it is written. Large data is split into
        several files in the order of the rows, encoded on several cores. The data may be read from the object that is
        overwritten.

        Args:
            data: tabular data, see :func:`dao.arrow.convert.to_reader`.
            data_object: the object to write.
            mode: ``error``: the object must not exist, and of two writers exactly one succeeds. ``append``: add rows.
                ``overwrite``: replace everything, including the schema. ``overwrite_partitions``: replace the
                partitions that the data has rows of. ``ignore``: do nothing if the object exists.
            path: write this one file of the store instead.
            format: the format's name; an existing table keeps its format.
            partition_by: the partition columns. An existing table keeps its own; only ``overwrite`` can change them, to
                none by an empty list.
            schema_mode: how the data may differ from an existing table. ``strict``: the same columns in any order, and
                types that can be cast without loss. ``evolve``: new columns are added, missing ones are null, and types
                are widened where one holds the values of both, and are the table's elsewhere.
            schema: the schema of the data, which is cast to it without loss or refused.
            idempotency_key: a name of this call, for a table: made again with the same rows in the same order and the
                same arguments, the call changes nothing, and its result has the version of the first one. The table's
                log remembers the last 1,000 keys, whatever is written in between.
            position: how far the table has got in the versions of a source, kept in its log in the same step.
            options: the format's options.

        Returns:
            ``rows_deleted`` is None where counting the old rows would need reading them. The versions are None for a
            single file.

        Raises:
            AlreadyExistsError: the object exists, and ``mode`` is ``error``.
            ConflictError: the table has another position than this one continues from.
            DataError: the data does not fit the table, the arguments contradict the existing table, or another call had
                the idempotency key.
            UnsupportedError: rows to append to a single CSV or JSON file, an option that the format doesn't have, or an
                idempotency key or a position for a single file.
            TransientError: another writer held the object for too long.
        """
        from dao_files._actions.binary import is_binary

        are_files = isinstance(data, FileSet)
        if are_files or is_binary(data):
            from dao_files._actions.binary import refuse_row_arguments
            from dao_files._actions.unkeyed import refuse_keyed_bytes, refuse_position

            refuse_keyed_bytes(idempotency_key)
            refuse_position(position, data_object.key)
            about_rows = {"format": format, "partition_by": partition_by, "schema": schema}
            refuse_row_arguments(data_object, about_rows, options, schema_mode)
            write = self.write_files if are_files else self.write_bytes
            return write(data, data_object, mode=mode, path=path)
        from dao_files._actions.writing import write_rows

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
            idempotency_key=idempotency_key,
            position=position,
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
        """Write bytes to one file unchanged, all or none.

        Args:
            data: bytes; a binary file object, read from its position to its end; or a ``pathlib.Path`` of a file, whose
                content is written. A ``str`` is refused, since it could be a path or a content.
            data_object: a file; or any object, with ``path``.
            mode: ``error`` (of two writers exactly one succeeds), ``append``, ``overwrite`` or ``ignore``.
            path: write this one file of the store instead.

        Raises:
            AlreadyExistsError: the file exists, and ``mode`` is ``error``.
            DataError: the object is a directory and there is no ``path``; the data is text.
            TransientError: another writer held the file for too long.
        """
        from dao_files._actions.binary import is_binary, write_bytes

        is_binary(data)
        return write_bytes(self.storage, data, data_object, mode=mode, path=path)

    @register("write", "write_stream")
    def write_files(
        self, data: FileSet, data_object: DataObject, *, mode: str = "error", path: str | None = None
    ) -> WriteResult:
        """Write several files below a directory unchanged, all or none.

        Args:
            data: the files.
            data_object: the directory; or any object, with ``path``.
            mode: ``error``, ``append`` (add files with new names), ``overwrite`` or ``ignore``.
            path: write below this path of the store instead.

        Raises:
            AlreadyExistsError: the directory exists and ``mode`` is ``error``; or a file exists, for ``append``.
            TransientError: another writer held the directory for too long.
        """
        from dao_files._actions.binary import write_files

        return write_files(self.storage, data, data_object, mode=mode, path=path)

    def upsert(
        self,
        data: Any,
        data_object: DataObject,
        *,
        keys: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        delete_when: Any = None,
        format: str | None = None,
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
        **options: Any,
    ) -> WriteResult:
        """Replace the rows with existing keys and add the others, all or none.

        The data is held in memory, the table is not. Only files with a key of the data are rewritten.

        Args:
            data: tabular data.
            data_object: the table, or one file of a format that stores its schema. It is created if it doesn't exist.
            keys: the columns that identify a row; by default the object's property ``keys``.
            order_by: columns that select one of the rows with the same keys, including the stored row: the greatest
                wins, compared column by column; null and NaN are less than all values; of equal rows the last wins, so
                the data wins over the stored row. A row that is older than the stored row changes nothing.
            delete_when: a predicate on the data: a row for which it is true deletes the stored row of its key. Columns
                of the predicate that the table lacks, and those of a change (``_change_type``...), aren't stored.
            format: the format's name.
            partition_by: as for :meth:`write`.
            schema_mode: as for :meth:`write`, but columns that the data lacks keep their values in stored rows.
            schema: as for :meth:`write`.
            idempotency_key: as for :meth:`write`.
            position: as for :meth:`write`; it is kept also if no row changes.
            options: the format's options.

        Returns:
            ``rows_updated`` counts the replaced rows, including each row of a key that the table has repeatedly. Rows
            of the data that are older than the stored rows are not counted.

        Raises:
            DataError: a key is null or NaN (the message names the first such row), or keys are repeated in the data and
                there is no ``order_by``; or another call had the idempotency key.
            UnsupportedError: files that don't store a schema, whose values rewriting could alter: CSV or JSON in a
                table that DAO didn't write, without a declared ``schema``.
            TransientError: another writer held the table for too long.
        """
        from dao_files._actions.upsert import upsert_rows

        return upsert_rows(
            self.storage,
            data,
            data_object,
            keys=keys,
            order_by=order_by,
            delete_when=delete_when,
            position=position,
            format=format,
            partition_by=partition_by,
            schema_mode=schema_mode,
            schema=schema,
            options=options,
            idempotency_key=idempotency_key,
        )

    def delete(
        self,
        data_object: DataObject,
        *,
        where: Any = None,
        path: str | None = None,
        format: str | None = None,
        schema: Any = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> WriteResult:
        """Delete an object, or some of its rows.

        Args:
            data_object: the object.
            where: delete only the rows for which this predicate is true; rows for which it is null are kept. Files
                without such a row are not rewritten.
            path: delete this one file of the store instead, or rows of it.
            format: the format's name, for ``where``.
            schema: columns and types to read as, for ``where``.
            idempotency_key: as for :meth:`write`, for ``where``: a whole table goes with the keys that it remembers.
            options: the format's options, for ``where``.

        Returns:
            ``rows_deleted`` is None for a whole object whose rows were not counted.

        Raises:
            NotFoundError: the object does not exist.
            DataError: another call had the idempotency key.
            UnsupportedError: rows of files that don't store a schema, see :meth:`upsert`; or an idempotency key for a
                whole object or a single file.
            TransientError: another writer held the object for too long.
        """
        if where is None:
            from dao_files._actions.managing import delete

            about_rows = {"format": format, "schema": schema}
            return delete(
                self.storage,
                data_object,
                path=path,
                about_rows=about_rows,
                options=options,
                idempotency_key=idempotency_key,
            )
        from dao_files._actions.deleting import delete_rows

        return delete_rows(
            self.storage,
            data_object,
            where=where,
            path=path,
            format=format,
            schema=schema,
            options=options,
            idempotency_key=idempotency_key,
        )

    def copy(self, data_object: DataObject, target: DataObject, *, mode: str = "error") -> WriteResult:
        """Copy a file, or all files of a directory, to another key of the store, byte by byte, in one step.

        Args:
            data_object: the object to copy.
            target: the object to create or replace.
            mode: ``error``, ``overwrite`` or ``ignore``.

        Raises:
            NotFoundError: the object does not exist.
            AlreadyExistsError: the target exists, and ``mode`` is ``error``.
            DataError: one is inside the other, or one is a file and the other a directory.
            TransientError: another writer held the target for too long.
        """
        from dao_files._actions.managing import copy

        return copy(self.storage, data_object, target, mode=mode)

    def move(self, data_object: DataObject, target: DataObject, *, mode: str = "error") -> WriteResult:
        """Move a file or a directory, with its log, to another key of the store in one step.

        Args and errors: as :meth:`copy`.
        """
        from dao_files._actions.managing import move

        return move(self.storage, data_object, target, mode=mode)
