"""The routes that change rows: writes, upserts, deletes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao.data_object import DataObject, TableObject
from dao.errors import DataError
from dao.increments import Position
from dao.interface import register, when
from dao.results import WriteResult
from dao_delta._routes.base import DeltaBase

__all__ = ["WritingRoutes"]


class WritingRoutes(DeltaBase):
    """See :class:`dao_delta.DeltaInterface`."""

    @register("write", "write_stream")
    def write(
        self,
        data: Any,
        data_object: TableObject,
        *,
        mode: str = "error",
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        properties: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:
        """Write rows, all or none, in one commit.

        Memory is bounded for a stream of any length, which is read while it is written. The data may be read from the
        table that is overwritten.

        Args:
            data: tabular data, see :func:`dao.arrow.convert.to_reader`.
            data_object: the table.
            mode: ``error``: the table must not exist, and of two writers exactly one succeeds. ``append``: add rows.
                ``overwrite``: replace all rows, the columns and the partitions. ``overwrite_partitions``: replace the
                partitions that the data has rows of. ``ignore``: do nothing if the table exists.
            partition_by: the partition columns of a new or overwritten table.
            schema_mode: ``strict``: the table's columns in any order, with types that can be cast without loss.
                ``evolve``: new columns are added, and missing ones are null.
            schema: the schema of the data, which is cast to it without loss or refused.
            properties: properties of a new table, such as ``{"delta.enableChangeDataFeed": True}``; of a table that is
                there they must be its own.
            idempotency_key: a name of this call: made again with the same rows in the same order and the same arguments
                it does nothing, and gives the version of the first call.
            position: up to which version of a source the table has got with these rows, see :class:`dao.Position`.

        Returns:
            ``rows_deleted`` is None where the log doesn't say how many rows a replaced file had.

        Raises:
            AlreadyExistsError: the table exists, and ``mode`` is ``error``; or there are files that are in no table.
            DataError: the data doesn't fit the table, or the arguments contradict it; another call had the
                idempotency key; or a new table would be inside of another one, or have one inside.
            UnsupportedError: the table has a feature that only Spark can write, or is append-only.
            ConflictError: other writers kept on coming first; or the table has another position.
        """
        from dao_delta._actions.source import Source
        from dao_delta._actions.writing import Write, write_rows
        from dao_delta._commits.remembered import Keyed

        asked = Write(
            mode=mode,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            properties=properties,
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            position=position,
        )
        keyed = Keyed.of(idempotency_key, "write", **asked.compared, position=position)
        return write_rows(self._client, data_object.key, Source(data, _declared(schema), keyed), asked)

    @register("write", "write_stream")
    @when(mode="overwrite")
    def replace_where(
        self,
        data: Any,
        data_object: TableObject,
        *,
        mode: str,
        where: Any,
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        properties: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:
        """Replace the rows for which ``where`` is true by others, all or none, in one commit.

        Files in which it is true for no row stay, those in which it is true for all rows go, the others are written
        again. If it is of partition columns alone, no file is read.

        Args:
            data: the new rows.
            data_object: the table. It is created if it doesn't exist.
            mode: ``overwrite``.
            where: the predicate. Stored rows for which it is null stay.
            partition_by: the partition columns of a new table; of another one they must be its own.
            schema_mode: ``strict``, or ``evolve`` to add columns that the data has.
            schema: the schema of the data, to which it is cast.
            properties: as for :meth:`write`.
            idempotency_key: as for :meth:`write`.
            position: as for :meth:`write`.

        Returns:
            ``rows_deleted`` counts the rows that were replaced.

        Raises:
            DataError: a new row doesn't fulfil ``where``, or the data doesn't fit the table. Nothing is changed.
            UnsupportedError: the table is append-only, or DAO can't write to it.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"sales": {"type": "delta"}}
        >>> dao = DataAccessObject({"lake": {"interface": "delta", "options": place, "objects": objects}})
        >>> _ = dao.write(pa.table({"day": [1, 1, 2], "v": ["a", "b", "c"]}), "lake.sales")
        >>> result = dao.write(pa.table({"day": [1], "v": ["A"]}), "lake.sales", mode="overwrite", where="day = 1")
        >>> result.rows_inserted, result.rows_deleted, dao.count("lake.sales")
        (1, 2, 2)
        """
        from dao.arrow.predicates import parse
        from dao_delta._actions.replacing import replace_rows
        from dao_delta._actions.source import Source
        from dao_delta._actions.writing import Write
        from dao_delta._commits.remembered import Keyed

        asked = Write(
            mode=mode,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            properties=properties,
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            position=position,
        )
        predicate = parse(where)
        keyed = Keyed.of(idempotency_key, "write", **asked.compared, where=str(predicate), position=position)
        return replace_rows(self._client, data_object.key, Source(data, _declared(schema), keyed), predicate, asked)

    def upsert(
        self,
        data: Any,
        data_object: TableObject,
        *,
        keys: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None,
        delete_when: Any = None,
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> WriteResult:
        """Replace the rows with existing keys and add the others, all or none, in one commit.

        The data is held in memory, the table is not. Files that the log's statistics and partition values rule out
        aren't read; of the others the key columns are, and only files with a row that changes are written again.

        Args:
            data: the rows.
            data_object: the table. It is created if it doesn't exist.
            keys: the columns that identify a row; by default the object's property ``keys``.
            order_by: columns that select one of the rows with the same keys, including the stored row: the greatest
                wins, compared column by column; null and NaN are less than all values; of equal rows the last wins, so
                the data wins over the stored row. A row that is older than the stored row changes nothing.
            delete_when: a condition on rows of the data: those for which it is true delete the stored row of their key.
            partition_by: the partition columns of a new table; of another one they must be its own.
            schema_mode: ``strict``, or ``evolve`` to add columns that the data has; columns that it lacks keep their
                values in stored rows.
            schema: the schema of the data, to which it is cast.
            idempotency_key: as for :meth:`write`.
            position: as for :meth:`write`.
            properties: as for :meth:`write`.

        Returns:
            ``rows_updated`` counts the replaced rows, including each row of a key that the table has repeatedly. Rows
            of the data that are older than the stored rows are not counted.

        Raises:
            DataError: a key is null or NaN (the message names the first such row), or keys are repeated in the data and
                there is no ``order_by``.
            UnsupportedError: the table is append-only, or DAO can't write to it.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"items": {"type": "delta"}}
        >>> dao = DataAccessObject({"lake": {"interface": "delta", "options": place, "objects": objects}})
        >>> _ = dao.write(pa.table({"id": [1, 2], "v": ["a", "b"]}), "lake.items")
        >>> result = dao.upsert(pa.table({"id": [2, 3], "v": ["B", "C"]}), "lake.items", keys="id")
        >>> result.rows_updated, result.rows_inserted
        (1, 1)
        """
        from dao_delta._actions.upserting import Upsert, upsert_rows

        asked = Upsert(
            keys=_listed(keys),
            order_by=_listed(order_by),
            delete_when=delete_when,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            idempotency_key=idempotency_key,
            position=position,
            properties=properties,
        )
        return upsert_rows(self._client, data_object.key, data, _declared(schema), asked)

    def delete(self, data_object: TableObject, *, where: Any = None, idempotency_key: str | None = None) -> WriteResult:
        """Delete rows, in one commit, or a table.

        Files with no such row are kept, those with no other row go without being written again; if ``where`` is of
        partition columns alone, no file is read.

        Args:
            data_object: the table.
            where: the predicate; rows for which it is null stay. Without it the table goes: its log and its files, and
                what others put into its folder stays. Until one request readers see it whole, and from then on there is
                none. If this is cut off, a repeated call deletes what is left. No other writer may be at work on it.
            idempotency_key: as for :meth:`write`; only with ``where``, since a table that goes keeps nothing.

        Returns:
            ``rows_deleted`` is None for a table whose log doesn't say.

        Raises:
            NotFoundError: there is no table.
            DataError: the predicate doesn't fit the table. Nothing is changed.
            UnsupportedError: the table is append-only, or DAO can't write to it.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"items": {"type": "delta"}}
        >>> dao = DataAccessObject({"lake": {"interface": "delta", "options": place, "objects": objects}})
        >>> _ = dao.write(pa.table({"id": [1, 2, 3]}), "lake.items")
        >>> dao.delete("lake.items", where="id > 1").rows_deleted, dao.delete("lake.items").rows_deleted
        (2, 1)
        """
        if where is None:
            from dao_delta._actions.dropping import drop_table
            from dao_files.lake import refuse_keyed_removal

            refuse_keyed_removal(idempotency_key)
            return drop_table(self._client, data_object.key)
        from dao_delta._actions.deleting import delete_rows

        timeout = self.conflict_timeout
        return delete_rows(self._client, data_object.key, where, self._file_settings, timeout, idempotency_key)

    def move(self, data_object: TableObject, target: TableObject, *, mode: str = "error") -> WriteResult:
        """Move a table to another key of the store, with all that its log has.

        That are its versions, the keys of calls that were done once, positions, constraints, partitions and properties.
        The files are copied, on the server or as hard links. Readers see the new table whole from one request on, then
        the old one goes. In between, or after a crash, it is in both places. No writer may be at work on either.

        Args:
            data_object: the table.
            target: where it goes.
            mode: ``error``, ``overwrite`` or ``ignore``. A table that is overwritten goes, with its versions, when the
                files of the new one are there; a crash at that moment leaves the source alone, and the call can be made
                again. ``append`` and ``overwrite_partitions`` move rows, into a table that keeps its own log.

        Raises:
            NotFoundError: there is no table.
            AlreadyExistsError: there is something at the target, and ``mode`` is ``error``.
            DataError: one is inside the other.
            ConflictError: the table was changed meanwhile; it is where it was.
            UnsupportedError: the table has files outside of its folder; or the one to be replaced is append-only.

        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"old": {"type": "delta"}, "new": {"type": "delta"}}
        >>> dao = DataAccessObject({"lake": {"interface": "delta", "options": place, "objects": objects}})
        >>> for number in range(2):
        ...     result = dao.write([{"id": number}], "lake.old", mode="append")
        >>> result = dao.move("lake.old", "lake.new")
        >>> dao.exists("lake.old"), dao.count("lake.new"), dao.count("lake.new", version=0)
        (False, 2, 1)
        """
        from dao_delta._actions.moving import move_table

        return move_table(self._client, data_object.key, target.key, mode)


def _names(given: str | Sequence[str] | None, data_object: DataObject) -> tuple[str, ...] | None:
    other = data_object.get("partition_keys")
    if given is not None and other is not None and list(given) != list(other):
        raise DataError("partition_by: found with other partition_keys of the object; they mean the same, give one")
    given = other if given is None else given
    return None if given is None else (given,) if isinstance(given, str) else tuple(given)


def _listed(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _declared(schema: Any) -> Any:
    from dao.arrow.models import schema_of

    return None if schema is None else schema_of(schema)
