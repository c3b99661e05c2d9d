"""The routes that read: rows, counts, schemas, versions, changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dao.data_object import DirectoryObject, TableObject
from dao.increments import Position
from dao.results import History, Listing, TableInfo, Version
from dao_iceberg._routes.base import IcebergBase

__all__ = ["ReadingRoutes"]


class ReadingRoutes(IcebergBase):
    """See :class:`dao_iceberg.IcebergInterface`."""

    def read(
        self,
        data_object: TableObject,
        *,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
        tag: str | None = None,
    ) -> Any:
        """Read rows into memory. Files are skipped by the partitions and bounds that the manifests have.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            version: this version, as ``history`` names it.
            as_of: the last version at or before this moment; of ``branch``, if that is given.
            branch: the newest version of this branch.
            tag: the version of this tag.

        Returns:
            A ``pyarrow.Table`` in the table's types; the order of the rows is that of no write.

        Raises:
            NotFoundError: there is no table, or the version never was, or was expired.
            DataError: a column doesn't exist, or the predicate doesn't fit.
            UnsupportedError: a file of the table can't be read right.
            StoreError: the metadata or a data file is damaged or gone.
        """
        from dao.tables import Selection
        from dao_iceberg._actions.reading import read_rows

        return read_rows(self._snapshot(data_object, version, as_of, branch, tag), Selection(columns, where, limit))

    def read_stream(
        self,
        data_object: TableObject,
        *,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        batch_size: int | None = None,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
        tag: str | None = None,
    ) -> Any:
        """Read rows as a stream, which reads files as it is read and holds some batches of them.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            batch_size: rows of a batch at most.
            version: this version, as ``history`` names it.
            as_of: the last version at or before this moment; of ``branch``, if that is given.
            branch: the newest version of this branch.
            tag: the version of this tag.

        Returns:
            A ``pyarrow.RecordBatchReader``. It reads the version that was there when it was made.

        Raises:
            NotFoundError, DataError, UnsupportedError, StoreError: as for :meth:`read`; of a damaged or missing file
                while it is read.
        """
        from dao.tables import Selection
        from dao_iceberg._actions.reading import stream_rows

        return stream_rows(
            self._snapshot(data_object, version, as_of, branch, tag), Selection(columns, where, limit, batch_size)
        )

    def count(
        self,
        data_object: TableObject,
        *,
        where: Any = None,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
        tag: str | None = None,
    ) -> int:
        """How many rows :meth:`read` would give; without ``where`` from the manifests, where no row is deleted."""
        from dao_iceberg._actions.reading import count_rows

        return count_rows(self._snapshot(data_object, version, as_of, branch, tag), where)

    def schema(
        self,
        data_object: TableObject,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
        tag: str | None = None,
    ) -> Any:
        """The columns, as :meth:`read` gives them: a ``pyarrow.Schema``.

        Raises:
            NotFoundError: there is no table, or no such version.
        """
        return self._snapshot(data_object, version, as_of, branch, tag).schema

    def exists(self, data_object: TableObject) -> bool:
        """Whether there is a table."""
        return self._client.exists(data_object.key)

    def read_position(self, data_object: TableObject, *, source: str, branch: str | None = None) -> Position | None:
        """Up to which version of a source the table, or a branch, has got; None if it doesn't say, or isn't there.

        A branch that isn't there yet has the position of the table, at whose newest version it would begin.
        """
        from dao_iceberg._commits.remembered import read_position

        snapshot = self._client.find_to_write(data_object.key, branch or "main")
        return None if snapshot is None else read_position(snapshot, source)

    def history(self, data_object: TableObject, *, branch: str | None = None) -> Sequence[Version]:
        """The versions that are kept, the newest first; those of a branch, if one is given."""
        from dao_iceberg._snapshots.versions import history_of

        return History(history_of(self._snapshot(data_object, branch=branch)))

    def read_changes(
        self,
        data_object: TableObject,
        *,
        since: int | str | datetime | None = None,
        until: int | str | datetime | None = None,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        branch: str | None = None,
    ) -> Any:
        """The rows that changed after one version, up to another, as the difference of the versions' files.

        Only the manifests and files that came or went are read; where rows were deleted by their values, so are the
        files that may have such rows by their partitions and bounds. Each version is compared with the one before: a
        row that a commit wrote again unchanged is no change, nor is what ``compact`` does. An update is a ``delete``
        and an ``insert``. The metadata of the result's schema has ``dao.changes``: ``difference``, and says which
        columns had other names in the version ``since``, see :func:`dao.tables.mark_renamed`.

        Args:
            data_object: the table.
            since: the version after which changes count, or a moment; by default all rows of the oldest version that is
                kept count as inserted by it.
            until: the last version that counts, or a moment; by default the newest.
            columns: the columns, beside ``_change_type``, ``_version`` and ``_timestamp``.
            where: a predicate, of these three too.
            limit: the maximum number of rows.
            branch: the newest version and the moments are those of this branch.

        Returns:
            The rows in the order of their versions, in the columns of the last one: those that older rows lack are
            null in them, and columns that were dropped by then are left out.

        Raises:
            NotFoundError: no such table or version; a version of the range was expired, or it isn't one of those that
                led to the last.
            UnsupportedError: a file has values that the columns' types can't hold.
            DataError: rows that are to be compared take more than a quarter of ``memory_limit``.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"items": {"type": "iceberg"}}
        >>> dao = DataAccessObject({"lake": {"interface": "iceberg", "options": place, "objects": objects}})
        >>> first = dao.write(pa.table({"id": [1, 2]}), "lake.items").version_after
        >>> deleted = dao.delete("lake.items", where="id = 1")
        >>> found = dao.read_changes("lake.items", since=first)
        >>> found.select(["id", "_change_type"]).to_pylist(), found.schema.metadata
        ([{'id': 1, '_change_type': 'delete'}], {b'dao.changes': b'difference'})
        """
        from dao.tables import Selection
        from dao_iceberg._actions.changes import changed_rows

        selection = Selection(columns, where, limit)
        return changed_rows(self._client, data_object.key, since, until, selection, branch or "main")

    def list(self, data_object: DirectoryObject) -> Listing:
        """The tables of the store, or the one table."""
        from dao_iceberg._actions.listing import list_tables

        return Listing(TableInfo(key) for key in list_tables(self._client, data_object.key))
