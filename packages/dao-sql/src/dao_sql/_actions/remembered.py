"""What a schema keeps beside its tables: keys of calls that were done, and positions; in tables of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from attrs import frozen

from dao.errors import DataError
from dao.increments import Position
from dao.tables import KeyedCall, check_position
from dao_sql._connections.connection import Connection
from dao_sql._dialects.statements import Value
from dao_sql._sessions.database import OWN, Database
from dao_sql._types.columns import TableName

__all__ = ["Memory"]

_KEYS, _POSITIONS = f"{OWN}keys", f"{OWN}positions"
_TABLE, _NAME, _VALUE = "table_name", "name", "value"


@frozen
class Memory:
    """What is kept of one table. Each change is made in the transaction of the rows.

    Attributes:
        database: the database.
        table: the table.
    """

    database: Database
    table: TableName

    def was_done(self, connection: Connection, call: KeyedCall | None) -> bool:
        """Whether a call was done before; in a transaction that writes, before anything is changed.

        Raises:
            DataError: another call had its key.
        """
        if call is None:
            return False
        self._ensure(connection, _KEYS)
        found = self._get(connection, _KEYS, call.key)
        if found is None:
            return False
        difference = call.request.difference(str(found))
        if difference:
            raise DataError(
                f"idempotency_key: {call.key!r} is that of another call: {difference}; give this call a key of its own"
            )
        return True

    def record(self, connection: Connection, call: KeyedCall | None, position: Position | None, mode: str) -> None:
        """Keep a call's key and position.

        Raises:
            StalePositionError: the table has got to another version of the source meanwhile.
        """
        if call is not None:
            self._put(connection, _KEYS, call.key, call.request.text)
        if mode == "overwrite":
            self._forget(connection, _POSITIONS)
        if position is None:
            return
        self._ensure(connection, _POSITIONS)
        stored = self._get(connection, _POSITIONS, position.source)
        check_position(position, None if stored is None else Position(position.source, int(stored)), mode)
        store = self._put if stored is None else self._change
        store(connection, _POSITIONS, position.source, str(position.version))

    def position(self, connection: Connection, source: str) -> Position | None:
        """The position that the table has of a source."""
        if not self._is_there(connection, _POSITIONS):
            return None
        found = self._get(connection, _POSITIONS, source)
        return None if found is None else Position(source, int(found))

    def forget(self, connection: Connection) -> None:
        """Forget all of a table that goes."""
        for name in (_KEYS, _POSITIONS):
            self._forget(connection, name)

    def rename(self, connection: Connection, name: str) -> None:
        """Keep what is kept for a table's new name."""
        for own in (_KEYS, _POSITIONS):
            if self._is_there(connection, own):
                dialect = self.database.dialect
                connection.execute(
                    dialect.statement(
                        f"UPDATE {self._own(own)} SET {_TABLE} = ", Value(name), " WHERE ", *self._table()
                    )
                )  # fmt: skip

    def _table(self) -> Sequence[str | Value]:
        return self.database.dialect.is_text(_TABLE, self.table.name)

    def _name(self, name: str) -> Sequence[str | Value]:
        return self.database.dialect.is_text(_NAME, name)

    def _own(self, name: str) -> str:
        return self.database.dialect.table(TableName(name, self.table.schema))

    def _is_there(self, connection: Connection, name: str) -> bool:
        return self.database.find(connection, TableName(name, self.table.schema)) is not None

    def _ensure(self, connection: Connection, name: str) -> None:
        table = TableName(name, self.table.schema)
        if not self._is_there(connection, name):
            connection.execute(self.database.dialect.create_memory(table))
        self.database.lock(connection, table, self.database.dialect.lock_memory(table))

    def _get(self, connection: Connection, own: str, name: str) -> str | None:
        asked = self.database.dialect.statement(
            f"SELECT {_VALUE} FROM {self._own(own)} WHERE ", *self._table(), " AND ", *self._name(name)
        )
        found = connection.query(asked, pa.schema({_VALUE: pa.string()})).read_all()
        return found.column(0)[0].as_py() if found.num_rows else None

    def _put(self, connection: Connection, own: str, name: str, value: str) -> None:
        connection.execute(
            self.database.dialect.statement(
                f"INSERT INTO {self._own(own)} ({_TABLE}, {_NAME}, {_VALUE}) VALUES (", Value(self.table.name), ", ",
                Value(name), ", ", Value(value), ")",
            )
        )  # fmt: skip

    def _change(self, connection: Connection, own: str, name: str, value: str) -> None:
        connection.execute(
            self.database.dialect.statement(
                f"UPDATE {self._own(own)} SET {_VALUE} = ", Value(value), " WHERE ", *self._table(), " AND ",
                *self._name(name),
            )
        )  # fmt: skip

    def _forget(self, connection: Connection, own: str) -> None:
        if self._is_there(connection, own):
            dialect = self.database.dialect
            connection.execute(dialect.statement(f"DELETE FROM {self._own(own)} WHERE ", *self._table()))
