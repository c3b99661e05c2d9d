"""COPY and UNLOAD: run on the session's connection, reported as Redshift does."""

from __future__ import annotations

from datetime import UTC, datetime

from attrs import define, field

from dao_redshift.testing._bulk import run_copy, run_unload
from dao_redshift.testing._bulk._faults import LoadError
from dao_redshift.testing._bulk._storage import S3Object
from dao_redshift.testing._gateway._context import SessionContext, Shared
from dao_redshift.testing._gateway._log import SystemLog
from dao_redshift.testing._statements import Copy, RedshiftError, Unload
from dao_redshift.testing._wire import _messages as m


def run(what: Copy | Unload, context: SessionContext, shared: Shared) -> tuple[str, list[bytes]]:
    """Run one; return its command tag, and the notices that the client gets.

    Raises:
        RedshiftError: it failed, or the gateway has no storage.
    """
    storage = shared.bulk
    if storage is None:
        raise RedshiftError("this gateway has no S3 for COPY and UNLOAD: give RedshiftGateway its storage=")
    if isinstance(what, Copy):
        loaded = run_copy(what, context.upstream, storage, _Loads(shared.log, context, _table_id(what, context)))
        context.last_copy, context.last_copy_count = context.last_query, loaded.rows
        return "COPY", [m.notice(words) for words in loaded.notices]
    unloaded = run_unload(what, context.upstream, storage)
    context.last_unload, context.last_unload_count = context.last_query, unloaded.rows
    return "UNLOAD", [m.notice(words) for words in unloaded.notices]


def _table_id(copy: Copy, context: SessionContext) -> int:
    name = copy.table.replace("\\", "\\\\").replace("'", "''")
    ((found,),) = context.upstream.query(f"SELECT coalesce(pg_catalog.to_regclass(E'{name}')::oid, 0)")
    return int(str(found))


@define(eq=False)
class _Loads:
    """Writes the outcome of one COPY into the tables of the system views."""

    log: SystemLog
    context: SessionContext
    table: int
    begun: str = field(factory=lambda: datetime.now(UTC).replace(tzinfo=None).isoformat(" "))

    def succeeded(self, copy: Copy, files: list[S3Object], rows: int, errors: list[LoadError]) -> None:
        """Write of a COPY that loaded rows."""
        size = sum(one.size for one in files)
        self._write(copy, "completed", rows, len(files), size, errors, "")
        self.log.write(
            "load_files", ("query_id", "session_id", "filename", "file_format", "lines_scanned"),
            [(self.context.last_query, self.context.pid, one.place.url, copy.format.lower(), 0) for one in files],
        )  # fmt: skip

    def failed(self, copy: Copy, message: str, errors: list[LoadError]) -> None:
        """Write of a COPY that loaded nothing."""
        self._write(copy, "aborted", 0, 0, 0, errors, message)

    def _write(
        self, copy: Copy, status: str, rows: int, files: int, size: int, errors: list[LoadError], message: str
    ) -> None:
        query, pid = self.context.last_query, self.context.pid
        self.log.write(
            "loads", ("query_id", "session_id", "status", "table_name", "data_source", "file_format", "loaded_rows",
            "loaded_bytes", "source_file_count", "source_file_bytes", "error_count", "error_message", "start_time"),
            [(query, pid, status, copy.table.rpartition(".")[2].strip('"'), copy.location, copy.format.lower(), rows,
              size, files, size, len(errors), message, self.begun)],
        )  # fmt: skip
        self.log.write(
            "load_errors", ("query_id", "session_id", "table_id", "file_name", "line_number", "column_name",
            "column_type", "column_length", "position", "raw_line", "raw_field_value", "error_code", "error_message"),
            [(query, pid, self.table, one.filename, one.line_number, one.colname, one.type, one.col_length,
              one.position, one.raw_line, one.raw_field_value, one.err_code, one.err_reason) for one in errors],
        )  # fmt: skip
