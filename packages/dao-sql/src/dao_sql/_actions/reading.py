"""Reads: projection, predicate and limit as SQL with bound values, and the rest of the predicate in Arrow."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao.arrow.convert import select_fields
from dao.arrow.predicates import And, IsNull, Literal, Not, Or, Predicate, bind, filter_table, parse, split, to_sql
from dao.arrow.predicates import Column as Reference
from dao.errors import ConflictError, StoreError
from dao.memory import kept
from dao.progress import advance
from dao.tables import Selection
from dao_sql._connections.connection import Connection, Statement
from dao_sql._dialects.dialect import Dialect
from dao_sql._sessions.database import Database
from dao_sql._types.columns import Column, TableName, schema_of, wire_schema
from dao_sql._types.moments import refuse_other_moments

__all__ = ["Query", "condition", "count_rows", "decoded", "matching_rows", "query_of", "read_rows", "stream_rows"]


@frozen
class Query:
    """A read, compiled.

    Attributes:
        statement: the query.
        columns: the columns that it gives.
        wanted: those that the caller gets, by name, in their order.
        residual: the predicate that is left for Arrow; None if there is none.
        limit: how many rows at most are left by the residual; None where the query itself limits them.
    """

    statement: Statement
    columns: tuple[Column, ...]
    wanted: tuple[str, ...]
    residual: Predicate | None
    limit: int | None

    @property
    def schema(self) -> pa.Schema:
        """The schema of what the caller gets."""
        return pa.schema([schema_of(self.columns).field(name) for name in self.wanted])


def condition(dialect: Dialect, where: Any, columns: Sequence[Column]) -> tuple[Statement | None, Predicate | None]:
    """Split a predicate in the part that the database evaluates, as SQL with values, and the part that Arrow does.

    Of columns that the database compares otherwise it evaluates whether they are null alone.

    Returns:
        The condition without ``WHERE``, and the residual; each None if there is none.

    Raises:
        DataError: the predicate doesn't fit the columns.
    """
    if where is None:
        return None, None
    schema, others = schema_of(columns), {one.name for one in columns if not one.type.comparable}

    def pushes(node: Predicate) -> bool:
        alike = isinstance(node, (And, Or, Not)) or others.isdisjoint(node.columns)
        return (alike or (isinstance(node, IsNull) and _is_whole(node.operand))) and dialect.pushes(node, schema)

    pushed, residual = split(bind(parse(where), schema), pushes)
    left = None if _is_true(residual) else residual
    if _is_true(pushed):
        return None, left
    found = to_sql(pushed, schema, dialect=dialect.predicates, parameters=dialect.paramstyle)
    text = found.text if found.values or dialect.paramstyle != "format" else found.text.replace("%%", "%")
    return Statement(text, tuple(map(dialect.bindable, found.values))), left


def _is_whole(node: Predicate) -> bool:
    return isinstance(node, Reference) and len(node.path) == 1


def _is_true(node: Predicate) -> bool:
    return isinstance(node, Literal) and node.value is True


def query_of(dialect: Dialect, table: TableName, columns: Sequence[Column], selection: Selection) -> Query:
    """Compile a read of a table with these columns.

    Raises:
        DataError: a column doesn't exist, or the predicate doesn't fit.
    """
    schema = schema_of(columns)
    wanted = tuple(field.name for field in select_fields(schema, selection.columns))
    where, residual = condition(dialect, selection.where, columns)
    needed = {*wanted, *(residual.columns if residual is not None else ())} or {columns[0].name}
    fetched = tuple(one for one in columns if one.name in needed)
    limit = selection.limit
    statement = dialect.select(table, fetched, where, limit if residual is None else None)
    return Query(statement, fetched, wanted, residual, None if residual is None else limit)


def read_rows(database: Database, table: TableName, selection: Selection) -> pa.Table:
    """See :meth:`dao_sql.SqlInterface.read`."""
    with database.session() as session, database.reading(session) as connection:
        query = _compiled(database, connection, table, selection)
        rows = connection.query(query.statement, wire_schema(query.columns))
        return pa.Table.from_batches(matching_rows(database.dialect, query, rows), query.schema)


def stream_rows(database: Database, table: TableName, selection: Selection) -> pa.RecordBatchReader:
    """See :meth:`dao_sql.SqlInterface.read_stream`."""
    batches = kept(_streamed(database, table, selection))
    schema = next(batches)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _streamed(database: Database, table: TableName, selection: Selection) -> Generator[Any, None, None]:
    """The schema, then the batches.

    The query is sent when the first batch is asked for. One batch is fetched ahead, and the connection given back with
    the last one, or at once where the rows have left the database: a stream that isn't read, or of a small table that
    isn't read to its end, leaves no lock behind.
    """
    with database.session() as session, database.reading(session) as connection:
        schema = _compiled(database, connection, table, selection).schema
    yield schema
    ahead = None
    with contextlib.ExitStack() as held:
        session = held.enter_context(database.session())
        connection = held.enter_context(database.reading(session))
        query = _compiled(database, connection, table, selection)
        if query.schema != schema:
            raise ConflictError(f"the columns of {table.name!r} were changed before the stream was read: read again")
        rows = connection.query(query.statement, wire_schema(query.columns), stream=True)
        if not database.dialect.fetches(connection):
            held.close()
        with contextlib.closing(matching_rows(database.dialect, query, rows)) as batches:
            for batch in batches:
                if ahead is not None:
                    yield from _pieces(ahead, selection.batch_size)
                ahead = batch
    if ahead is not None:
        yield from _pieces(ahead, selection.batch_size)


def _pieces(batch: pa.RecordBatch, size: int | None) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, size or batch.num_rows or 1):
        yield batch.slice(start, size)


def count_rows(database: Database, table: TableName, where: Any) -> int:
    """See :meth:`dao_sql.SqlInterface.count`."""
    with database.session() as session, database.reading(session) as connection:
        columns = _columns(database, connection, table)
        pushed, residual = condition(database.dialect, where, columns)
        if residual is None:
            counted = connection.query(database.dialect.count(table, pushed), pa.schema({"rows": pa.int64()}))
            return int(counted.read_all().column(0)[0].as_py())
        query = query_of(database.dialect, table, columns, Selection(columns=[], where=where))
        rows = connection.query(query.statement, wire_schema(query.columns), stream=True)
        return sum(batch.num_rows for batch in matching_rows(database.dialect, query, rows))


def _columns(database: Database, connection: Connection, table: TableName) -> tuple[Column, ...]:
    found = database.locked(connection, table, "read")
    if found is None:
        raise database.missing(table)
    return found


def _compiled(database: Database, connection: Connection, table: TableName, selection: Selection) -> Query:
    return query_of(database.dialect, table, _columns(database, connection, table), selection)


def matching_rows(dialect: Dialect, query: Query, rows: pa.RecordBatchReader) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a query that its residual predicate and its limit leave, with the wanted columns."""
    left = query.limit
    for batch in _filtered(decoded(dialect, query.columns, rows), query.residual):
        if left == 0:
            return
        found = batch.slice(0, left).select(list(query.wanted))
        advance(rows=found.num_rows)
        yield found
        left = None if left is None else left - found.num_rows


def _filtered(batches: Iterable[pa.RecordBatch], residual: Predicate | None) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if residual is None:
            yield batch
        else:
            yield from filter_table(pa.Table.from_batches([batch]), residual).to_batches()


def decoded(dialect: Dialect, columns: Sequence[Column], rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """The rows of a query in the types that readers get."""
    schema = schema_of(columns)
    for batch in rows:
        pairs = zip(batch.columns, columns, strict=True)
        yield pa.RecordBatch.from_arrays([_decoded_column(dialect, array, one) for array, one in pairs], schema=schema)


def _decoded_column(dialect: Dialect, array: pa.Array, column: Column) -> pa.Array:
    try:
        found = dialect.decode(array, column.type)
    except StoreError as error:
        raise StoreError(f"column {column.name!r}: {error.message}") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise StoreError(
            f"column {column.name!r} is {column.type.sql} in {dialect.name}, and has a value that is none of Arrow's "
            f"type {column.type.arrow}: {error}"
        ) from error
    refuse_other_moments(column.name, found, dialect.name)
    return found
