"""A session of PostgreSQL for COPY and UNLOAD, and a bucket in memory."""

from __future__ import annotations

import io
import json
from typing import Any

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obstore.store import MemoryStore

from dao_redshift.testing._bulk import BulkStorage, Loaded, Loads, parse_copy, parse_unload, run_copy, run_unload
from dao_redshift.testing._gateway._log import SystemLog
from dao_redshift.testing._gateway._sent import SentStatements
from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._wire import _messages as m
from dao_redshift.testing._wire._address import Address
from dao_redshift.testing._wire._login import connect
from dao_redshift.testing._wire._upstream import UpstreamConnection

__all__ = ["BulkSession", "refused"]


class BulkSession:
    """A client's session, in which each call is a transaction, and a bucket in memory."""

    def __init__(self, address: str) -> None:
        self.stream, _, _ = connect(Address.of(address), {"standard_conforming_strings": "off"})
        self.upstream = UpstreamConnection(self.stream)
        self.log = SystemLog(Address.of(address), SentStatements())
        self.bucket: Any = MemoryStore()
        self.storage = BulkStorage(lambda _name: self.bucket)
        self.query_id = 0

    def close(self) -> None:
        self.stream.close()
        self.log.close()

    def loads(self) -> Loads:
        """Where the next outcome is written."""
        self.query_id = self.log.next_number()
        return Loads(self.log, self.query_id, 77)

    def errors(self) -> list[tuple[str | None, ...]]:
        """What is wrong, after the last COPY: file, line, column, type, length, position, line, field, code, text."""
        columns = (
            "column_name, column_type, column_length, position, raw_line, raw_field_value, error_code, error_message"
        )
        return self.query(
            f"SELECT file_name, line_number, {columns} FROM _dao_redshift.load_errors WHERE query_id = {self.query_id}"
        )

    def history(self, columns: str, table: str = "loads") -> list[tuple[str | None, ...]]:
        """What the last COPY or UNLOAD has left behind in a table of the system."""
        return self.query(f"SELECT {columns} FROM _dao_redshift.{table} WHERE query_id = {self.query_id}")

    def sync(self) -> None:
        """End the transaction, as a client's Sync does."""
        self.stream.send(m.message(b"S"))
        while self.stream.message()[0] != b"Z":
            pass
        self.upstream.failed = False

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        try:
            return self.upstream.query(sql)
        finally:
            self.sync()

    def copy(self, sql: str) -> Loaded:
        loads = self.loads()
        try:
            return run_copy(parse_copy(sql), self.upstream, self.storage, loads)
        except RedshiftError:
            self.upstream.poison()
            raise
        finally:
            self.sync()

    def unload(self, sql: str) -> Loaded:
        loads = self.loads()
        try:
            return run_unload(parse_unload(sql), self.upstream, self.storage, loads)
        except RedshiftError:
            self.upstream.poison()
            raise
        finally:
            self.sync()

    def put(self, key: str, content: bytes) -> None:
        obstore.put(self.bucket, key, content)

    def put_parquet(self, key: str, table: pa.Table, **options: Any) -> int:
        """Write a Parquet file; return its size."""
        sink = io.BytesIO()
        pq.write_table(table, sink, **options)
        self.put(key, sink.getvalue())
        return len(sink.getvalue())

    def put_manifest(self, key: str, entries: list[dict[str, Any]]) -> None:
        self.put(key, json.dumps({"entries": entries}).encode())

    def read(self, key: str) -> bytes:
        return bytes(obstore.get(self.bucket, key).bytes())

    def keys(self) -> list[str]:
        return sorted(one["path"] for one in obstore.list(self.bucket).collect())

    def read_parquet(self, prefix: str) -> pa.Table:
        """All Parquet files of a prefix."""
        keys = [key for key in self.keys() if key.startswith(prefix) and key.endswith(".parquet")]
        return pa.concat_tables([pq.read_table(io.BytesIO(self.read(key))) for key in keys])


def refused(bulk: BulkSession, sql: str) -> RedshiftError:
    """The error of a COPY or UNLOAD."""
    with pytest.raises(RedshiftError) as caught:
        (bulk.copy if sql.lower().startswith("copy") else bulk.unload)(sql)
    return caught.value
