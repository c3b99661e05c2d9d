"""The synchronous API of DAO: one method per action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, cast, overload

from dao._core.access import Access, Named
from dao.data_object import DataObject
from dao.data_store import DataStore

if TYPE_CHECKING:
    from datetime import date

    import duckdb
    import pandas
    import polars
    import pyarrow

    from dao._arguments import Format, Into, Mode, SchemaMode
    from dao.progress import Listener
    from dao.results import History, Listing, WriteResult

__all__ = ["Bound", "Columns", "DataAccessObject", "Rows", "Where"]

Columns = str | Iterable[str] | None
Rows = list[dict[str, Any]]
Bound: TypeAlias = "int | str | date | None"
"""An end of a range of versions: a version, or a moment as a date or datetime."""
Where = Any
"""A predicate: SQL text, DNF tuples, or a pyarrow Expression; see :mod:`dao.arrow.predicates`."""


class DataAccessObject(Access):
    """Reads, writes and moves data by name; a config says where it lives.

    See :class:`~dao._core.access.Access` for the constructor. An object is a :class:`~dao.data_object.DataObject` or
    its name in the catalog, ``store.object``. Every method takes ``dao_interface=``: the name or class name of one of
    the store's interfaces, which alone is then tried; and ``memory_limit=``: bytes that the call may hold in memory, as
    a whole number or text such as ``"512 MiB"``, see :mod:`dao.memory`. Further keyword arguments go to the interface;
    one that it doesn't take is a :class:`~dao.errors.NoRouteError`, never ignored. ``None`` means "not given".

    A data access object is safe between threads, can be pickled, and as a context manager closes the stores of its
    catalog.

    >>> import pyarrow as pa
    >>> pets = {"type": "table", "format": "parquet"}
    >>> dao = DataAccessObject({"tmp": {"interface": "memory", "objects": {"pets": pets}}})
    >>> dao.write(pa.table({"name": ["Rex", "Tom"], "age": [3, 9]}), "tmp.pets").rows_inserted
    2
    >>> dao.read("tmp.pets", columns=["name"], where="age > 5", into="pylist")
    [{'name': 'Tom'}]
    """

    @overload
    def read(
        self,
        data_object: Named,
        *,
        into: Literal["pandas"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> pandas.DataFrame: ...
    @overload
    def read(
        self,
        data_object: Named,
        *,
        into: Literal["polars"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> polars.DataFrame: ...
    @overload
    def read(
        self,
        data_object: Named,
        *,
        into: Literal["duckdb"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> duckdb.DuckDBPyRelation: ...
    @overload
    def read(
        self,
        data_object: Named,
        *,
        into: Literal["pylist"],
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> Rows: ...
    @overload
    def read(self, data_object: Named, *, into: Literal["bytes"], **options: Any) -> bytes: ...
    @overload
    def read(
        self,
        data_object: Named,
        *,
        into: Literal["arrow"] | None = ...,
        columns: Columns = ...,
        where: Where = ...,
        format: Format | None = ...,
        **options: Any,
    ) -> pyarrow.Table: ...
    @overload
    def read(
        self, data_object: Named, *, into: Into | None = ..., format: Format | None = ..., **options: Any
    ) -> Any: ...
    def read(
        self,
        data_object: Named,
        *,
        dao_interface: str | None = None,
        dao_interface_class: str | None = None,
        progress: Listener | bool | None = None,
        **options: Any,
    ) -> Any:
        """Read an object.

        Args:
            data_object: what to read.
            into: ``"arrow"``, ``"pandas"``, ``"polars"``, ``"duckdb"``, ``"spark"``, ``"pylist"`` or, for files,
                ``"bytes"``; by default what the interface gives, for tables a ``pyarrow.Table``.
            columns: the columns wanted, in this order, or the name of one; all by default. Pushed down.
            where: the rows wanted: a SQL boolean expression (``"month = 1 AND delay > 15"``), DNF tuples or a pyarrow
                Expression. Pushed down as far as the store can; the rows are the same on every backend.
            dao_interface: try this interface alone.
            dao_interface_class: the older spelling of the same.
            progress: receives progress reports; ``True`` shows a bar.
            options: what else the interface takes: ``format``, ``limit``, ``path``, the format's options; where the
                store keeps versions (:meth:`capabilities` tells) ``version`` (as :meth:`history` names it), ``as_of``
                (the last version at or before a moment: a datetime, date or ISO text, in UTC unless it says a zone),
                ``branch`` and ``tag``.

        Returns:
            The data, as ``into`` says.

        Raises:
            NotFoundError: there is nothing.
            DataError: ``columns`` or ``where`` name a column that isn't there.
            RoutingError: no single route fits the call.
            StoreError: the store refused, or what it holds can't be read.
        """
        return self._call("read", data_object, options, dao_interface or dao_interface_class, progress)

    def write(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> WriteResult:
        """Write an object: all of it, or nothing.

        Args:
            data: anything that exports Arrow data (pyarrow, pandas, polars, DuckDB...), a Spark DataFrame, dicts, an
                iterable of record batches; for files also bytes, a binary file object or a ``pathlib.Path``.
            data_object: where to.
            mode: ``error`` (the default: nothing may be there), ``append``, ``overwrite``, ``overwrite_partitions``
                or ``ignore``. A failed overwrite leaves the old data whole.
            schema_mode: whether the table's schema may change: ``strict`` (the default) or ``evolve``.
            format: the format's name; by default the object's, else that of what is there, else the store's own.
            idempotency_key: a name for this piece of work, on backends that keep it: the same call again changes
                nothing, other data under the same name is a DataError.
            options: what else the interface takes: ``path`` (where inside the store), ``partition_by``, ``branch``, the
                format's options.

        Returns:
            What was done.

        Raises:
            AlreadyExistsError: something is there and ``mode`` is ``error``.
            DataError: the data can't be used: its schema isn't the table's, or the format can't hold it.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given["idempotency_key"] = idempotency_key
        return cast("WriteResult", self._act("write", data_object, given))

    def upsert(
        self,
        data: Any,
        data_object: Named,
        *,
        keys: str | Sequence[str] | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> WriteResult:
        """Update the rows whose keys are there, insert the others: all of it, or nothing.

        Args:
            data: rows, as for :meth:`write`.
            data_object: the table; it is created if it isn't there.
            keys: the columns that tell rows apart; by default the object's property ``keys``.
            schema_mode: as for :meth:`write`; ``evolve`` leaves the stored values of columns that the data lacks.
            format: as for :meth:`write`.
            idempotency_key: as for :meth:`write`.
            options: what else the interface takes: ``order_by`` picks the winner among rows of one key, the stored one
                included; ``branch``.

        Returns:
            What was done.

        Raises:
            DataError: a key is null, or two rows have one key and no ``order_by`` decides.
            ConflictError: someone else committed first.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"data": data, "keys": keys, "schema_mode": schema_mode, "format": format, **options}
        given["idempotency_key"] = idempotency_key
        return cast("WriteResult", self._act("upsert", data_object, given))

    def delete(
        self, data_object: Named, *, where: Where = None, idempotency_key: str | None = None, **options: Any
    ) -> WriteResult:
        """Delete an object, or only the rows that ``where`` is true for; ``idempotency_key`` as for :meth:`write`.

        Raises:
            NotFoundError: there is nothing to delete.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"where": where, "idempotency_key": idempotency_key, **options}
        return cast("WriteResult", self._act("delete", data_object, given))

    def list(self, data_object: Named | DataStore, **options: Any) -> Listing:
        """The files of an object, or of a whole store given by its name.

        Returns:
            A :class:`~dao.results.Listing`: lazy, iterable more than once, with a length.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
        """
        return cast("Listing", self._act("list", data_object, options))

    def count(self, data_object: Named, *, where: Where = None, **options: Any) -> int:
        """The number of rows, from metadata alone where that is possible.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
        """
        return cast("int", self._act("count", data_object, {"where": where, **options}))

    def exists(self, data_object: Named, **options: Any) -> bool:
        """Whether there is anything.

        Raises:
            RoutingError: no single route fits the call.
            StoreError: the store didn't say; in doubt this raises, it never answers no.
        """
        return cast("bool", self._act("exists", data_object, options))

    def schema(self, data_object: Named, **options: Any) -> pyarrow.Schema:
        """The schema, read without the data.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
        """
        return self._act("schema", data_object, options)

    def history(self, data_object: Named, **options: Any) -> History:
        """What happened to an object, the newest first, as far as the format remembers: a list of versions.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
        """
        from dao.results import History

        return History(self._act("history", data_object, options))

    @overload
    def read_changes(
        self,
        data_object: Named,
        *,
        into: Literal["arrow"] | None = ...,
        since: Bound = ...,
        until: Bound = ...,
        **options: Any,
    ) -> pyarrow.Table: ...
    @overload
    def read_changes(
        self, data_object: Named, *, into: Into, since: Bound = ..., until: Bound = ..., **options: Any
    ) -> Any: ...
    def read_changes(self, data_object: Named, *, since: Bound = None, until: Bound = None, **options: Any) -> Any:
        """The rows that changed from one version of a table to a later one, on backends that keep them.

        Args:
            data_object: the table.
            since: the version after which changes count, itself excluded, as :meth:`history` names it; or a moment as a
                date or datetime, which means the last version at or before it. All changes that are kept by default.
            until: the last version that counts, itself included; the newest by default.
            options: ``columns``, ``where`` and ``limit`` choose among the changed rows, ``into`` converts, ``branch``.

        Returns:
            The rows in the order of their versions, with the columns ``_change_type`` (``insert``, ``delete``,
            ``update_before`` or ``update_after``), ``_version`` and ``_timestamp`` (in UTC). A row that was updated is
            there twice; a backend that can't tell an update gives it as ``delete`` and ``insert``.

        Raises:
            NotFoundError: there is no such table, or no such version.
            RoutingError: no interface of the store keeps changes.
        """
        return self._act("read_changes", data_object, {"since": since, "until": until, **options})

    def copy(self, source: Named, target: Named, *, mode: Mode | None = None, **options: Any) -> WriteResult:
        """Copy an object to another place, in the same store or in another one, in bounded memory.

        An interface of one of the two stores does it where it can: within a store, or by loading from or unloading to
        the other one. Else tables travel as Arrow record batches, files as bytes. ``explain("copy", ...)`` says which.

        Args:
            source: what to copy.
            target: where to.
            mode: as for :meth:`write`.
            options: ``columns``, ``where`` and ``limit`` choose what is copied; others go to the target's write.

        Raises:
            NotFoundError: the source isn't there.
            AlreadyExistsError: the target is, and ``mode`` is ``error``.
            StoreError: reading or writing failed; the target is as it was.
        """
        return self._transfer("copy", source, target, {"mode": mode, **options})

    def move(self, source: Named, target: Named, *, mode: Mode | None = None, **options: Any) -> WriteResult:
        """As :meth:`copy`, and delete the source once the target is complete.

        Raises:
            NotFoundError: the source isn't there.
            AlreadyExistsError: the target is, and ``mode`` is ``error``.
            StoreError: nothing was lost: the source is deleted last, and if that fails the data is in both places.
        """
        return self._transfer("move", source, target, {"mode": mode, **options})

    def read_stream(
        self,
        data_object: Named,
        *,
        columns: Columns = None,
        where: Where = None,
        batch_size: int | None = None,
        **options: Any,
    ) -> pyarrow.RecordBatchReader:
        """Read an object batch by batch; nothing is read before the first batch is asked for.

        Args:
            data_object: what to read.
            columns: as for :meth:`read`.
            where: as for :meth:`read`.
            batch_size: the most rows of a batch.
            options: what else the interface takes; ``into="bytes"`` gives a binary file object to read from.

        Returns:
            A ``pyarrow.RecordBatchReader``. Read it to its end or drop it to release its resources: pyarrow's own
            ``close`` does not reach a reader that is fed from Python; ``dao.arrow.close_reader`` does.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
            StoreError: what is there can't be read; also while it is read.
        """
        given = {"columns": columns, "where": where, "batch_size": batch_size, **options}
        return self._act("read_stream", data_object, given)

    def write_stream(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> WriteResult:
        """Write a stream of record batches, in bounded memory: all of it, or nothing.

        Takes and raises what :meth:`write` does; ``data`` is consumed as it is written.
        """
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given["idempotency_key"] = idempotency_key
        return cast("WriteResult", self._act("write_stream", data_object, given))

    def run(self, operation: str, data_object: Named | DataStore, **options: Any) -> Any:
        """Look after a store: ``run("compact", "silver.flights")``; or ask for what only its interface has.

        ``compact``, ``vacuum``, ``expire``, ``orphans``, ``restore`` and ``analyze`` mean the same everywhere, see
        :data:`dao.capabilities.OPERATIONS`. Those that delete (``vacuum``, ``expire``, ``orphans``) have
        ``dry_run=True`` as default: they say what they would delete, and delete with ``dry_run=False``.

        The operation ``metadata`` is what the interface's method ``run_metadata`` does. ``data_object`` may be a whole
        store or its name, where that is the subject: ``run("sql", "warehouse", text="...")``.

        Raises:
            RoutingError: no interface of the store has an operation of that name that takes these options.
        """
        return self._act("run", data_object, {"operation": operation, **options})

    def _act(self, action: str, data_object: Named | DataStore, given: Mapping[str, Any]) -> Any:
        options = {name: value for name, value in given.items() if value is not None or name == "data"}
        dao_interface = options.pop("dao_interface", None) or options.pop("dao_interface_class", None)
        return self._call(action, data_object, options, dao_interface, options.pop("progress", None))

    def _call(
        self,
        action: str,
        data_object: Named | DataStore,
        options: dict[str, Any],
        dao_interface: str | None,
        progress: Listener | bool | None,
    ) -> Any:
        found = data_object
        if not isinstance(found, DataObject) or "data" in options:
            found = self._named(action, data_object, options)
        budget, executor = self._budget, self._executor
        if "memory_limit" in options:
            budget = self._taken_budget(action, found, options)
            executor = self._executor_for(budget)
        if progress is None and self._progress is None and budget is None:
            return executor.execute(action, found, options, dao_interface)
        from dao.memory import budgeted
        from dao.progress import listening

        with budgeted(budget), listening(action, found.full_name, self._listener(progress)):
            return executor.execute(action, found, options, dao_interface)

    def _transfer(self, action: str, source: Named, target: Named, options: dict[str, Any]) -> WriteResult:
        progress = options.pop("progress", None)
        budget = self._taken_budget(action, source, options)
        transfer = self._transfer_of(action, source, target, options)
        from dao.memory import budgeted
        from dao.progress import listening

        with budgeted(budget), listening(action, transfer.source.full_name, self._listener(progress)):
            return transfer.run(self._executor_for(budget))

    def close(self) -> None:
        """Close the stores of the catalog, and of the registry if it is this object's own. They may be used again."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
