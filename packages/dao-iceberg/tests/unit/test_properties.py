"""Properties, partitions and order of a call: a new table gets them, and those of another must be the same."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao.errors import DataError, UnsupportedError

ROWS = pa.table({"id": pa.array([2, 1], pa.int64()), "v": ["b", "a"]})
GIVEN = {
    "partition_by": ["bucket(4, id)"],
    "sort_by": ["v desc", "id"],
    "properties": {"owner": "x", "gc.enabled": True},
}
OTHERS = [
    {"partition_by": ["id"]},
    {"partition_by": []},
    {"sort_by": ["v"]},
    {"sort_by": ["v desc nulls first", "id"]},
    {"sort_by": []},
    {"properties": {"owner": "y"}},
    {"properties": {"gc.enabled": False}},
    {"properties": {"new": "z"}},
]
CALLS = {
    "append": {"mode": "append"},
    "partitions": {"mode": "overwrite_partitions"},
    "where": {"mode": "overwrite", "where": "id > 0"},
    "upsert": {"keys": "id"},
}


def call(dao, table, name, **given):
    return (dao.upsert if name == "upsert" else dao.write)(ROWS, table, **CALLS[name], **given)


@pytest.mark.parametrize("name", CALLS)
def test_what_a_table_has_can_be_given_again(dao, table, client, name):
    call(dao, table, name, **GIVEN)
    snapshot = client.open("orders")
    assert {"owner": "x", "gc.enabled": "true"}.items() <= snapshot.properties.items()
    call(dao, table, name, **GIVEN)
    call(dao, table, name, sort_by=["v desc nulls last", "id asc"], properties={"gc.enabled": "true"})
    for other in OTHERS:
        with pytest.raises(DataError, match=r"run\('(evolve|set_properties)'"):
            call(dao, table, name, **other)
    now = client.open("orders").metadata
    assert (str(now.spec()), str(now.sort_order())) == (str(snapshot.spec), str(snapshot.metadata.sort_order()))


def test_an_overwrite_changes_partitions_and_order_but_no_properties(dao, table, client):
    dao.write(ROWS, table, **GIVEN)
    dao.write(ROWS, table, mode="overwrite", sort_by="id desc", partition_by="v")
    now = client.open("orders").metadata
    assert [(one.source_id, one.direction.name) for one in now.sort_order().fields] == [(1, "DESC")]
    assert [one.name for one in now.spec().fields] == ["v"]
    dao.write(ROWS, table, mode="overwrite", properties={"owner": "x"})
    assert len(client.open("orders").metadata.sort_order().fields) == 1
    with pytest.raises(DataError, match="set_properties"):
        dao.write(ROWS, table, mode="overwrite", properties={"owner": "y"})
    dao.write(ROWS, table, mode="overwrite", sort_by=[])
    dao.write(ROWS, table, mode="append", sort_by=[])
    assert client.open("orders").metadata.sort_order().is_unsorted
    assert dao.write(ROWS, table, mode="ignore", properties={"owner": "y"}).rows_inserted == 0


WRONG = [
    ({"write.parquet.compression-codec": "lzo"}, DataError),
    ({"write.target-file-size-bytes": 0}, DataError),
    ({"write.target-file-size-bytes": "1 MiB"}, DataError),
    ({"write.metadata.metrics.default": "truncate(0)"}, DataError),
    ({"write.metadata.metrics.column.v": "all"}, DataError),
    ({"write.metadata.delete-after-commit.enabled": "yes"}, DataError),
    ({"write.format.default": "orc"}, UnsupportedError),
    ({"write.py-location-provider.impl": "a.B"}, UnsupportedError),
    ({"format-version": 1}, DataError),
    ({"dao.positions": "{}"}, DataError),
    ({"owner": ["x"]}, DataError),
    ({"": "x"}, DataError),
]


@pytest.mark.parametrize(("properties", "kind"), WRONG)
def test_what_no_table_can_have_is_refused_by_each_call(dao, table, properties, kind):
    for name in ("append", "upsert"):
        with pytest.raises(kind, match="propert"):
            call(dao, table, name, properties=properties)
    assert not dao.exists(table)
    dao.write(ROWS, table)
    with pytest.raises(kind, match="propert"):
        dao.run("set_properties", table, properties=properties)


def test_a_property_goes_and_comes(dao, table, client):
    dao.write(ROWS, table, properties={"owner": "x", "n": 1.5})
    dao.run("set_properties", table, properties={"owner": None, "write.metadata.metrics.default": "Counts"})
    found = client.open("orders").properties
    assert (found.get("owner"), found["n"], found["write.metadata.metrics.default"]) == (None, "1.5", "Counts")
    with pytest.raises(DataError):
        dao.run("set_properties", table, properties={"current-schema": None})
