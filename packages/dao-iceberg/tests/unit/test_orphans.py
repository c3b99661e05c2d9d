"""``orphans`` deletes what no version needs, and nothing else."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import TableObject
from dao.errors import DataError, NotFoundError

ROWS = pa.table({"id": pa.array(range(4), pa.int64())})


def keys(client) -> set[str]:
    return {stat.key for stat in client.transport.list("orders/")}


def test_what_no_version_needs_goes(dao, table, client):
    dao.write(ROWS, table)
    dao.run("create_tag", table, name="first")
    dao.write(ROWS, table, mode="overwrite")
    before = keys(client)
    left = {"orders/data/x.parquet", "orders/metadata/y.avro", "orders/metadata/00009-z.metadata.json", "orders/z"}
    for key in left:
        client.transport.put(key, b"12345")
    dry = dao.run("orphans", table, older_than=0)
    assert (dry.files, dry.details) == (4, {"dry_run": True, "bytes_freed": 20})
    assert dao.run("orphans", table, dry_run=False).files == 0
    assert keys(client) == before | left
    assert dao.run("orphans", table, older_than=0, dry_run=False).files == 4
    assert keys(client) == before
    assert dao.count(table, tag="first") == 4


@pytest.mark.parametrize(("place", "files"), [("orders/data/inner", 1), ("orders/x", 1), ("orders/data", 0)])
def test_tables_below_are_left_alone(dao, lake, client, place, files):
    outer, inner = TableObject("orders", lake), TableObject("inner", lake, prefix=place)
    dao.write(ROWS, outer)
    dao.write(ROWS, inner)
    client.transport.put("orders/data/x.parquet", b"")
    assert dao.run("orphans", outer, older_than=0, dry_run=False).files == files
    assert (dao.count(inner), dao.count(outer)) == (4, 4)


def test_files_elsewhere(dao, table, client, foreign):
    base = client.locations.base
    paths = {"write.data.path": f"{base}/far/data", "write.metadata.path": f"{base}/far/metadata"}
    dao.write(ROWS, table, properties=paths)
    dao.write(ROWS, table, mode="append")
    client.transport.put("far/data/x.parquet", b"")
    assert dao.run("orphans", table, older_than=0, dry_run=False).files == 1
    assert dao.count(table) == 8


def test_wrong_arguments(dao, table):
    with pytest.raises(NotFoundError):
        dao.run("orphans", table)
    dao.write(ROWS, table)
    with pytest.raises(DataError):
        dao.run("orphans", table, older_than=-1)
