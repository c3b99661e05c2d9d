"""What a COPY or an UNLOAD leaves behind in the system tables, whether the client's transaction is kept or not.

The tables are those that `dao_redshift.testing._system` describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol

from attrs import field, frozen

from dao_redshift.testing._bulk._columns import Target
from dao_redshift.testing._bulk._faults import LoadError
from dao_redshift.testing._statements import Copy, Unload

__all__ = ["FileLoad", "Loaded", "Loads", "Written"]

_COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")
_ERROR_COLUMNS = (
    "table_id", "file_name", "line_number", "column_name", "column_type", "column_length", "position", "raw_line",
    "raw_field_value", "error_code", "error_message",
)  # fmt: skip

_VALUE_COLUMNS = ("filename", "line_number", "field", "colname", "value", "is_null", "type", "col_length")


class Log(Protocol):
    """What writes into the system tables, on a connection of its own."""

    def write(self, table: str, columns: tuple[str, ...], rows: Iterable[tuple[str | int | None, ...]]) -> None:
        """Write rows into one of the tables."""
        ...


@frozen
class Loaded:
    """What a COPY or UNLOAD has done.

    Attributes:
        rows: how many rows were loaded or unloaded.
        notices: what the client reads beside that.
    """

    rows: int
    notices: tuple[str, ...] = ()


@frozen
class FileLoad:
    """What was read of a file.

    Attributes:
        url: the file's.
        size: in bytes.
        lines: its records.
        errors: how many of them weren't loaded.
    """

    url: str
    size: int
    lines: int = 0
    errors: int = 0


@frozen
class Written:
    """A file that an UNLOAD wrote: its URL, its size in bytes, its rows."""

    url: str
    size: int
    rows: int


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(" ")


@frozen
class Loads:
    """Writes the outcome of one COPY or UNLOAD.

    Attributes:
        log: where to.
        query_id: the number of the statement.
        session_id: what ``pg_backend_pid()`` gives the client.
        begun: when the statement began.
    """

    log: Log
    query_id: int
    session_id: int
    begun: str = field(factory=_now)

    def copied(self, copy: Copy, target: Target, files: Sequence[FileLoad], rows: int, errors: list[LoadError]) -> None:
        """Write of a COPY that loaded `rows`, without those of `errors`."""
        self._load(copy, target, "completed", files, rows, errors, "")
        kind = copy.format.lower()
        self._write(
            "load_files",
            ("filename", "file_format", "lines_scanned", "errors"),
            ((one.url, kind, one.lines, one.errors) for one in files),
        )

    def copy_failed(self, copy: Copy, target: Target, message: str, errors: list[LoadError]) -> None:
        """Write of a COPY that loaded nothing."""
        self._load(copy, target, "aborted", (), 0, errors, message)

    def unloaded(self, unload: Unload, files: Sequence[Written]) -> None:
        """Write of an UNLOAD."""
        self._unload(unload, "completed", files, "")
        kind, now = unload.format.lower(), _now()
        self._write(
            "unload_files",
            ("path", "start_time", "end_time", "line_count", "transfer_size", "file_format"),
            ((one.url, self.begun, now, one.rows, one.size, kind) for one in files),
        )

    def unload_failed(self, unload: Unload, message: str) -> None:
        """Write of an UNLOAD that failed."""
        self._unload(unload, "aborted", (), message)

    def _load(
        self,
        copy: Copy,
        target: Target,
        status: str,
        files: Sequence[FileLoad],
        rows: int,
        errors: list[LoadError],
        message: str,
    ) -> None:
        size = sum(one.size for one in files)
        self._write(
            "loads",
            ("status", "table_name", "data_source", "file_format", "start_time", "end_time", "loaded_rows",
             "loaded_bytes", "source_file_count", "source_file_bytes", "error_count", "error_message"),
            [(status, target.name, copy.location, copy.format.lower(), self.begun, _now(), rows, size, len(files), size,
              len(errors), message)],
        )  # fmt: skip
        self._write("load_errors", _ERROR_COLUMNS, ((target.oid, *_error(one)) for one in errors))
        self._write("load_error_values", _VALUE_COLUMNS, (value for one in errors for value in _values(one)))

    def _unload(self, unload: Unload, status: str, files: Sequence[Written], message: str) -> None:
        compression = next((name.lower() for name in _COMPRESSIONS if name in unload.options), "")
        rows, size = sum(one.rows for one in files), sum(one.size for one in files)
        self._write(
            "unloads",
            ("status", "file_format", "compression_format", "unload_location", "start_time", "end_time",
             "unloaded_rows", "unloaded_files_count", "unloaded_files_size", "error_message"),
            [(status, unload.format.lower(), compression, unload.location, self.begun, _now(), rows, len(files), size,
              message)],
        )  # fmt: skip

    def _write(self, table: str, columns: tuple[str, ...], rows: Iterable[tuple[str | int | None, ...]]) -> None:
        named = ("query_id", "session_id", *columns)
        self.log.write(table, named, ((self.query_id, self.session_id, *row) for row in rows))


def _error(error: LoadError) -> tuple[str | int | None, ...]:
    return (
        error.filename, error.line_number, error.colname, error.type, error.col_length, error.position,
        _storable(error.raw_line), _storable(error.raw_field_value), error.err_code, error.err_reason,
    )  # fmt: skip


def _values(error: LoadError) -> Iterator[tuple[str | int | None, ...]]:
    for number, one in enumerate(error.fields):
        value = _storable(one.value or "")[:1024]
        yield (
            error.filename,
            error.line_number,
            number,
            one.colname,
            value,
            int(one.value is None),
            one.type,
            one.col_length,
        )


def _storable(text: str) -> str:
    """A text that PostgreSQL can have: bytes of a file that are no UTF-8 are question marks."""
    return text.encode(errors="replace").decode()
