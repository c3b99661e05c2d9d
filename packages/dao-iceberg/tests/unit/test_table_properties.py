"""Properties of a table say how its files are written, where they are, and what manifests say of them."""

from __future__ import annotations

import re
from math import inf, nan

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao.errors import UnsupportedError
from dao_files.lake import filesystem_over

ROWS = pa.table({"id": pa.array(range(1000), pa.int64()), "name": [f"{n:04}-{'x' * 30}" for n in range(1000)]})


def opened(foreign, one) -> pq.ParquetFile:
    key = foreign.client.locations.key_of(one.path)
    return pq.ParquetFile(
        filesystem_over(foreign.client.transport, {key: one.file.file_size_in_bytes}).open_input_file(key)
    )


@pytest.mark.parametrize("codec", ["zstd", "snappy", "gzip", "lz4", "brotli", "uncompressed"])
def test_the_codec(dao, table, foreign, codec):
    given = {"write.parquet.compression-codec": codec, "write.parquet.compression-level": 99}
    dao.write(ROWS, table, properties=given)
    dao.upsert(ROWS.slice(0, 1), table, keys="id")
    for one in foreign.data_files:
        found = opened(foreign, one).metadata.row_group(0).column(0).compression
        assert found.lower() == codec
    assert dao.read(table).sort_by("id").equals(ROWS)


def test_a_level(dao, table):
    many = pa.table({"v": [str(n * 7919 % 100_003) for n in range(50_000)]})
    sizes = []
    for level in (1, 19):
        properties = {"write.parquet.compression-level": level}
        sizes.append(dao.write(many, table, properties=properties).bytes)
        dao.delete(table)
    assert sizes[1] != sizes[0]


def test_row_groups_pages_and_files(dao, table, foreign):
    given = {"write.parquet.row-group-size-bytes": 10_000, "write.parquet.page-row-limit": 10}
    dao.write(ROWS, table, properties=given)
    one, metadata = foreign.data_files[0], opened(foreign, foreign.data_files[0]).metadata
    assert metadata.num_row_groups == len(one.file.split_offsets) == -(-ROWS.nbytes // 10_000)
    small = dao.read(table)
    assert small.equals(ROWS)
    before = dao.write(ROWS, table, mode="overwrite").bytes
    dao.run("set_properties", table, properties={"write.parquet.page-row-limit": None})
    assert dao.write(ROWS, table, mode="overwrite").bytes < before
    dao.run("set_properties", table, properties={"write.target-file-size-bytes": 1})
    result = dao.write(pa.concat_tables([ROWS, ROWS]).to_reader(max_chunksize=500), table, mode="overwrite")
    assert result.files == 4
    assert dao.run("compact", table).details == {"files_removed": 0, "files_added": 0}
    dao.run("set_properties", table, properties={"write.target-file-size-bytes": 1 << 20})
    assert dao.run("compact", table).details["files_removed"] == 4


def test_places(dao, table, client, foreign):
    root = client.location_of("far")
    given = {"write.data.path": f"{root}/d/", "write.metadata.path": f"{root}/m"}
    dao.write(ROWS, table, properties=given)
    dao.write(ROWS, table, mode="append")
    assert {stat.key.rpartition("/")[0] for stat in client.transport.list("")} - {".dao"} == {"far/d", "far/m"}
    dao.delete(table)
    with pytest.raises(UnsupportedError, match="outside"):
        dao.write(ROWS, table, properties={"write.data.path": "file:///elsewhere"})
    with pytest.raises(UnsupportedError, match="outside"):
        dao.upsert(ROWS, table, keys="id", properties={"write.metadata.path": "file:///elsewhere"})
    assert (dao.exists(table), [*client.transport.list("orders/")]) == (False, [])


@pytest.mark.parametrize(
    ("folders", "form"),
    [
        ("true", r"orders/data/([01]{4}/){3}[01]{8}/id_bucket=\d/[^/]+\.parquet"),
        ("false", r"orders/data/([01]{4}/){3}[01]{8}-[^/]+\.parquet"),
    ],
)
def test_files_spread_over_an_object_store(dao, table, client, folders, form):
    given = {"write.object-storage.enabled": "true", "write.object-storage.partitioned-paths": folders}
    dao.write(ROWS, table, properties=given, partition_by="bucket(4, id)")
    keys = [stat.key for stat in client.transport.list("orders/data/")]
    assert [bool(re.fullmatch(form, key)) for key in keys] == [True] * 4, keys
    dao.run("orphans", table, older_than=0, dry_run=False)
    assert dao.read(table).sort_by("id").equals(ROWS)


def test_metadata_files(dao, table, client):
    given = {"write.metadata.compression-codec": "gzip", "write.metadata.previous-versions-max": 2}
    dao.write(ROWS, table, properties={**given, "write.metadata.delete-after-commit.enabled": True})
    for number in range(4):
        dao.upsert(ROWS.slice(number, 1), table, keys="id")
    keys = [stat.key for stat in client.transport.list("orders/metadata/") if "metadata.json" in stat.key]
    assert [key.rpartition("/")[2][:5] for key in sorted(keys)] == ["00002", "00003", "00004"]
    assert all(key.endswith(".gz.metadata.json") and client.transport.get(key)[:2] == b"\x1f\x8b" for key in keys)
    dao.run("set_properties", table, properties={"write.metadata.compression-codec": "none"})
    assert client.open("orders").table.metadata_location.rpartition("/")[2].count(".") == 2
    assert dao.run("orphans", table, older_than=0).files == 0


NESTED = pa.table(
    {
        "id": pa.array([1, 2], pa.int64()),
        "text": ["a" * 40, "b" * 40],
        "place": [{"city": "c" * 40, "n": 1.5}, {"city": "d" * 40, "n": nan}],
        "last": [1, None],
    }
)


def metrics(foreign) -> dict[str, tuple]:
    one = foreign.data_files[0].file
    names = {number: foreign.now.metadata.schema().find_column_name(number) for number in one.column_sizes}
    return {
        name: (one.null_value_counts[number], (one.lower_bounds.get(number), one.upper_bounds.get(number)))
        for number, name in names.items()
    }


@pytest.mark.parametrize(
    ("properties", "sizes"),
    [
        ({}, {"id": 8, "text": 16, "place.city": 16, "place.n": 8, "last": 8}),
        ({"default": "counts"}, dict.fromkeys(("id", "text", "place.city", "place.n", "last"), 0)),
        ({"default": "none"}, {}),
        ({"default": "full"}, {"id": 8, "text": 40, "place.city": 40, "place.n": 8, "last": 8}),
        ({"default": "truncate(5)", "column.text": "none"}, {"id": 8, "place.city": 5, "place.n": 8, "last": 8}),
        ({"default": "none", "column.place.city": "TRUNCATE(7)", "column.id": "counts"}, {"id": 0, "place.city": 7}),
        ({"max-inferred-column-defaults": 3}, {"id": 8, "text": 16, "last": 8}),
        ({"max-inferred-column-defaults": 4}, {"id": 8, "text": 16, "last": 8, "place.city": 16}),
        ({"max-inferred-column-defaults": 0, "column.id": "full"}, {"id": 8}),
        (
            {"max-inferred-column-defaults": 0, "default": "truncate(3)"},
            {"id": 8, "text": 3, "place.city": 3, "place.n": 8, "last": 8},
        ),
    ],
)
def test_metrics(dao, table, foreign, properties, sizes):
    dao.write(NESTED, table, properties={f"write.metadata.metrics.{name}": value for name, value in properties.items()})
    found = metrics(foreign)
    assert {name: len(bounds[0] or b"") for name, (_, bounds) in found.items()} == sizes
    assert {name: nulls for name, (nulls, _) in found.items()} == {name: int(name == "last") for name in sizes}
    nans = foreign.data_files[0].file.nan_value_counts
    assert nans == ({5: 1} if "place.n" in sizes else {}) or nans == {6: 1}
    for where, ids in (("id = 2", [2]), ("text > 'b'", [2]), ("last is null", [2]), ("place is null", [])):
        assert dao.read(table, where=where)["id"].to_pylist() == ids
    dao.upsert(NESTED.slice(1), table, keys="id")
    assert (dao.delete(table, where="last = 1").rows_deleted, dao.count(table)) == (1, 1)


def test_metrics_of_sorted_columns_and_of_added_files(dao, table, foreign, client):
    none = {"write.metadata.metrics.default": "none"}
    dao.write(NESTED, table, properties=none, sort_by=["text", "bucket(4, id)", "place.n"])
    assert {name: len(bounds[0]) for name, (_, bounds) in metrics(foreign).items()} == {"text": 16, "place.n": 8}
    dao.delete(table)
    dao.write(NESTED, table, properties={**none, "write.metadata.metrics.column.text": "full"}, sort_by="text")
    assert {name: len(bounds[0]) for name, (_, bounds) in metrics(foreign).items()} == {"text": 40}
    key = next(stat.key for stat in client.transport.list("orders/data/"))
    client.transport.put("far.parquet", client.transport.get(key))
    dao.run("add_files", table, paths="far.parquet")
    assert [sorted(one.file.lower_bounds) for one in foreign.data_files] == [[2], [2]]


def test_infinite_bounds_are_left_out(dao, table, foreign):
    dao.write(pa.table({"x": [inf, 1.0]}), table, properties={"write.metadata.metrics.default": "full"})
    assert sorted(foreign.data_files[0].file.upper_bounds) == []
