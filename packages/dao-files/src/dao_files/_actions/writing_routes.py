"""The routes that change files."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import define

from dao.data_object import DataObject
from dao.file_set import FileSet
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
        """The files."""
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
        from dao_files._actions.binary import is_binary

        if is_binary(data):
            from dao_files._actions.binary import refuse_row_arguments

            refuse_row_arguments(format=format, partition_by=partition_by, schema=schema, options=options)
            return self.write_bytes(data, data_object, mode=mode, path=path)
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
        from dao_files._actions.binary import is_binary, write_bytes

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
        from dao_files._actions.binary import write_files

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

        The data is held in memory, the table is not. Only files that hold a key of the data are rewritten.

        Args:
            data: anything tabular.
            data_object: the table, or one file of a format with a schema of its own. It is made if it isn't there.
            keys: the columns that tell rows apart; by default the object's property ``keys``.
            order_by: columns that pick the winner among rows with the same keys, stored ones too: the greatest wins,
                the first column first; null and NaN are below everything; of equal ones the last, so that the data
                wins against what is stored. A row that is older than the stored one changes nothing.
            format: the format's name.
            partition_by: as for :meth:`write`.
            schema_mode: as for :meth:`write`, but columns that the data lacks keep their values in stored rows.
            schema: as for :meth:`write`.
            options: the format's options.

        Returns:
            ``rows_updated`` counts stored rows that were replaced: all of them where the table has a key twice. Rows
            of the data that are older than what is stored count nowhere.

        Raises:
            DataError: a key is null or NaN (the first such row is named), or keys are there twice and no ``order_by``
                decides.
            UnsupportedError: files without a schema of their own, which rewriting could alter: CSV or JSON that DAO
                didn't write, and no ``schema`` is declared.
            TransientError: another writer was busy for too long.
        """
        from dao_files._actions.upsert import upsert_rows

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
            from dao_files._actions.managing import delete

            return delete(self.storage, data_object, path=path, ignored={"options": options})
        from dao_files._actions.deleting import delete_rows

        return delete_rows(
            self.storage, data_object, where=where, path=path, format=format, schema=schema, options=options
        )

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
        from dao_files._actions.managing import copy

        return copy(self.storage, data_object, target, mode=mode)

    def move(self, data_object: DataObject, target: DataObject, *, mode: str = "error") -> WriteResult:
        """Give a file or a directory another place in the store, in one step; its history goes along.

        Takes and raises what :meth:`copy` does.
        """
        from dao_files._actions.managing import move

        return move(self.storage, data_object, target, mode=mode)
