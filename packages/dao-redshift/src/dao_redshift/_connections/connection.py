"""A connection to a warehouse as dao_sql needs it: statements with bound values, streams by cursor, loads by COPY."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import define, field, frozen

from dao.errors import ConflictError, UnsupportedError
from dao.memory import current
from dao.progress import ignored
from dao.tables import retry_conflicts
from dao_redshift import _errors
from dao_redshift._call import Way, chosen, loaded_files
from dao_redshift._connections.widening import Lengths
from dao_redshift._sql.inline import check_count, inlined
from dao_redshift._sql.texts import name
from dao_redshift._staging.loading import NO_BYTES, Bulk, unloads
from dao_redshift._types.values import batch_of, result_columns, rows_of, use_plain_values
from dao_sql import Column, HeldRows, Statement, TableName

if TYPE_CHECKING:
    import redshift_connector

__all__ = ["RedshiftConnection"]

_JOINED = 2 << 20  # bytes of the batches that a cursor's rows are joined to

_BINDS = 32_767  # the protocol's limit of a statement
_ROWS = 2_000  # of an INSERT: longer statements take the warehouse longer to read than they save
_STYLE = "qmark"
_PATIENCE = 20.0  # seconds for which a statement that is a transaction of its own is run again after conflicts
_EXPECTED = re.compile(r"\brows=(\d+)")  # of the whole result, in the first line of a plan
_FETCH = 1_000  # rows of a FETCH: more aren't allowed on warehouses of one node


@frozen(eq=False)
class _FewRows:
    """Rows that go by INSERT."""

    batches: tuple[pa.RecordBatch, ...]

    def add_to(self, connection: RedshiftConnection, table: TableName) -> int:
        return sum(connection.insert(table, batch) for batch in self.batches)


@define(eq=False, slots=False)
class RedshiftConnection:
    """A :class:`dao_sql.Connection` over redshift_connector.

    Attributes:
        raw: the driver's connection, in its autocommit mode.
        bulk: how much data goes by COPY; None where there is no staging place.
        bulk_values: how many values go by INSERT at most where there is one.
        commits: the statement that makes the table of the marks of transactions, run before the first that writes.
        load: the number of the COPY by which the last rows came; None if they came by INSERT.
    """

    raw: redshift_connector.Connection
    bulk: Bulk | None = None
    bulk_values: int = 50_000
    commits: str | None = None
    load: int | None = field(default=None, init=False)
    _marks_ready: bool = field(default=False, init=False)
    _reads_only: bool = field(default=False, init=False)
    _cursors: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        use_plain_values(self.raw)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self.raw.in_transaction)

    def execute(self, statement: Statement) -> int | None:
        """Run a statement that gives no rows; return how many rows it changed, None where the warehouse doesn't say."""
        count = self._alone(statement.text, statement.values).rowcount
        return count if count >= 0 else None

    def query(
        self, statement: Statement, schema: pa.Schema | None = None, *, stream: bool = False
    ) -> pa.RecordBatchReader:
        """Run a query; the types are those of the result's description, whatever `schema` says.

        A stream is read by a cursor, or by UNLOAD: as :func:`dao_redshift._call.chosen` says, else by UNLOAD where
        there is a staging place and the result is large: the warehouse expects so many rows, or so many have been
        fetched. Bytes come by a cursor alone. The transaction ends as soon as no more rows are fetched in it, whether
        they were read by then or not.

        Raises:
            UnsupportedError: an UNLOAD of bytes is asked for.
            DataError: there are more values than placeholders.
        """
        if stream:
            way = chosen()
            if way == "unload" and schema is not None and not unloads(schema.types):
                raise UnsupportedError(f"via='unload': {NO_BYTES}: read with via='cursor', or without via=")
            return self._stream(inlined(statement.text, statement.values), way)
        check_count(statement.text, statement.values)
        cursor = self._run(statement.text, statement.values)
        batch = batch_of(cursor.fetchall(), result_columns(cursor.ps["row_desc"]))
        return pa.RecordBatchReader.from_batches(batch.schema, [batch])

    def ingest(self, table: TableName, columns: Sequence[Column], rows: pa.RecordBatchReader) -> int:
        """Append rows to a table: few by INSERT, many by COPY of staged files; or files that are there already."""
        lengths = Lengths()
        rows = lengths.watch(rows)
        keeping = self._held(rows)
        if keeping is None:
            count = sum(self.insert(table, batch) for batch in rows)
        else:
            with keeping as kept:
                count = kept.add_to(self, table)
        lengths.widen(self)
        return count

    def hold(self, rows: pa.RecordBatchReader) -> AbstractContextManager[HeldRows] | None:
        """Keep rows for the ``with`` block: few in memory, many as staged files, or files that are there already.

        The columns that they need wider are, then. None, with `rows` unread, where there is no staging place.
        """
        lengths = Lengths()
        keeping = self._held(lengths.watch(rows))
        return None if keeping is None else self._widened(keeping, lengths)

    @contextmanager
    def _widened(self, keeping: AbstractContextManager[HeldRows], lengths: Lengths) -> Iterator[HeldRows]:
        with keeping as kept:
            lengths.widen(self)
            yield kept

    def _held(self, rows: pa.RecordBatchReader) -> AbstractContextManager[HeldRows] | None:
        if self.bulk is None:
            return None
        files = loaded_files()
        if files is not None:
            return self.bulk.hold_files(files)
        first, values = list[pa.RecordBatch](), 0
        for batch in rows:
            first.append(batch)
            values += batch.num_rows * max(1, batch.num_columns)
            if values > self.bulk_values:
                return self.bulk.hold(self, rows.schema, chain(first, rows))
        return nullcontext(_FewRows(tuple(first)))

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction."""
        if writing and self.commits is not None and not self._marks_ready:
            self._make_ready(self.commits)
        self._run("BEGIN" if writing else "BEGIN READ ONLY", ())
        self._reads_only = not writing

    def _make_ready(self, commits: str) -> None:
        self._alone(commits, ())
        self._marks_ready = True

    def commit(self) -> None:
        """Commit it."""
        self._run("COMMIT", ())

    def rollback(self) -> None:
        """Undo it."""
        if self.raw.in_transaction:
            self._run("ROLLBACK", ())

    def close(self) -> None:
        """Close the connection."""
        buffers = self.raw._sock
        try:
            self.raw.close()
        finally:
            if buffers is not None:
                try:
                    buffers.close()
                except (OSError, ValueError) as error:  # what a lost connection didn't send is of no use any more
                    ignored(error, "closing the buffers of a connection")

    def is_lost(self, error: BaseException) -> bool:
        """Whether an error means that this connection can't be used any more."""
        return _errors.is_lost(error) or self.raw._sock is None

    def value(self, sql: str, *values: Any) -> Any:
        """The one value that a query gives, as the driver has it; None without a row."""
        found = self.row(sql, *values)
        return None if found is None else found[0]

    def row(self, sql: str, *values: Any) -> Any:
        """The first row that a query gives, as the driver has it; None without one."""
        return self._run(sql, values).fetchone()

    def run(self, sql: str) -> None:
        """Run a statement without values, whose text may hold credentials: it is in no error."""
        self._alone(sql, ())

    def _alone(self, sql: str, values: Sequence[Any]) -> redshift_connector.Cursor:
        """Run a statement; one that is a transaction of its own again after a conflict, since it did nothing then."""
        if self.raw.in_transaction:
            return self._run(sql, values)

        def attempt() -> redshift_connector.Cursor:
            try:
                return self._run(sql, values)
            except Exception as error:
                if isinstance(meant := _errors.translate(error), ConflictError) and not _errors.is_lost(error):
                    raise meant from error
                raise

        return retry_conflicts(_PATIENCE, attempt)

    def _run(self, sql: str, values: Sequence[Any]) -> redshift_connector.Cursor:
        cursor = self.raw.cursor()
        cursor.paramstyle = _STYLE
        # What the driver would find out letter by letter, and keep for ever: placeholders are PostgreSQL's own already.
        known = {"statement": {sql: (sql, _as_they_are)}, "ps": {}, "statement_dict": None}
        self.raw._caches = {_STYLE: {os.getpid(): known}}
        cursor.execute(sql, list(values) or None)
        return cursor

    def insert(self, table: TableName, batch: pa.RecordBatch) -> int:
        """Append rows to a table by INSERT; return how many."""
        self.load = None
        if not batch.num_rows:
            return 0
        if not batch.num_columns:
            raise ValueError("a table without columns has no rows")
        most = max(1, min(_ROWS, _BINDS // batch.num_columns))
        for values in rows_of(batch, most):
            self._run(self._insertion(table, batch.schema, len(values)), values)
        return int(batch.num_rows)

    @staticmethod
    def _insertion(table: TableName, schema: pa.Schema, values: int) -> str:
        wrapped = ["FROM_HEX(${})" if pa.types.is_binary(one.type) else "${}" for one in schema]
        rows = (
            f"({', '.join(form.format(start + at) for at, form in enumerate(wrapped))})"
            for start in range(1, values + 1, len(schema))
        )
        where = (
            name(table.name) if table.schema is None or table.temporary else f"{name(table.schema)}.{name(table.name)}"
        )
        return f"INSERT INTO {where} ({', '.join(map(name, schema.names))}) VALUES {', '.join(rows)}"

    def _stream(self, sql: str, way: Way | None) -> pa.RecordBatchReader:
        if way == "unload" and (found := self._unloaded(sql)) is not None:
            return found
        self._cursors += 1
        cursor = name(f"dao_{self._cursors}")
        self._run(f"DECLARE {cursor} CURSOR FOR {sql}", ())
        first = [self._fetch(cursor)]
        schema = first[0].schema
        if self.bulk is None or way == "cursor" or not unloads(schema.types):
            return pa.RecordBatchReader.from_batches(schema, self._batches(cursor, first))
        most = self.bulk_values // max(1, len(schema))
        while first[-1].num_rows == _FETCH:
            large = len(first) * _FETCH > most or (len(first) == 1 and self._expected(sql) > most)
            if large and (found := self._unloaded(sql)) is not None:
                return found
            first.append(self._fetch(cursor))
        self._end_reading()
        return pa.RecordBatchReader.from_batches(schema, self._joined(first))

    def _unloaded(self, sql: str) -> pa.RecordBatchReader | None:
        found = None if self.bulk is None else self.bulk.unload(self, sql)
        if found is not None:
            self._end_reading()
        return found

    def _end_reading(self) -> None:
        """End the transaction, with its cursors and locks, if nothing but this read is done in it."""
        if self._reads_only:
            try:
                self.rollback()
            except Exception as error:  # the rows are there, and who returns the connection finds out that it is lost
                ignored(error, "ending a read")

    def _expected(self, sql: str) -> int:
        """How many rows the warehouse expects of a query, by its plan; 0 if that doesn't say."""
        plan = _EXPECTED.search(str(self.value(f"EXPLAIN {sql}")))
        return int(plan[1]) if plan else 0

    def _fetch(self, cursor: str) -> pa.RecordBatch:
        found = self._run(f"FETCH FORWARD {_FETCH} FROM {cursor}", ())
        return batch_of(found.fetchall(), result_columns(found.ps["row_desc"]))

    def _batches(self, cursor: str, first: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches fetched already, and all others, joined to larger ones."""
        try:
            yield from self._joined(chain(first, self._rest(cursor, first[-1])))
        finally:
            if self.raw.in_transaction:
                try:
                    self._run(f"CLOSE {cursor}", ())
                except Exception as error:  # it ends with the transaction too
                    ignored(error, "closing a cursor")

    @staticmethod
    def _joined(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same rows in larger batches, one at least."""
        waiting, held = list[pa.RecordBatch](), 0
        enough = min(current().batch, _JOINED)
        for batch in batches:
            waiting.append(batch)
            held += batch.nbytes
            if held >= enough:
                yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()
                waiting, held = [], 0
        if waiting:
            yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()

    def _rest(self, cursor: str, last: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        while last.num_rows == _FETCH:
            last = self._fetch(cursor)
            yield last


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values
