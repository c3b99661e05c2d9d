"""Loads by COPY and reads by UNLOAD, over the staging place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
from attrs import define, field, frozen

from dao.errors import DaoError, DataError, StoreError
from dao.progress import ignored
from dao_redshift import _errors
from dao_redshift._sql.copying import Authority, copy, unload
from dao_redshift._sql.texts import qualified
from dao_redshift._staging.files import file_bytes, stage, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from dao_redshift._files.places import S3Place
    from dao_redshift._files.sources import SourceFiles
    from dao_redshift._staging.area import Load, StagingArea
    from dao_sql import TableName

__all__ = ["NO_BYTES", "Bulk", "StagedRows", "Warehouse", "load_error", "unloads"]

NO_BYTES = "UNLOAD writes no values of bytes to Parquet"
_UNLOADED = "rows"
_SLICES = "SELECT COUNT(*) FROM stv_slices"
_BEFORE = "SELECT pg_last_query_id()"  # numbers grow: what is noted of a load has a later one
_LOAD = "SELECT pg_last_copy_id()"
_LOAD_ERRORS = (
    "SELECT file_name, line_number, column_name, error_message FROM sys_load_error_detail "
    "WHERE session_id = pg_backend_pid() AND query_id > $1 ORDER BY start_time DESC LIMIT 1"
)
_OLDER_LOAD_ERRORS = (
    "SELECT TRIM(filename), line_number, TRIM(colname), TRIM(err_reason) FROM stl_load_errors "
    "WHERE session = pg_backend_pid() AND query > $1 ORDER BY starttime DESC LIMIT 1"
)


class Warehouse(Protocol):
    """What a load needs of a connection.

    Attributes:
        load: the number of its last COPY.
    """

    load: int | None

    def run(self, sql: str) -> None:
        """Run a statement without values."""
        ...

    def value(self, sql: str, *values: Any) -> Any:
        """The one value that a query gives."""
        ...


@frozen(eq=False)
class StagedRows:
    """Rows in files.

    Attributes:
        bulk: by which they are loaded.
        names: the names of their columns.
        manifest: the place of the manifest that lists the files.
        rows: how many there are; None if it isn't known before they are loaded.
    """

    bulk: Bulk
    names: Sequence[str]
    manifest: S3Place
    rows: int | None

    def add_to(self, warehouse: Warehouse, table: TableName) -> int:
        """Append the rows to a table by one COPY; return how many.

        Raises:
            DataError: a row that the table can't take; it says which file, line and column.
        """
        if self.rows == 0:
            return 0
        where = qualified(None if table.temporary else table.schema, table.name)
        run_load(warehouse, copy(where, self.names, self.manifest, self.bulk.authority(), manifest=True).sql)
        return int(warehouse.value("SELECT pg_last_copy_count()")) if self.rows is None else self.rows


@define(eq=False)
class Bulk:
    """Loads and reads over a staging place.

    Attributes:
        area: the staging place.
        authority: makes the right by which the warehouse reaches it, valid now.
    """

    area: StagingArea
    authority: Callable[[], Authority]
    _slices: int = field(default=0, init=False)

    @contextmanager
    def hold(self, warehouse: Warehouse, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[StagedRows]:
        """Stage rows as files for the ``with`` block."""
        with self.area.begin() as load:
            found = stage(load, schema, batches, file_bytes(None, self._slice_count(warehouse)))
            yield StagedRows(self, schema.names, found.manifest, found.rows)

    @contextmanager
    def hold_files(self, source: SourceFiles) -> Iterator[StagedRows]:
        """The rows of files that are there already, for the ``with`` block."""
        with self.area.begin() as load:
            rows = None if source.files else 0
            yield StagedRows(self, source.schema.names, write_manifest(load, source.files), rows)

    def unload_files(self, warehouse: Warehouse, query: str) -> Load:
        """The Parquet files of a query's rows, by UNLOAD, below ``rows`` of a load that the caller ends."""
        load = self.area.begin().__enter__()
        try:
            warehouse.run(unload(query, load.place.below(_UNLOADED), self.authority()).sql)
        except BaseException:
            load.end(failed=True)
            raise
        return load

    def unloaded_schema(self, load: Load) -> pa.Schema | None:
        """The columns of the files that were unloaded; None if there are no files, as there was no row."""
        return self.area.schema(f"{load.key}/{_UNLOADED}")

    def unload(self, warehouse: Warehouse, query: str) -> pa.RecordBatchReader | None:
        """The rows of a query, by UNLOAD to files that are read as a stream and taken away at its end.

        None if there is no row: UNLOAD writes no file then, which would say the types.
        """
        load = self.unload_files(warehouse, f"SELECT * FROM ({query}) AS found")  # the outermost may have no LIMIT
        try:
            rows = self.area.rows(f"{load.key}/{_UNLOADED}")
        except BaseException:
            load.end(failed=True)
            raise
        if rows is None:
            load.end()
            return None
        return pa.RecordBatchReader.from_batches(rows.schema, _ending(load, [rows]))

    def _slice_count(self, warehouse: Warehouse) -> int:
        if not self._slices:
            self._slices = max(1, int(warehouse.value(_SLICES) or 1))
        return self._slices


def _ending(load: Load, rows: list[pa.RecordBatchReader]) -> Iterator[pa.RecordBatch]:
    """The batches of a reader, which is dropped with the last one; the load is ended then."""
    try:
        yield from rows.pop()
    finally:
        load.end()


def unloads(types: Iterable[pa.DataType]) -> bool:
    """Whether UNLOAD writes columns of these types to Parquet: not those of bytes."""
    return not any(pa.types.is_binary(one) for one in types)


def run_load(warehouse: Warehouse, sql: str) -> None:
    """Run a COPY.

    Raises:
        DataError: a row that the table can't take; it says which file, line and column.
        StoreError: any other error of the load.
    """
    before = int(warehouse.value(_BEFORE) or 0)
    try:
        warehouse.run(sql)
    except Exception as error:
        if _errors.is_lost(error):
            raise
        raise load_error(warehouse, error, before) from error
    warehouse.load = int(warehouse.value(_LOAD))


def load_error(warehouse: Any, error: Exception, before: int) -> Exception:
    """The error of a COPY, with what the warehouse noted about it; its transaction is rolled back for that.

    What is noted of queries up to the number `before` is of earlier loads.

    The views are asked outside of the failed transaction: it takes no statement any more.
    """
    meant = _errors.translate(error)
    if meant is None or not isinstance(meant, (DataError, StoreError)):
        return meant or error
    try:
        noted = _noted(warehouse, before)
    except Exception as failed:  # the views may be beyond the user's rights, and the load's own error is what counts
        ignored(failed, "looking up the errors of a load")
        return meant
    if noted is None:
        return meant
    words = ("file", "line", "column", "")
    found = {word: str(part).strip() for word, part in zip(words, noted, strict=True) if part is not None}
    where = ", ".join(f"{word} {found[word]}" for word in words[:3] if found.get(word))
    return DataError(f"the load was refused: {_errors.without_credentials(found.get('', ''))} ({where})")


def _noted(warehouse: Any, before: int) -> Any:
    warehouse.rollback()
    for query in (_LOAD_ERRORS, _OLDER_LOAD_ERRORS):
        try:
            found = warehouse.row(query, before)
        except DaoError:
            raise
        except Exception as failed:
            ignored(failed, "looking up the errors of a load in one of the views")
            warehouse.rollback()
            continue
        if found is not None:
            return found
    return None
