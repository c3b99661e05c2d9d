"""The routes that read: rows, counts, schemas, versions, changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dao.data_object import DirectoryObject, TableObject
from dao.increments import Position
from dao.results import History, Listing, TableInfo, Version
from dao_delta._routes.base import DeltaBase

__all__ = ["ReadingRoutes"]


class ReadingRoutes(DeltaBase):
    """See :class:`dao_delta.DeltaInterface`."""

    def read(
        self,
        data_object: TableObject,
        *,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        version: int | None = None,
        as_of: datetime | None = None,
    ) -> Any:
        """Read rows into memory. Files are skipped by the bounds that the log has of them.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            version: this version, as ``history`` names it.
            as_of: the last version at or before this moment.

        Returns:
            A ``pyarrow.Table`` in the table's types; the order of the rows is that of no write.

        Raises:
            NotFoundError: there is no table, or the version never was or isn't kept any more.
            DataError: a column doesn't exist, or the predicate doesn't fit.
            UnsupportedError: the table has a feature that can't be read right.
            StoreError: the log or a data file is damaged or gone.
        """
        from dao.tables import Selection
        from dao_delta._actions.reading import read_rows

        return read_rows(self._snapshot(data_object, version, as_of), Selection(columns, where, limit))

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
    ) -> Any:
        """Read rows as a stream, which reads files as it is read and holds some batches of them.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            batch_size: rows of a batch at most.
            version: this version, as ``history`` names it.
            as_of: the last version at or before this moment.

        Returns:
            A ``pyarrow.RecordBatchReader``. It reads the version that was there when it was made.

        Raises:
            NotFoundError, DataError, UnsupportedError, StoreError: as for :meth:`read`; of a damaged or missing file
                while it is read.
        """
        from dao.tables import Selection
        from dao_delta._actions.reading import stream_rows

        return stream_rows(self._snapshot(data_object, version, as_of), Selection(columns, where, limit, batch_size))

    def count(
        self, data_object: TableObject, *, where: Any = None, version: int | None = None, as_of: datetime | None = None
    ) -> int:
        """How many rows :meth:`read` would give; without ``where`` from the log alone, where it says so."""
        from dao_delta._actions.reading import count_rows

        return count_rows(self._snapshot(data_object, version, as_of), where)

    def schema(self, data_object: TableObject, *, version: int | None = None, as_of: datetime | None = None) -> Any:
        """The columns, as :meth:`read` gives them: a ``pyarrow.Schema``.

        Raises:
            NotFoundError: there is no table, or no such version.
        """
        return self._snapshot(data_object, version, as_of).schema

    def exists(self, data_object: TableObject) -> bool:
        """Whether there is a table."""
        return self._client.exists(data_object.key)

    def read_position(self, data_object: TableObject, *, source: str) -> Position | None:
        """Up to which version of a source the table has got; None if there is no table, or it doesn't say."""
        from dao_delta._commits.remembered import read_position

        snapshot = self._client.find(data_object.key)
        return None if snapshot is None else read_position(snapshot, source)

    def history(self, data_object: TableObject) -> Sequence[Version]:
        """The versions that the log has, the newest first."""
        from dao_delta._snapshots.versions import history_of

        return History(history_of(self._snapshot(data_object)))

    def read_changes(
        self,
        data_object: TableObject,
        *,
        since: int | str | datetime | None = None,
        until: int | str | datetime | None = None,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
    ) -> Any:
        """The rows that changed after one version, up to another.

        Only the log and files of these versions are read. If the table kept a change data feed in all of them, that
        is the result, updates among it. Else it is the difference of each version from the one before, as
        ``delete`` and ``insert``: a row that a commit wrote again unchanged is no change, nor is what ``compact`` does.
        The metadata of the result's schema has ``dao.changes``: ``feed`` or ``difference``.

        Args:
            data_object: the table.
            since: the version after which changes count, or a moment; by default the log's oldest commit is the first.
            until: the last version that counts, or a moment; by default the newest.
            columns: the columns, beside ``_change_type``, ``_version`` and ``_timestamp``.
            where: a predicate, of these three too.
            limit: the maximum number of rows.

        Returns:
            The rows in the order of their versions, in the columns of the last one: those that older rows lack are
            null in them, and columns that were dropped by then are left out.

        Raises:
            NotFoundError: no such table or version; or a commit or file of the range isn't kept any more.
            UnsupportedError: a column has another type by now, which doesn't hold the values of the older one.
            DataError: a rewrite of more rows of one partition than a quarter of ``memory_limit`` holds, without a feed.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> store = {"interface": "delta", "options": {"root": getfixture("tmp_path")}}
        >>> dao = DataAccessObject({"lake": {**store, "objects": {"items": {"type": "delta"}}}})
        >>> for number in range(3):
        ...     result = dao.write(pa.table({"id": [number]}), "lake.items", mode="append")
        >>> found = dao.read_changes("lake.items", since=0, columns=["id"])
        >>> found["id"].to_pylist(), found["_version"].to_pylist(), found.schema.metadata
        ([1, 2], [1, 2], {b'dao.changes': b'difference'})
        """
        from dao.tables import Selection
        from dao_delta._actions.changes import changed_rows

        return changed_rows(self._client, data_object.key, since, until, Selection(columns, where, limit))

    def list(self, data_object: DirectoryObject) -> Listing:
        """The tables of the store, or the one table."""
        from dao_delta._actions.listing import list_tables

        return Listing(TableInfo(key) for key in list_tables(self._client, data_object.key))
