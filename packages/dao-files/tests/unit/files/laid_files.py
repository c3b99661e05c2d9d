"""Files that other programs lay into the folder of a table."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq

from dao.data_object import DirectoryObject, TableObject
from dao_files import FilesInterface


def binary(format: str, *ids: int) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"id": list(ids)})
    if format == "parquet":
        pq.write_table(table, sink)
    elif format == "orc":
        pa.orc.write_table(table, sink)
    else:
        pa.feather.write_feather(table, sink)
    return sink.getvalue()


def text(format: str, *ids: int) -> bytes:
    if format == "csv":
        return b"id\n" + b"".join(b"%d\n" % n for n in ids)
    return b"".join(b'{"id":%d}\n' % n for n in ids)


def content(format: str, *ids: int) -> bytes:
    return text(format, *ids) if format in ("csv", "ndjson") else binary(format, *ids)


def lay(store: FilesInterface, **files: bytes) -> None:
    """Put files into the table's folder as another program does."""
    for name, data in files.items():
        store.write_bytes(data, DirectoryObject("any"), path=f"t/{name}", mode="overwrite")


def ids(store: FilesInterface, table: TableObject, **options: object) -> list[int]:
    return sorted(store.read(table, **options).column("id").to_pylist())
