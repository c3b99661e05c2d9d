"""The actions of the synchronous API that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dao._core.access import Named
from dao._core.calls import Bound, Calls, Columns, Rows, Where
from dao.data_store import DataStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pandas
    import polars
    import pyarrow

    from dao._arguments import Format, Into
    from dao.increments import Increment
    from dao.progress import Listener
    from dao.results import History, Listing

__all__ = ["Reading"]


class Reading(Calls):
    """Reads objects, and says what is there."""

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
            ``close`` does not reach a reader that is fed from Python.

        Raises:
            NotFoundError: there is nothing.
            RoutingError: no single route fits the call.
            StoreError: what is there can't be read; also while it is read.
        """
        given = {"columns": columns, "where": where, "batch_size": batch_size, **options}
        return self._act("read_stream", data_object, given)

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

    def read_increment(
        self,
        source: Named,
        target: Named,
        *,
        keys: str | Sequence[str] | None = None,
        columns: Columns = None,
        where: Where = None,
        name: str | None = None,
        **options: Any,
    ) -> Increment:
        """What changed in a table since another one took its changes last, for a script that transforms in between.

        ``copy(source, target, incremental=True)`` is this and the write in one. The target remembers in its last commit
        up to which version it has got: write with the increment's ``position``, and a script that is killed anywhere
        and run again neither loses nor repeats a change.

        Args:
            source: the table whose changes are read, in a store that has ``read_changes``.
            target: the table that they are for, in a store that keeps positions. It need not exist.
            keys: the columns of the source that tell rows apart; by default the target's property ``keys``. Without
                them only added rows can be taken.
            columns: the columns wanted, the keys among them.
            where: the rows wanted; with keys one that was updated so that it isn't wanted any more is a deletion.
            name: what the target's position calls the source; by default its full name. A name of your own survives
                that the source's store is called otherwise, and is needed where one source is taken in two ways.
            options: ``branch`` of the target, ``memory_limit`` and ``progress``.

        Returns:
            The rows, from where, up to where. All rows of the source the first time, batch by batch as they are read;
            later what is left of the changes, one row per key, which is held in memory.

        Raises:
            NotFoundError: the source isn't there, or doesn't have the version any more that the target has got to.
            DataError: rows were updated or deleted and there are no keys; several rows have one key; the changes exceed
                ``memory_limit``.
            UnsupportedError: a store lacks what this takes, see :meth:`capabilities`.
        """
        given = {"keys": keys, "columns": columns, "where": where, "name": name, **options}
        return self._increment(source, target, given)

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
