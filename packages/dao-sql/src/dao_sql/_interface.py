"""The base of every SQL database: its methods are the routes, its fields the options that all have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import define, field

from dao.data_object import DataObject, DirectoryObject, TableObject
from dao.display import even_half_made
from dao.errors import DaoError
from dao.increments import Position
from dao.interface import register
from dao.options import number
from dao.results import Listing, TableInfo, WriteResult

if TYPE_CHECKING:
    from dao_sql._connections.connection import Connection
    from dao_sql._dialects.dialect import Dialect
    from dao_sql._sessions.database import Database

__all__ = ["SqlInterface"]


@even_half_made
@define(slots=False, kw_only=True)
class SqlInterface:
    """Tables of a SQL database. A database is a subclass with a :attr:`dialect` and a way to :meth:`connect`.

    **Objects** are tables: the name of one is the object's key.

    **Safety.** Rows are loaded into a temporary table and published in one transaction: all of them or none, whatever
    fails. After a conflict with another writer the transaction is made again, for up to ``conflict_timeout`` seconds.
    If the answer to COMMIT is lost, another connection asks the database whether it was done.

    Attributes:
        schema_name: the option ``schema``: the database's schema that the tables are in.
        pool_size: how many idle connections are kept.
        conflict_timeout: seconds for which a change waits for tables that others hold, and for which its transaction is
            made again after a conflict with another writer.
    """

    schema_name: str | None = field(default=None, alias="schema")
    pool_size: int = field(default=5, validator=number("connections", 0))
    conflict_timeout: float = field(default=60.0, validator=number("seconds", 0))
    _made: Database | None = field(default=None, init=False, repr=False, eq=False)

    table_formats: ClassVar[tuple[str, ...]] = ()

    @property
    def dialect(self) -> Dialect:
        """The database's SQL; a subclass gives its own."""
        raise NotImplementedError

    def connect(self) -> Connection:
        """Open a connection; a subclass does it with its driver."""
        raise NotImplementedError

    @property
    def _database(self) -> Database:
        if self._made is None:
            from dao_sql._sessions.database import Database
            from dao_sql._sessions.pool import Pool

            pool = Pool(self.connect, self.pool_size)
            self._made = Database(self.dialect, pool, self.schema_name, self.conflict_timeout)
        return self._made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}

    def close(self) -> None:
        """Close the idle connections."""
        if self._made is not None:
            self._made.pool.close()

    def translate_error(self, error: Exception) -> DaoError | None:
        """Translate a driver's error; None for one that is a bug rather than a refusal."""
        return self.dialect.translate(error)

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on the database's content; see :mod:`dao.interface`."""
        from dao_sql._actions.calls import plan

        return plan(self._database, action, data_object, arguments)

    def read(
        self, data_object: TableObject, *, columns: Sequence[str] | None = None, where: Any = None,
        limit: int | None = None,
    ) -> Any:  # fmt: skip
        """Read rows into memory.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true: evaluated by the database as far as it does that exactly
                as DAO, else in Arrow.
            limit: rows at most.

        Returns:
            A ``pyarrow.Table``.

        Raises:
            NotFoundError: there is no table.
            DataError: a column doesn't exist, or the predicate doesn't fit.
        """
        from dao.tables import Selection
        from dao_sql._actions.reading import read_rows

        database = self._database
        return read_rows(database, database.table(data_object), Selection(columns, where, limit))

    def read_stream(
        self, data_object: TableObject, *, columns: Sequence[str] | None = None, where: Any = None,
        limit: int | None = None, batch_size: int | None = None,
    ) -> Any:  # fmt: skip
        """Read rows as a stream, which holds a connection and a transaction until it is read to its end or dropped.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            batch_size: rows of a batch at most.

        Returns:
            A ``pyarrow.RecordBatchReader``.

        Raises:
            NotFoundError, DataError: as for :meth:`read`.
        """
        from dao.tables import Selection
        from dao_sql._actions.reading import stream_rows

        database = self._database
        return stream_rows(database, database.table(data_object), Selection(columns, where, limit, batch_size))

    def count(self, data_object: TableObject, *, where: Any = None) -> int:
        """How many rows :meth:`read` would give."""
        from dao_sql._actions.reading import count_rows

        database = self._database
        return count_rows(database, database.table(data_object), where)

    def schema(self, data_object: TableObject) -> Any:
        """The columns, as :meth:`read` gives them: a ``pyarrow.Schema``.

        Raises:
            NotFoundError: there is no table.
        """
        from dao_sql._actions.looking import columns_of
        from dao_sql._types.columns import schema_of

        database = self._database
        return schema_of(columns_of(database, database.table(data_object)))

    def exists(self, data_object: TableObject) -> bool:
        """Whether there is a table."""
        from dao_sql._actions.looking import is_there

        database = self._database
        return is_there(database, database.table(data_object))

    def list(self, data_object: DirectoryObject) -> Listing:
        """The tables of the schema, or the one table."""
        from dao_sql._actions.looking import table_names

        return Listing(TableInfo(name) for name in table_names(self._database, data_object))

    def read_position(self, data_object: TableObject, *, source: str) -> Position | None:
        """Up to which version of a source the table has got; None if there is no table, or it doesn't say."""
        from dao_sql._actions.looking import position_of

        database = self._database
        return position_of(database, database.table(data_object), source)

    @register("write", "write_stream")
    def write(
        self, data: Any, data_object: TableObject, *, mode: str = "error", schema_mode: str = "strict",
        schema: Any = None, properties: Mapping[str, Any] | None = None, idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:  # fmt: skip
        """Write rows, all or none, in one transaction.

        Args:
            data: tabular data, see :func:`dao.arrow.convert.to_reader`; a stream is read as it is sent.
            data_object: the table.
            mode: ``error``: the table must not exist, and of two writers exactly one succeeds. ``append``: add rows.
                ``overwrite``: replace all rows and the columns. ``ignore``: do nothing if the table exists.
            schema_mode: ``strict``: the table's columns in any order, with types that can be cast without loss.
                ``evolve``: new columns are added, and missing ones are null.
            schema: the schema of the data, which is cast to it without loss or refused.
            properties: what only this database has for a new table.
            idempotency_key: a name of this call: made again with the same rows and arguments it does nothing.
            position: up to which version of a source the table has got with these rows, see :class:`dao.Position`.

        Raises:
            AlreadyExistsError: the table exists, and ``mode`` is ``error``.
            DataError: the data doesn't fit the table, or the database would change a value; or another call had the
                idempotency key.
            UnsupportedError: the database has no type for a column.
            ConflictError: other writers kept on coming first; or the table has another position.
        """
        from dao.tables import KeyedCall
        from dao_sql._actions.writing import Write, write_rows

        asked = Write(mode, schema_mode, properties, position)
        call = KeyedCall.of(idempotency_key, "write", **asked.compared, position=position)
        database = self._database
        return write_rows(database, database.table(data_object), data, _declared(schema), asked, call)

    def upsert(
        self, data: Any, data_object: TableObject, *, keys: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None, delete_when: Any = None, schema_mode: str = "strict",
        schema: Any = None, properties: Mapping[str, Any] | None = None, idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:  # fmt: skip
        """Replace the rows with existing keys and add the others, all or none, in one transaction.

        The data is held in memory, the table is not.

        Args:
            data: the rows.
            data_object: the table. It is created if it doesn't exist. It needs no primary key.
            keys: the columns that identify a row; by default the object's property ``keys``.
            order_by: columns that select one of the rows with the same keys, including the stored row: the greatest
                wins; null and NaN are less than all values; of equal rows the data's last wins.
            delete_when: a condition on rows of the data: those for which it is true delete the stored row of their key.
            schema_mode: ``strict``, or ``evolve`` to add columns that the data has; columns that it lacks keep their
                values in stored rows.
            schema: the schema of the data, to which it is cast.
            properties: as for :meth:`write`.
            idempotency_key: as for :meth:`write`.
            position: as for :meth:`write`.

        Raises:
            DataError: a key is null or NaN, or keys are repeated in the data and there is no ``order_by``.
            UnsupportedError: the database can't order by a column.
        """
        from dao.tables import KeyedCall
        from dao_sql._actions.upserting import Upsert, upsert_rows

        asked = Upsert(_listed(keys), _listed(order_by), delete_when, schema_mode, properties, position)
        call = KeyedCall.of(idempotency_key, "upsert", **asked.compared, position=position)
        database = self._database
        return upsert_rows(database, database.table(data_object), data, _declared(schema), asked, call)

    def move(self, data_object: TableObject, target: TableObject, *, mode: str = "error") -> WriteResult:
        """Give a table another name in the schema, with all that belongs to it.

        Args:
            data_object: the table.
            target: the table's new name.
            mode: ``error``, ``overwrite`` or ``ignore``.

        Raises:
            NotFoundError: there is no table.
            AlreadyExistsError: there is one of the new name, and ``mode`` is ``error``.
        """
        from dao_sql._actions.moving import move_table

        database = self._database
        return move_table(database, database.table(data_object), database.table(target), mode)

    def run_sql(self, data_object: DataObject, *, query: str, parameters: Sequence[Any] | None = None) -> Any:
        """Run a query of your own in the database's SQL, in a transaction that only reads.

        Args:
            data_object: the store, or any object of it.
            query: the query. It is sent as it is: what comes from elsewhere belongs into `parameters`.
            parameters: the values of its placeholders (``?`` in SQLite, ``$1`` in PostgreSQL), in their order.

        Returns:
            A ``pyarrow.Table``, in the driver's types.
        """
        from dao_sql._actions.running import query_rows

        return query_rows(self._database, query, parameters)

    def run_analyze(self, data_object: TableObject) -> WriteResult:
        """Gather the statistics by which the database plans queries of a table.

        Raises:
            NotFoundError: there is no table.
        """
        from dao_sql._actions.running import analyze_table

        database = self._database
        return analyze_table(database, database.table(data_object))

    def delete(self, data_object: TableObject, *, where: Any = None, idempotency_key: str | None = None) -> WriteResult:
        """Delete rows, or a table, in one transaction.

        Args:
            data_object: the table.
            where: the predicate; rows for which it is null stay. Without it the table goes.
            idempotency_key: as for :meth:`write`; only with ``where``, since a table that goes keeps nothing.

        Raises:
            NotFoundError: there is no table.
            DataError: the predicate doesn't fit the table.
            UnsupportedError: the database can't evaluate the predicate, and has no numbers of rows.
        """
        from dao_sql._actions.deleting import delete_rows, drop_table

        database = self._database
        table = database.table(data_object)
        if where is None:
            return drop_table(database, table, idempotency_key)
        from dao.arrow.predicates import parse
        from dao.tables import KeyedCall

        predicate = parse(where)
        call = KeyedCall.of(idempotency_key, "delete", where=str(predicate))
        return delete_rows(database, table, predicate, call)


def _listed(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _declared(schema: Any) -> Any:
    from dao.arrow.models import schema_of

    return None if schema is None else schema_of(schema)
