"""The interface ``delta``: the actions on Delta tables of a folder or an object store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import define, field

from dao.capabilities import Capabilities
from dao.data_object import DataObject, DirectoryObject, TableObject
from dao.display import even_half_made
from dao.errors import DaoError, DataError
from dao.increments import Position
from dao.interface import register, when
from dao.options import number, one_of
from dao.results import History, Listing, TableInfo, Version, WriteResult
from dao_delta._options import DeltaPlace

if TYPE_CHECKING:
    from dao_delta._client import Client

__all__ = ["DeltaInterface"]

_ONE_LINE = "a Delta table has one line of versions"
_TABLES = "a store of Delta tables keeps tables alone"

CAPABILITIES = Capabilities(
    lacks_operations={
        "expire": "vacuum removes what old versions need, and the log's own retention the versions",
        "orphans": "vacuum removes them too",
        "analyze": "statistics are written with the rows",
    },
    lacks_features={
        "files": _TABLES,
        "foreign_files": "a Delta table is the files that its log names",
        "branches": _ONE_LINE,
        "tags": _ONE_LINE,
    },
    lacks_types={
        "null": "Delta has no such type",
        "uint64": "Delta has no unsigned integers",
        "decimal256": "Delta's decimals have up to 38 digits",
        **dict.fromkeys(("time_s", "time_ms", "time_us", "time_ns"), "Delta has no times of day"),
        "timestamp_ns": "Delta's timestamps are of microseconds",
        "duration": "Delta has no lengths of time",
        "names_by_case": "Delta ignores the case of names",
    },
    relaxes=dict.fromkeys(
        ("layout", "dictionary", "fixed_size", "integers", "floats", "units", "zones", "uuid"),
        "Delta has one type for them",
    ),
)


@even_half_made
@define(slots=False, kw_only=True)
class DeltaInterface(DeltaPlace):
    """Delta tables without a JVM.

    **Objects** are tables: the folder of one is the object's key below the store's root.

    **Safety.** A change is one commit: all of it or nothing, whatever fails and whenever the process is killed. Readers
    see one version whole. After a conflict with another writer a change is planned again on the new version, for up to
    ``conflict_timeout`` seconds, then it is a ConflictError. A commit whose answer was lost is found in the log.

    Attributes:
        conflict_timeout: seconds for which an action is tried again after a conflict with another writer.
        compression: the codec of new data files: ``snappy``, ``zstd``, ``gzip``, ``lz4`` or ``none``.
        target_file_size: bytes after which a new data file is begun.
    """

    capabilities: ClassVar[Capabilities] = CAPABILITIES
    table_formats: ClassVar[tuple[str, ...]] = ("delta", "parquet")

    conflict_timeout: float = field(default=60.0, validator=number("seconds", 0))
    compression: str = field(default="snappy", validator=one_of("snappy", "zstd", "gzip", "lz4", "none"))
    target_file_size: int = field(default=256 << 20, validator=number("bytes", 1 << 20))

    @cached_property
    def _client(self) -> Client:
        from dao_delta._client import Client

        return Client(self.transport, self.settings)

    def _snapshot(self, data_object: DataObject, version: int | None = None, as_of: datetime | None = None) -> Any:
        from dao_delta._versions import open_version

        return open_version(self._client, data_object.key, version, as_of)

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
        """Read rows into memory."""
        from dao.tables import Selection
        from dao_delta._reading import read_rows

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
        """Read rows as a stream, which reads files as it is read."""
        from dao.tables import Selection
        from dao_delta._reading import stream_rows

        return stream_rows(self._snapshot(data_object, version, as_of), Selection(columns, where, limit, batch_size))

    def count(
        self, data_object: TableObject, *, where: Any = None, version: int | None = None, as_of: datetime | None = None
    ) -> int:
        """How many rows a read would give; from the log alone where it says so."""
        from dao_delta._reading import count_rows

        return count_rows(self._snapshot(data_object, version, as_of), where)

    def schema(self, data_object: TableObject, *, version: int | None = None, as_of: datetime | None = None) -> Any:
        """The columns, as a read gives them."""
        return self._snapshot(data_object, version, as_of).schema

    def exists(self, data_object: TableObject) -> bool:
        """Whether there is a table."""
        return self._client.exists(data_object.key)

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
        properties: Mapping[str, str] | None = None,
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
            properties: properties of a new table, such as ``{"delta.enableChangeDataFeed": "true"}``.
            idempotency_key: a name of this call: made again with the same rows in the same order and the same arguments
                it does nothing, and gives the version of the first call.
            position: up to which version of a source the table has got with these rows, see :class:`dao.Position`.

        Returns:
            ``rows_deleted`` is None where the log doesn't say how many rows a replaced file had.

        Raises:
            AlreadyExistsError: the table exists, and ``mode`` is ``error``.
            DataError: the data doesn't fit the table, or the arguments contradict it; or another call had the
                idempotency key.
            UnsupportedError: the table has a feature that only Spark can write, or is append-only.
            ConflictError: other writers kept on coming first; or the table has another position.
        """
        from dao_delta._remembered import Keyed
        from dao_delta._writing import Source, Write, write_rows

        asked = Write(
            mode=mode,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            properties=properties or {},
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            position=position,
        )
        keyed = Keyed.of(idempotency_key, "write", mode=mode, partition_by=asked.partition_by, schema_mode=schema_mode)
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
        properties: Mapping[str, str] | None = None,
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
            properties: of a new table.
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
        from dao_delta._remembered import Keyed
        from dao_delta._replacing import replace_rows
        from dao_delta._writing import Source, Write

        asked = Write(
            mode=mode,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            properties=properties or {},
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            position=position,
        )
        predicate = parse(where)
        arguments = {"where": str(predicate), "partition_by": asked.partition_by, "schema_mode": schema_mode}
        keyed = Keyed.of(idempotency_key, "write", mode=mode, **arguments)
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
        from dao_delta._upserting import Upsert, upsert_rows

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
        )
        return upsert_rows(self._client, data_object.key, data, _declared(schema), asked)

    def delete(self, data_object: TableObject, *, where: Any = None, idempotency_key: str | None = None) -> WriteResult:
        """Delete rows, in one commit, or a table.

        Files with no such row are kept, those with no other row go without being written again; if ``where`` is of
        partition columns alone, no file is read.

        Args:
            data_object: the table.
            where: the predicate; rows for which it is null stay. Without it the table goes: its history and every
                object below its folder. Until one request readers see it whole, and from then on there is none. If
                this is cut off, a repeated call deletes what is left. No other writer may be at work on the table.
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
            from dao_delta._dropping import drop_table, refuse_key

            refuse_key(idempotency_key)
            return drop_table(self._client, data_object.key)
        from dao_delta._deleting import delete_rows

        timeout = self.conflict_timeout
        return delete_rows(self._client, data_object.key, where, self._file_settings, timeout, idempotency_key)

    @property
    def _file_settings(self) -> Any:
        from dao_delta._parquet import FileSettings

        return FileSettings(compression=self.compression, target_size=self.target_file_size)

    def read_position(self, data_object: TableObject, *, source: str) -> Position | None:
        """Up to which version of a source the table has got; None if there is no table, or it doesn't say."""
        from dao_delta._remembered import read_position

        snapshot = self._client.find(data_object.key)
        return None if snapshot is None else read_position(snapshot, source)

    def history(self, data_object: TableObject) -> Sequence[Version]:
        """The versions that the log has, the newest first."""
        from dao_delta._versions import history_of

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
        from dao_delta._changes import changed_rows

        return changed_rows(self._client, data_object.key, since, until, Selection(columns, where, limit))

    def list(self, data_object: DirectoryObject) -> Listing:
        """The tables of the store, or the one table."""
        from dao_delta._listing import list_tables

        return Listing(TableInfo(key) for key in list_tables(self._client, data_object.key))

    def run_compact(self, data_object: TableObject, *, target_size: int | None = None) -> WriteResult:
        """Rewrite many small files as few large ones: ``run("compact", ...)``. The rows stay.

        Args:
            data_object: the table.
            target_size: bytes of a file; the table's property ``delta.targetFileSize`` by default.

        Returns:
            ``details`` has ``files_removed`` and ``files_added``.
        """
        from dao_delta._operations import compact

        return compact(self._client, data_object.key, self.conflict_timeout, target_size)

    def run_convert(self, data_object: TableObject) -> WriteResult:
        """Make a Delta table of a directory of Parquet files, in place: ``run("convert", ...)``. No file is rewritten.

        Afterwards its files must be changed through the Delta table alone.

        Args:
            data_object: the directory: a table that ``local``, ``s3`` or ``s3.obstore`` wrote, or another program, with
                partitions in folders such as ``day=2025-01-07``.

        Raises:
            NotFoundError: there is nothing.
            AlreadyExistsError: it is a Delta table already.
            DataError: a file is no Parquet, or files have different columns.
            UnsupportedError: a column's values are stored in a way that Delta doesn't have.
        """
        from dao_delta._converting import convert

        return convert(self._client, self.files, data_object)

    def run_z_order(
        self, data_object: TableObject, *, columns: str | Sequence[str], target_size: int | None = None
    ) -> WriteResult:
        """Rewrite all files with near values of some columns near one another: ``run("z_order", ..., columns=[...])``.

        Args:
            data_object: the table.
            columns: by which rows are often chosen.
            target_size: bytes of a file; the table's property ``delta.targetFileSize`` by default.

        Raises:
            DataError: the table has no such column.
        """
        from dao_delta._operations import z_order

        names = [columns] if isinstance(columns, str) else list(columns)
        return z_order(self._client, data_object.key, self.conflict_timeout, names, target_size)

    def run_vacuum(
        self, data_object: TableObject, *, older_than: float | timedelta | None = None, dry_run: bool = True
    ) -> WriteResult:
        """Delete the files that only older versions need, and those that no version names: ``run("vacuum", ...)``.

        Versions that need a deleted file can't be read any more.

        Args:
            data_object: the table.
            older_than: seconds, or a ``timedelta``, in whole hours upwards; by default the table's own retention, or
                7 days. No writer may be at work and no reader be reading for longer.
            dry_run: delete nothing, and say what would be deleted.

        Returns:
            ``files`` are those that are gone, or would be; ``details`` has ``dry_run``.
        """
        from dao_delta._operations import vacuum

        return vacuum(self._client, data_object.key, self.conflict_timeout, older_than, dry_run=dry_run)

    def run_restore(
        self, data_object: TableObject, *, version: int | None = None, as_of: datetime | None = None
    ) -> WriteResult:
        """Make an older version the newest one again, as a new version: ``run("restore", ..., version=3)``.

        Raises:
            NotFoundError: there is no such version, or files of it are gone.
        """
        from dao.tables import as_moment
        from dao_delta._operations import restore

        moment = None if as_of is None else as_moment(as_of, "as_of")
        return restore(self._client, data_object.key, self.conflict_timeout, version, moment)

    def run_checkpoint(self, data_object: TableObject) -> WriteResult:
        """Write a checkpoint, from which readers begin: ``run("checkpoint", ...)``. Every 100th version writes one."""
        from dao_delta._operations import checkpoint

        return checkpoint(self._client, data_object.key)

    def run_add_constraint(self, data_object: TableObject, *, name: str, expression: str) -> WriteResult:
        """Add a CHECK constraint, which must be true for every row: ``run("add_constraint", ..., name=, expression=)``.

        Args:
            data_object: the table.
            name: the constraint's name.
            expression: SQL, such as ``"amount >= 0"``.

        Raises:
            DataError: a stored row breaks it, or there is one of that name.
        """
        from dao_delta._operations import add_constraint

        return add_constraint(self._client, data_object.key, self.conflict_timeout, name, expression)

    def run_drop_constraint(self, data_object: TableObject, *, name: str) -> WriteResult:
        """Drop a CHECK constraint: ``run("drop_constraint", ..., name=...)``.

        Raises:
            NotFoundError: there is none of that name.
        """
        from dao_delta._operations import drop_constraint

        return drop_constraint(self._client, data_object.key, self.conflict_timeout, name)

    def run_set_properties(self, data_object: TableObject, *, properties: Mapping[str, Any]) -> WriteResult:
        """Set properties of the table: ``run("set_properties", ..., properties={"delta.appendOnly": True})``.

        Raises:
            DataError: deltalake doesn't know one, or would lock other readers out with it.
        """
        from dao_delta._operations import set_properties

        return set_properties(self._client, data_object.key, self.conflict_timeout, properties)

    def run_repair(self, data_object: TableObject, *, dry_run: bool = True) -> WriteResult:
        """Take files out of the table that are missing from the store: ``run("repair", ..., dry_run=False)``.

        Their rows are lost, and the others can be read again.

        Returns:
            ``details`` has ``files_lost`` and ``dry_run``.
        """
        from dao_delta._operations import repair

        return repair(self._client, data_object.key, self.conflict_timeout, dry_run=dry_run)

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on the store's content; see :mod:`dao.interface`."""
        from dao_delta._calls import plan

        return plan(self._client, action, data_object, arguments)

    def translate_error(self, error: Exception) -> DaoError | None:
        """Translate a driver's error; None for one that is a bug rather than a refusal."""
        from dao_delta._errors import translate

        return translate(error)


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
