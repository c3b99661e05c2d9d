"""Tables and columns of a database: their names, and their types in SQL, in Arrow and as the driver takes them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.types as pt
from attrs import Factory, field, frozen

__all__ = ["COLLATED", "Column", "ColumnType", "TableName", "schema_of", "wire_schema"]

COLLATED = " COLLATE"
"""What is behind the declared type of a column whose texts the database may compare by other rules than their bytes."""


@frozen
class TableName:
    """The name of a table, unquoted.

    Attributes:
        name: the table's name.
        schema: the schema that it is in; None for the connection's own.
        temporary: whether it is seen by one connection alone, and gone with it.
    """

    name: str
    schema: str | None = None
    temporary: bool = False


@frozen
class ColumnType:
    """The type of a column.

    A value goes from `arrow` to `wire` by a cast in Arrow, from `wire` to `staged` by the driver, and from `staged` to
    `sql` by the expression `store` in the database; and back by `fetch`, the driver and a cast.

    Attributes:
        arrow: the type that readers get.
        sql: the declared type in ``CREATE TABLE``.
        wire: the Arrow type in which the driver takes and gives the values; that of readers by default.
        staged: the declared type of the column in a staging table; the same as `sql` by default.
        store: SQL that makes the stored value of the staged one, with ``{}`` for the column.
        fetch: SQL that makes what the driver gives of the stored value, with ``{}`` for the column.
        kept: SQL of what comes back of a staged value, with ``{}`` for the column, where that may be another value,
            which is refused then. None where each value of `arrow` comes back.
        comparable: whether the database compares the values as DAO does those of `arrow`; else Arrow does.
        length: the most bytes of a text, of bytes or of a document; None where nothing is known of it. Types don't
            differ by it.

    >>> ColumnType(pa.int32(), "INTEGER").staged
    'INTEGER'
    """

    arrow: pa.DataType
    sql: str
    wire: pa.DataType = field(default=Factory(lambda self: self.arrow, takes_self=True))
    staged: str = field(default=Factory(lambda self: self.sql, takes_self=True))
    store: str = "{}"
    fetch: str = "{}"
    kept: str | None = None
    comparable: bool = True
    length: int | None = field(default=None, eq=False)

    @property
    def is_document(self) -> bool:
        """Whether nested values are kept as JSON documents."""
        return bool(pt.is_nested(self.arrow) and pt.is_string(self.wire))


@frozen
class Column:
    """A column of a table.

    Attributes:
        name: its name, as the database has it.
        type: its type.
        nullable: whether it may hold NULL.
    """

    name: str
    type: ColumnType
    nullable: bool = True


def schema_of(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of columns, as readers get it."""
    return pa.schema([pa.field(one.name, one.type.arrow, one.nullable) for one in columns])


def wire_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of columns, as the driver takes and gives it."""
    return pa.schema([pa.field(one.name, one.type.wire) for one in columns])
