"""What a COPY or an UNLOAD leaves behind in the system tables, whether the client's transaction is kept or not.

The tables are those that `dao_redshift.testing._system` describes.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from dao_redshift.testing._bulk._columns import literal
from dao_redshift.testing._bulk._faults import LoadError
from dao_redshift.testing._statements import Copy, Unload, Upstream

__all__ = ["FileLoad", "Loaded", "Loads", "Written"]

_COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2")


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
        lines: of the file, or its rows.
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


@frozen
class Loads:
    """Where outcomes are written: in a transaction of its own, since they outlive the client's.

    Attributes:
        upstream: another connection than the client's, in no transaction.
        query_id: the number of the statement.
        session_id: what ``pg_backend_pid()`` gives the client.
    """

    upstream: Upstream
    query_id: int
    session_id: int

    def copied(self, copy: Copy, table: str, files: Sequence[FileLoad], rows: int, errors: Sequence[LoadError]) -> None:
        """Record a COPY that loaded `rows`, without the rows of `errors`.

        Raises:
            RedshiftError: PostgreSQL refuses.
        """
        loaded = {"status": "completed", "loaded_rows": rows, "error_count": len(errors)}
        kind = copy.format.lower()
        self._write(
            self._row("loads", **self._load(copy, table, files), **loaded),
            *(
                self._row("load_files", filename=one.url, file_format=kind, lines_scanned=one.lines, errors=one.errors)
                for one in files
            ),
            *(self._error(table, error) for error in errors),
        )

    def copy_failed(self, copy: Copy, table: str, message: str, errors: Sequence[LoadError]) -> None:
        """Record a COPY that loaded nothing.

        Raises:
            RedshiftError: PostgreSQL refuses.
        """
        failed = {"status": "aborted", "error_count": len(errors), "error_message": message}
        self._write(
            self._row("loads", **self._load(copy, table, ()), **failed),
            *(self._error(table, error) for error in errors),
        )

    def unloaded(self, unload: Unload, files: Sequence[Written]) -> None:
        """Record an UNLOAD.

        Raises:
            RedshiftError: PostgreSQL refuses.
        """
        size, rows = sum(one.size for one in files), sum(one.rows for one in files)
        done = {"unloaded_rows": rows, "unloaded_files_count": len(files), "unloaded_files_size": size}
        kind = unload.format.lower()
        self._write(
            self._row("unloads", **self._unload(unload), **done, status="completed"),
            *(
                self._row("unload_files", path=one.url, line_count=one.rows, transfer_size=one.size, file_format=kind,
                          start_time=_NOW, end_time=_NOW)
                for one in files
            ),
        )  # fmt: skip

    def unload_failed(self, unload: Unload, message: str) -> None:
        """Record an UNLOAD that failed.

        Raises:
            RedshiftError: PostgreSQL refuses.
        """
        self._write(self._row("unloads", **self._unload(unload), status="aborted", error_message=message))

    def _load(self, copy: Copy, table: str, files: Sequence[FileLoad]) -> dict[str, object]:
        size = sum(one.size for one in files)
        return {
            "table_name": table.split(".")[-1].strip('"').replace('""', '"'),
            "data_source": copy.location,
            "file_format": copy.format.lower(),
            "end_time": _NOW,
            "source_file_count": len(files),
            "source_file_bytes": size,
            "loaded_bytes": size,
        }

    def _unload(self, unload: Unload) -> dict[str, object]:
        compression = next((name.lower() for name in _COMPRESSIONS if name in unload.options), "")
        return {
            "file_format": unload.format.lower(),
            "compression_format": compression,
            "unload_location": unload.location,
            "end_time": _NOW,
        }

    def _error(self, table: str, error: LoadError) -> str:
        return self._row(
            "load_errors",
            table_id=_Sql(f"COALESCE(pg_catalog.to_regclass({literal(table)})::oid::bigint::integer, 0)"),
            file_name=error.filename,
            line_number=error.line_number,
            column_name=error.colname,
            column_type=error.type,
            column_length=error.col_length,
            position=error.position,
            raw_line=error.raw_line,
            raw_field_value=error.raw_field_value,
            error_code=error.err_code,
            error_message=error.err_reason,
        )

    def _row(self, into: str, **values: object) -> str:
        row = {"query_id": self.query_id, "session_id": self.session_id, **values}
        names = ", ".join(f'"{name}"' for name in row)
        return f"INSERT INTO _dao_redshift.{into} ({names}) VALUES ({', '.join(map(_sql, row.values()))})"

    def _write(self, *statements: str) -> None:
        self.upstream.query("BEGIN")
        for statement in statements:
            self.upstream.query(statement)
        self.upstream.query("COMMIT")


class _Sql(str):
    """A text that is SQL already."""


_NOW = _Sql("(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')")


def _sql(value: object) -> str:
    return str(value) if isinstance(value, int | _Sql) else literal(_storable(str(value)))


def _storable(text: str) -> str:
    """A text that PostgreSQL can have: bytes of a file that are no UTF-8, or NUL, are question marks."""
    return text.replace("\0", "?").encode(errors="replace").decode()
