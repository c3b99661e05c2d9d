from __future__ import annotations

import pyarrow as pa
import pytest

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import AlreadyExistsError, DataError, NotFoundError, UnsupportedError
from dao_files import FilesInterface, MemoryInterface
from dao_files.formats import FORMATS

SIMPLE = pa.table({"id": [1, 2, 3], "name": ["a", None, "ü"]})


@pytest.mark.parametrize("format", list(FORMATS))
def test_every_format_round_trips_as_table_and_as_file(store: FilesInterface, format: str) -> None:
    suffix = FORMATS[format].suffixes[0]
    for target in (TableObject("t", format=format), FileObject("f", suffix=suffix), DataObject("d", suffix=suffix)):
        assert store.write(SIMPLE, target, format=target.get("format")).rows_inserted == 3
        found = store.read(target, format=target.get("format"))
        assert found.to_pylist() == SIMPLE.to_pylist()
    assert store.storage.kind("t") == "directory"
    assert store.storage.kind(f"d{suffix}") == "file"


def test_the_modes_of_a_table(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    first = store.write(rows, table, format="parquet")
    assert (first.rows_inserted, first.rows_deleted, first.files) == (3, 0, 1)
    assert (first.version_before, first.version_after) == (None, 1)
    with pytest.raises(AlreadyExistsError, match="append"):
        store.write(rows, table, format="parquet")
    ignored = store.write(rows, table, mode="ignore", format="parquet")
    assert (ignored.rows_inserted, ignored.version_before, ignored.version_after) == (0, 1, 1)
    more = store.write(rows, table, mode="append")
    assert (more.rows_inserted, more.rows_deleted, more.version_after) == (3, 0, 2)
    assert store.read(table).equals(pa.concat_tables([rows, rows]).combine_chunks())
    last = store.write(rows.slice(0, 1), table, mode="overwrite")
    assert (last.rows_inserted, last.rows_deleted, last.version_before, last.version_after) == (1, 6, 2, 3)
    assert store.read(table).equals(rows.slice(0, 1))


def test_append_and_ignore_create_what_is_not_there(store: FilesInterface, rows: pa.Table) -> None:
    for mode in ("append", "overwrite", "ignore"):
        assert store.write(rows, TableObject(mode), mode=mode, format="parquet").version_after == 1
        assert store.count(TableObject(mode)) == 3


def test_an_unknown_mode_or_schema_mode(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    with pytest.raises(DataError, match="did you mean 'overwrite'"):
        store.write(rows, table, mode="overwite", format="parquet")
    with pytest.raises(DataError, match="schema_mode"):
        store.write(rows, table, schema_mode="merge", format="parquet")


@pytest.mark.parametrize("format", ["parquet", "csv", "json", "avro"])
def test_no_rows_keep_their_schema(store: FilesInterface, table: TableObject, format: str) -> None:
    empty = pa.table({"i": pa.array([], pa.int16()), "t": pa.array([], pa.timestamp("us", "UTC"))})
    assert store.write(empty, table, format=format).rows_inserted == 0
    assert store.read(table).schema.equals(empty.schema)
    assert store.count(table) == 0
    full = pa.table({"i": pa.array([7], pa.int16()), "t": pa.array([0], pa.timestamp("us", "UTC"))})
    store.write(full, table, mode="append")
    assert store.read(table).equals(full)


def test_types_that_a_text_format_forgets_are_kept(store: FilesInterface, table: TableObject) -> None:
    typed = pa.table({"code": ["007", "1"], "d": pa.array([1, None], pa.int8())})
    store.write(typed, table, format="csv")
    assert store.read(table).equals(typed)
    assert store.schema(table).equals(typed.schema)


def test_what_others_add_to_a_tree_is_seen(store: FilesInterface, table: TableObject) -> None:
    store.write(pa.table({"a": ["1", "2"]}), table, format="csv")
    store.write_bytes(b"a\n3\n", table, path="t/other.csv")
    assert sorted(store.read(table).column("a").to_pylist()) == ["1", "2", "3"]
    assert store.schema(table).names == ["a"]
    assert store.count(table) == 3


def test_nobody_says_the_format(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    with pytest.raises(DataError, match="format="):
        store.write(rows, FileObject("blob"))
    assert not store.exists(FileObject("blob"))
    store.write(rows, table)
    suffix = ".arrow" if isinstance(store, MemoryInterface) else ".parquet"
    assert {info.key[-len(suffix) :] for info in store.list(table) if "/." not in info.key} == {suffix}
    assert store.read(table).equals(rows)
    store.upsert(rows.slice(0, 1), TableObject("other"), keys=[rows.column_names[0]])
    assert store.read(TableObject("other")).equals(rows.slice(0, 1))


def test_wrong_options(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    with pytest.raises(UnsupportedError, match="did you mean 'compression'"):
        store.write(rows, table, format="parquet", compresion="zstd")
    with pytest.raises(UnsupportedError, match="newest"):
        store.write(rows, table, format="parquet", version=3)
    assert not store.exists(table)


def test_options_come_from_the_object_too(store: FilesInterface, rows: pa.Table) -> None:
    semicolons = TableObject("t", format="csv", delimiter=";", compression="gzip")
    store.write(rows, semicolons, format="csv")
    (file,) = store.list(semicolons)
    assert file.key.endswith(".csv.gz")
    assert store.read_bytes(semicolons, into="bytes", path=file.key)[:2] == b"\x1f\x8b"
    assert store.read(semicolons).equals(rows)


def test_a_table_keeps_its_format(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    store.write(rows, table, format="csv")
    with pytest.raises(DataError, match="table of csv"):
        store.write(rows, table, format="parquet", mode="append")
    store.write(rows, table, format="parquet", mode="overwrite")
    assert store.read(table).equals(rows)


def test_kinds_are_not_mixed_up(store: FilesInterface, rows: pa.Table) -> None:
    store.write(rows, FileObject("x.parquet"))
    store.write(rows, TableObject("t"), format="parquet")
    for mode in ("overwrite", "append"):
        with pytest.raises(DataError, match="file"):
            store.write(rows, TableObject("x.parquet"), mode=mode, format="parquet")
        with pytest.raises(DataError, match="directory"):
            store.write(rows, FileObject("t"), mode=mode, format="parquet")
    with pytest.raises(DataError, match="directory"):
        store.read(FileObject("t"), format="parquet")
    assert not store.exists(FileObject("t"))
    assert store.read(DataObject("t")).equals(rows)
    with pytest.raises(DataError, match="is a file"):
        store.write(rows, TableObject("x.parquet/below"), format="parquet")


class TestOneFile:
    def test_append(self, store: FilesInterface, rows: pa.Table) -> None:
        x = FileObject("x.parquet")
        store.write(rows, x)
        assert store.write(rows, x, mode="append").rows_inserted == 3
        assert store.read(x).num_rows == 6

    @pytest.mark.parametrize("suffix", [".csv", ".json", ".ndjson"])
    def test_text_is_not_appended_to(self, store: FilesInterface, rows: pa.Table, suffix: str) -> None:
        x = FileObject("x", suffix=suffix)
        store.write(rows, x)
        with pytest.raises(UnsupportedError, match="TableObject"):
            store.write(rows, x, mode="append")
        assert store.read(x).num_rows == 3

    def test_partitions(self, store: FilesInterface, rows: pa.Table) -> None:
        for wrong in ({"partition_by": "day"}, {"mode": "overwrite_partitions"}):
            with pytest.raises(DataError, match="one file"):
                store.write(rows, FileObject("x.parquet"), **wrong)

    def test_by_path(self, store: FilesInterface, rows: pa.Table) -> None:
        table = TableObject("t")
        store.write(rows, table, path="t/one.parquet")
        store.write(rows, table, path="t/sub/two.parquet")
        assert store.read(table).num_rows == 6
        assert store.read(table, path="t/one.parquet").num_rows == 3
        with pytest.raises(AlreadyExistsError):
            store.write(rows, table, path="t/one.parquet")


class TestSchemas:
    def test_strict_takes_the_columns_in_any_order(self, store: FilesInterface, table: TableObject) -> None:
        store.write(pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}), table, format="parquet")
        store.write(pa.table({"b": ["y"], "a": pa.array([2], pa.int8())}), table, mode="append")
        assert store.read(table).to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
        assert store.schema(table).field("a").type == pa.int64()

    @pytest.mark.parametrize(
        ("data", "named"),
        [
            ({"a": [1]}, "'b' is missing"),
            ({"a": [1], "b": ["x"], "c": [1]}, "'c'"),
            ({"a": ["1"], "b": ["x"]}, "'a'"),
            ({"a": [1.5], "b": ["x"]}, "'a'"),
        ],
    )
    def test_strict_refuses_the_rest(self, store: FilesInterface, table: TableObject, data: dict, named: str) -> None:
        store.write(pa.table({"a": [1], "b": ["x"]}), table, format="parquet")
        with pytest.raises(DataError, match=named):
            store.write(pa.table(data), table, mode="append")
        assert store.count(table) == 1
        assert len(store.history(table)) == 1

    def test_evolve(self, store: FilesInterface, table: TableObject) -> None:
        store.write(pa.table({"a": pa.array([1], pa.int32()), "b": ["x"]}), table, format="parquet")
        wider = pa.table({"c": [True], "a": pa.array([2**40], pa.int64())})
        store.write(wider, table, mode="append", schema_mode="evolve")
        assert store.read(table).to_pylist() == [
            {"a": 1, "b": "x", "c": None},
            {"a": 2**40, "b": None, "c": True},
        ]
        assert store.read(table, where="a > 1", columns=["c"]).to_pylist() == [{"c": True}]

    def test_evolve_has_limits(self, store: FilesInterface, table: TableObject) -> None:
        store.write(pa.table({"a": [1]}), table, format="parquet")
        for other in (["x"], [1.5]):
            with pytest.raises(DataError, match="'a'"):
                store.write(pa.table({"a": other}), table, mode="append", schema_mode="evolve")

    def test_overwrite_replaces_the_schema(self, store: FilesInterface, table: TableObject) -> None:
        store.write(pa.table({"a": [1]}), table, format="parquet")
        store.write(pa.table({"z": ["x"]}), table, mode="overwrite")
        assert store.schema(table).names == ["z"]

    def test_declared(self, store: FilesInterface, table: TableObject) -> None:
        declared = pa.schema([("a", pa.int8())])
        store.write([{"a": 1}], table, format="parquet", schema=declared)
        assert store.schema(table).equals(declared)
        with pytest.raises(DataError):
            store.write([{"a": 1000}], table, mode="append", schema=declared)

    def test_a_column_twice(self, store: FilesInterface, table: TableObject) -> None:
        twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
        with pytest.raises(DataError):
            store.write(twice, table, format="parquet")
        assert not store.exists(table)


def test_reading_what_is_not_there(store: FilesInterface) -> None:
    for call in (store.read, store.read_stream, store.count, store.schema, store.history, store.delete, store.list):
        with pytest.raises(NotFoundError):
            call(TableObject("nothing"))
    assert not store.exists(DirectoryObject("nothing"))


def test_limit_columns_and_batch_size(store: FilesInterface, table: TableObject, rows: pa.Table) -> None:
    store.write(rows, table, format="parquet")
    store.write(rows, table, mode="append")
    assert store.read(table, limit=4).num_rows == 4
    assert store.read(table, limit=0).num_rows == 0
    assert store.read(table, columns=["x", "id"]).column_names == ["x", "id"]
    assert [b.num_rows for b in store.read_stream(table, batch_size=2)] == [2, 1, 2, 1]
    assert store.read_stream(table, where="id > 1", columns=["day"], limit=3).read_all().to_pydict() == {
        "day": ["tu", "mo", "tu"]
    }
    assert store.count(table, where="day = 'mo'") == 4
    with pytest.raises(DataError, match="did you mean 'day'"):
        store.read(table, columns=["dax"])
    with pytest.raises(UnsupportedError, match="newest"):
        store.read(table, version=1)


def test_files_in_nested_folders_are_one_table(store: FilesInterface) -> None:
    users = DataObject("users", format="csv", key="users_raw")
    store.write_bytes(b"id,n\n1,a\n", users, path="users_raw/2025-01-07/users.csv")
    store.write_bytes(b"id,n\n2,b\n", users, path="users_raw/2025-01-08/users.csv")
    store.write_bytes(b"ignored", users, path="users_raw/_SUCCESS")
    store.write_bytes(b"ignored", users, path="users_raw/.tmp/users.csv")
    assert store.read(users, format="csv").to_pylist() == [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}]
    assert store.read(users).num_rows == 2


def test_one_file_is_packed_as_its_name_says(store: FilesInterface) -> None:
    file = FileObject("f", suffix=".csv.gz")
    store.write(SIMPLE, file)
    assert store.read_bytes(file, into="bytes")[:2] == b"\x1f\x8b"
    assert store.read(file, format="csv").to_pylist() == SIMPLE.to_pylist()


@pytest.mark.parametrize("marker", ["_SUCCESS", "_temporary/0/part", ".part.crc", "day=1_$folder$", "empty"])
def test_markers_alone_are_no_table(store: FilesInterface, marker: str) -> None:
    table, other = TableObject("t"), TableObject("u")
    store.write_bytes(b"", table, path=f"t/{marker}")
    assert not store.exists(table)
    assert store.exists(DirectoryObject("t"))
    for call in (
        lambda: store.read(table),
        lambda: store.schema(table),
        lambda: store.history(table),
        lambda: store.delete(table, where="id = 1"),
        lambda: store.copy(table, other),
        lambda: store.move(table, other),
    ):
        with pytest.raises(NotFoundError):
            call()
    store.write(SIMPLE, table)
    assert store.read(table).to_pylist() == SIMPLE.to_pylist()
    assert f"t/{marker}" in [info.key for info in store.list(table)]
    with pytest.raises(AlreadyExistsError):
        store.write(SIMPLE, table)


def test_an_empty_table_of_a_lakehouse_is_not_written_into(store: FilesInterface) -> None:
    table = TableObject("t")
    store.write_bytes(b"{}", table, path="t/_delta_log/00000000000000000000.json")
    assert store.exists(table)
    for mode in ("append", "overwrite"):
        with pytest.raises(UnsupportedError, match="Delta"):
            store.write(SIMPLE, table, mode=mode)
    with pytest.raises(UnsupportedError, match="Delta"):
        store.read(table)


def test_partition_columns_are_found_in_another_letter_case(store: FilesInterface, table: TableObject) -> None:
    rows = pa.table({"id": [1, 2], "day": ["mo", "tu"]})
    store.write(rows, table, partition_by="DAY")
    store.write(rows, table, partition_by=["Day"], mode="append")
    store.upsert(rows, table, keys="ID", partition_by="dAy")
    assert store.read(table).schema.names == ["id", "day"]
    assert store.count(table) == 4
