"""``add_files``: Parquet files become those of a table, and their rows are read as they are, or refused."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.exceptions import CommitFailedException

from dao import TableObject
from dao.errors import DataError, NotFoundError, UnsupportedError

ROWS = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", None], "day": [date(2025, 1, 7)] * 2})


def put(client, key: str, rows: pa.Table, **options) -> str:
    sink = BytesIO()
    pq.write_table(rows, sink, **options)
    client.transport.put(key, sink.getvalue())
    return key


def more(*ids: int, **columns) -> pa.Table:
    days = columns.pop("day", date(2025, 1, 8))
    return pa.table({"id": list(ids), "name": [f"n{one}" for one in ids], "day": [days] * len(ids), **columns})


def test_files_are_read_and_skipped_as_those_of_writes(dao, table, client, foreign):
    first = dao.write(ROWS, table).version_after
    result = dao.run("add_files", table, paths=[put(client, "far/1.parquet", more(3, 4)), put(client, "2", more(9))])
    assert (result.rows_inserted, result.files, result.bytes) == (3, 2, 0)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3, 4, 9]
    assert dao.read(table, where="id > 8")["name"].to_pylist() == ["n9"]
    assert [one["id"] for one in dao.read_changes(table, since=first).to_pylist()] == [3, 4, 9]
    added = next(one.file for one in foreign.data_files if one.path.endswith("1.parquet"))
    assert (added.lower_bounds[1], added.upper_bounds[1]) == ((3).to_bytes(8, "little"), (4).to_bytes(8, "little"))
    assert added.null_value_counts == {1: 0, 2: 0, 3: 0}
    dao.upsert(more(3), table, keys="id")
    dao.run("compact", table)
    assert sorted(dao.read(table)["id"].to_pylist()) == [1, 2, 3, 4, 9]


def test_a_folder(dao, table, client):
    dao.write(ROWS, table)
    for name in ("a/1.parquet", "a/b/2.parquet", "a/_3.parquet", "a/4.csv"):
        put(client, f"far/{name}", more(3))
    assert dao.run("add_files", table, paths="far/a/").files == 2
    with pytest.raises(DataError, match="found nothing"):
        dao.run("add_files", table, paths="far/nothing/")


def test_columns_in_another_order_of_other_types_or_missing(dao, table, client):
    dao.write(ROWS, table)
    rows = pa.table({"day": [datetime(2025, 1, 8)], "id": pa.array([7], pa.int16())})
    rows = rows.set_column(0, "day", rows["day"].cast(pa.timestamp("ms")))
    put(client, "far/1.parquet", rows.drop_columns("day"))
    dao.run("add_files", table, paths="far/1.parquet")
    assert dao.read(table, where="id = 7").to_pylist() == [{"id": 7, "name": None, "day": None}]
    dao.run("evolve", table, rename={"name": "title"}, add={"note": "string"})
    put(client, "far/2.parquet", pa.table({"id": [8], "title": ["t"], "note": ["x"]}))
    dao.run("add_files", table, paths="far/2.parquet")
    assert dao.read(table, where="id = 8").to_pylist() == [{"id": 8, "title": "t", "day": None, "note": "x"}]


def test_columns_that_came_by_a_write(dao, table, client):
    dao.write(ROWS, table)
    dao.run("add_files", table, paths=put(client, "far/1.parquet", more(3)))
    dao.write(more(4, note=["x"]), table, mode="append", schema_mode="evolve")
    dao.run("add_files", table, paths=put(client, "far/2.parquet", more(5, note=["y"])))
    assert dao.read(table, where="id >= 3").sort_by("id")["note"].to_pylist() == [None, "x", "y"]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (more(3, note=["x"]), DataError),
        (more(3).rename_columns(["ID", "name", "day"]), DataError),
        (more(3).set_column(0, "id", pa.array(["3"])), UnsupportedError),
        (more(3).set_column(2, "day", pa.array([datetime(2025, 1, 8, 1)], pa.timestamp("us"))), UnsupportedError),
        (more(3).set_column(0, "id", pa.array([2**63], pa.uint64())), UnsupportedError),
    ],
)
def test_what_the_table_could_not_keep_is_refused(dao, table, client, rows, kind):
    dao.write(ROWS, table)
    put(client, "far/1.parquet", rows)
    with pytest.raises(kind):
        dao.run("add_files", table, paths="far/1.parquet")
    assert dao.read(table).equals(ROWS)


def test_moments_with_a_zone_are_others(dao, table, client):
    rows = pa.table({"at": pa.array([datetime(2025, 1, 8)], pa.timestamp("us", "UTC"))})
    dao.write(rows, table)
    put(client, "far/1.parquet", rows.cast(pa.schema({"at": pa.timestamp("us")})))
    with pytest.raises(UnsupportedError):
        dao.run("add_files", table, paths="far/1.parquet")
    dao.run(
        "add_files", table, paths=put(client, "far/2.parquet", rows.cast(pa.schema({"at": pa.timestamp("ms", "UTC")})))
    )
    assert dao.count(table) == 2


def test_what_is_missing_no_parquet_or_there_twice(dao, table, client, lake):
    with pytest.raises(NotFoundError):
        dao.run("add_files", table, paths=put(client, "far/1.parquet", more(3)))
    dao.write(ROWS, table)
    client.transport.put("far/2.parquet", b"abcdefghijkl")
    for paths, kind in (
        ("far/0.parquet", NotFoundError),
        ("far/2.parquet", DataError),
        (["far/1.parquet", "far/1.parquet"], DataError),
        ("/elsewhere/1.parquet", UnsupportedError),
        ([], DataError),
    ):
        with pytest.raises(kind):
            dao.run("add_files", table, paths=paths)
    dao.run("add_files", table, paths=client.locations.of("far/1.parquet"))
    with pytest.raises(DataError, match="has the file 'far/1.parquet' already"):
        dao.run("add_files", table, paths="far/1.parquet")


def test_null_where_it_may_not_be(dao, table, client):
    strict = pa.schema([pa.field("id", pa.int64(), False), pa.field("name", pa.string())])
    dao.write(pa.table({"id": [1], "name": ["a"]}, schema=strict), table)
    put(client, "far/1.parquet", pa.table({"id": pa.array([None], pa.int64()), "name": ["a"]}))
    put(client, "far/2.parquet", pa.table({"name": ["a"]}))
    put(client, "far/3.parquet", pa.table({"id": [3], "name": ["a"]}), write_statistics=False)
    for key in ("far/1.parquet", "far/2.parquet"):
        with pytest.raises(DataError):
            dao.run("add_files", table, paths=key)
    dao.run("add_files", table, paths="far/3.parquet")
    assert dao.count(table, where="id = 3") == 1


def test_ids_of_another_table(dao, table, client):
    dao.write(ROWS, table)
    ids = {"id": 2, "name": 1, "day": 3}
    fields = [one.with_metadata({"PARQUET:field_id": str(ids[one.name])}) for one in ROWS.schema]
    put(client, "far/1.parquet", pa.table(ROWS.columns, schema=pa.schema(fields)))
    with pytest.raises(DataError, match="isn't one of the table"):
        dao.run("add_files", table, paths="far/1.parquet")


def test_partitions(dao, lake, client, foreign):
    table = TableObject("orders", lake, partition_by=["day", "bucket(4, id)"])
    dao.write(ROWS, table)
    put(client, "far/1.parquet", more(3))
    put(client, "far/2.parquet", pa.concat_tables([more(3), more(3, day=date(2025, 1, 9))]))
    put(client, "far/day=2025-01-10/3.parquet", more(3).drop_columns("day"))
    put(client, "far/day=__HIVE_DEFAULT_PARTITION__/4.parquet", more(3).drop_columns("day"))
    put(client, "far/day=x/5.parquet", more(3).drop_columns("day"))
    dao.run("add_files", table, paths=["far/1.parquet", "far/day=2025-01-10/3.parquet"])
    dao.run("add_files", table, paths="far/day=__HIVE_DEFAULT_PARTITION__/")
    for key in ("far/2.parquet", "far/day=x/5.parquet"):
        with pytest.raises(DataError):
            dao.run("add_files", table, paths=key)
    found = dao.read(table, where="id = 3")
    assert sorted(map(str, found["day"].to_pylist())) == ["2025-01-08", "2025-01-10", "None"]
    assert dao.count(table, where="day = DATE '2025-01-10'") == 1
    written = dao.write(more(3), table, mode="append")
    assert written.rows_inserted == 1
    places = [tuple(one.file.partition) for one in foreign.data_files]
    assert sorted(map(places.count, places))[-1] == 2, "of the same partition as rows that are written"


def test_fields_of_structs(dao, table, client):
    kind = pa.struct({"city": pa.string()})
    dao.write(pa.table({"place": pa.array([{"city": "Oulu"}], kind)}), table)
    wide = pa.struct({"city": pa.string(), "zip": pa.string()})
    put(client, "far/1.parquet", pa.table({"place": pa.array([{"city": "Turku"}], kind)}))
    put(client, "far/2.parquet", pa.table({"place": pa.array([{"city": "Turku", "zip": "2"}], wide)}))
    dao.run("add_files", table, paths="far/1.parquet")
    with pytest.raises(DataError, match="or a field of it"):
        dao.run("add_files", table, paths="far/2.parquet")
    assert dao.read(table).to_pylist() == [{"place": {"city": "Turku"}}, {"place": {"city": "Oulu"}}]


def test_another_writer_comes_first(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    put(client, "far/1.parquet", more(3))
    catalog = client.catalogs.get()

    def second(*given):
        monkeypatch.undo()
        dao.run("evolve", table, add={"note": "string"})
        raise CommitFailedException("another was first")

    monkeypatch.setattr(catalog, "commit_table", second)
    dao.run("add_files", table, paths="far/1.parquet")
    assert dao.read(table, where="id = 3")["note"].to_pylist() == [None]
