"""A database as the actions use it: names of its tables, sessions, transactions whose outcome is known."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from attrs import define, evolve

from dao.data_object import DataObject
from dao.errors import ConflictError, DaoError, DataError, NotFoundError
from dao.progress import ignored
from dao.results import WriteResult
from dao.tables import HalfDoneError, retry_conflicts
from dao_sql._connections.connection import Connection, Statement
from dao_sql._dialects.dialect import Dialect
from dao_sql._dialects.done import UNCHANGED, Done
from dao_sql._sessions.pool import Pool, Session
from dao_sql._sessions.waiting import Waiting
from dao_sql._types.columns import COLLATED, Column, ColumnType, TableName

__all__ = ["OWN", "Database"]

OWN = "_dao_"
"""What the names of tables begin with that DAO keeps for itself."""

_TEXTS = pa.schema([(name, pa.string()) for name in ("table", "column", "declared", "nullable")])
_NOTED = _TEXTS.append(pa.field("note", pa.string()))


@define(eq=False)
class Database:
    """A schema of a database.

    Attributes:
        dialect: its SQL.
        pool: its connections.
        schema: the schema's name; None where the database has none.
        timeout: seconds for which a transaction waits for locks, and is tried again after a conflict.
    """

    dialect: Dialect
    pool: Pool
    schema: str | None
    timeout: float

    def table(self, data_object: DataObject) -> TableName:
        """The name of an object's table.

        Raises:
            DataError: it is no plain name.
        """
        key = data_object.key
        if not key or key.startswith((".", OWN)) or any(letter in key for letter in "/\\\0"):
            raise DataError(
                f"a table of a database has a plain name, without folders and not beginning with '.' or {OWN!r}: "
                f"found {key!r}"
            )
        self.dialect.quote(key)
        return TableName(key, self.schema)

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a connection; the driver's errors are DAO's."""
        with self.translated(), self.pool.session() as session:
            yield session

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Make DAO's errors of the driver's."""
        try:
            yield
        except DaoError:  # some are an OSError too, as those of a driver's stream are
            raise
        except Exception as error:
            meant = self.dialect.translate(error)
            if meant is None:
                raise
            raise meant from error

    @contextlib.contextmanager
    def reading(self, session: Session) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._open(session, writing=False) as connection:
            yield connection
        self._end(session)

    def publish(self, session: Session, change: Callable[[Connection], WriteResult], done: Done | None) -> WriteResult:
        """Make a change in one transaction, again after conflicts; an answer to COMMIT that was lost is looked up.

        Args:
            session: the connection, on which staging tables are.
            change: makes the change; called again after a conflict.
            done: what it is, without its result; None if it changes no table.
        """

        def attempt() -> WriteResult:
            try:
                with self.translated():
                    return self._attempt(session, change, done)
            except ConflictError as error:
                if session.broken:  # and the staging tables are gone with it
                    raise HalfDoneError(error.message) from error
                raise

        with Waiting(self.timeout).shared():
            return retry_conflicts(self.timeout, attempt)

    def _attempt(self, session: Session, change: Callable[[Connection], WriteResult], done: Done | None) -> WriteResult:
        with self._open(session, writing=True) as connection:
            result = change(connection)
            told = None if done is None or result is UNCHANGED else evolve(done, result=result)
            mark = self.dialect.mark(connection, self.schema, told)
        try:
            connection.commit()
        except Exception as error:
            if not connection.is_lost(error):  # the database refused it
                self._end(session)
                raise
            session.broken = True
            if not self._was_committed(mark):
                raise
        return result

    @contextlib.contextmanager
    def _open(self, session: Session, *, writing: bool) -> Iterator[Connection]:
        try:
            session.begin(self.pool.connect, writing=writing)
            yield session.connection
        except BaseException:
            self._end(session)
            raise

    def _end(self, session: Session) -> None:
        try:
            session.connection.rollback()
        except Exception as error:  # whatever it is: the connection is closed, which undoes the transaction too
            ignored(error, "undoing a transaction")
            session.broken = True

    def _was_committed(self, mark: Any) -> bool:
        with self.pool.session() as other:
            return self.dialect.was_committed(other.connection, self.schema, mark)

    def find(self, connection: Connection, table: TableName) -> tuple[Column, ...] | None:
        """The columns of a table; None if it isn't there.

        Raises:
            DataError: there is one whose name the database can't tell from this one.
        """
        asked = _NOTED if self.dialect.document else _TEXTS
        found = connection.query(self.dialect.columns(table), asked).read_all()
        rows = list(zip(*(column.to_pylist() for column in found.columns), strict=True))
        others = {name for name, *_ in rows} - {table.name}
        if others:
            raise DataError(
                f"the table {table.name!r} can't be told from {others.pop()!r}, which is there: {self.dialect.name} "
                "ignores the case of names"
            )
        columns = tuple(
            Column(column, self._type(declared, *note), nullable == "YES")
            for _, column, declared, nullable, *note in rows
        )
        return columns or None

    def _type(self, declared: str, note: str | None = None) -> ColumnType:
        plain = declared.removesuffix(COLLATED)
        found = self.dialect.noted_type(plain, note)
        return found if plain == declared or not pa.types.is_string(found.arrow) else evolve(found, comparable=False)

    def numbered(
        self, session: Session, table: TableName, columns: Sequence[Column] | None, data: pa.Schema
    ) -> frozenset[str]:
        """The names of a table's columns that the database numbers, of those that the data lacks."""
        lacking = {one.name for one in columns or ()} - set(data.names)
        asked = self.dialect.numbered(table) if lacking else None
        if asked is None:
            return frozenset()
        with self.reading(session) as connection:
            found = connection.query(asked, pa.schema({"name": pa.string()})).read_all()
        return frozenset(lacking & set(found.column(0).to_pylist()))

    def locked(self, connection: Connection, table: TableName, purpose: str) -> tuple[Column, ...] | None:
        """Lock a table if it is there, and return its columns as they are from now on; None if it isn't."""
        found = self.find(connection, table)
        if found is None or not self.lock(connection, table, self.dialect.lock(table, purpose)):
            return found
        return self.find(connection, table)

    def lock(self, connection: Connection, table: TableName, statements: Sequence[Statement]) -> bool:
        """Run the statements that lock a table, for as long as the call may still wait; return whether there are any.

        Raises:
            ConflictError: another transaction holds the table. It is no longer tried once the call has waited enough.
        """
        if not statements:
            return False
        waiting, dialect = Waiting.current(self.timeout), self.dialect
        try:
            with waiting.used():
                self.run(connection, *dialect.bounded(statements, min(waiting.left, dialect.longest_wait)))
        except Exception as error:
            if not dialect.waited(error):
                raise
            found = ConflictError(
                f"another transaction holds the table {table.name!r}: a stream that isn't read to its end, or another "
                "writer. Read the stream to its end or drop the reader, and call again; or let calls wait longer with "
                f"conflict_timeout, which is {self.timeout:g} seconds"
            )
            raise (found if waiting.left > 0 else HalfDoneError(found.message)) from error
        return True

    def missing(self, table: TableName) -> NotFoundError:
        """The error of a table that isn't there."""
        where = "" if table.schema is None else f" in the schema {table.schema!r}"
        return NotFoundError(f"there is no table {table.name!r}{where}")

    def drop_quietly(self, session: Session, table: TableName) -> None:
        """Drop a staging table; where that fails the connection is closed, and the table goes with it."""
        try:
            session.connection.execute(self.dialect.drop_table(table))
        except Exception as error:
            ignored(error, "dropping a staging table")
            session.broken = True

    def run(self, connection: Connection, *statements: Statement) -> None:
        """Run statements one after the other."""
        for statement in statements:
            connection.execute(statement)
