"""What every format's scan does: order, projection, predicates, limits, partitions, schemas, laziness."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from format_files import LOCAL, format_of, load, save
from pyarrow import fs

from dao.errors import DaoError, DataError, NotFoundError, StoreError
from dao.tables import Selection
from dao_files.formats import FORMATS, close_reader, get_format
from dao_files.formats._base import Format

ALL = sorted(FORMATS)


def rows(start: int, count: int) -> pa.Table:
    return pa.table(
        {
            "id": pa.array(range(start, start + count), pa.int64()),
            "name": pa.array([None if i % 7 == 0 else f"name-{i}" for i in range(start, start + count)], pa.string()),
            "score": pa.array([i / 4 for i in range(start, start + count)], pa.float64()),
        }
    )


@pytest.fixture(params=ALL)
def files(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    suffix = get_format(request.param).suffixes[0]
    return [
        save(rows(start, 100), tmp_path / f"part-{place}{suffix}", request.param, batches=30)
        for place, start in enumerate((200, 0, 100))
    ]


def test_rows_come_in_the_order_of_files_and_rows(files: list[str]) -> None:
    assert load(*files)["id"].to_pylist() == [*range(200, 300), *range(100), *range(100, 200)]


def test_read_table_gives_what_scan_gives(files: list[str]) -> None:
    form = format_of(files[0], None)
    for arguments in ({}, {"columns": ["score", "id"]}, {"where": "id < 50"}, {"limit": 5}):
        assert form.read_table(files, LOCAL, selection=Selection(**arguments)).equals(load(*files, **arguments))


def test_columns_are_chosen_and_ordered(files: list[str]) -> None:
    table = load(*files, columns=["score", "id"])
    assert table.column_names == ["score", "id"]
    assert table["id"][0].as_py() == 200


def test_no_columns_still_count_rows(files: list[str]) -> None:
    assert sum(batch.num_rows for batch in load(*files, columns=[]).to_batches()) == 300


def test_a_predicate_is_applied_exactly(files: list[str]) -> None:
    table = load(*files, columns=["name"], where="id >= 90 AND id < 110 AND name IS NOT NULL")
    assert table["name"].to_pylist() == [f"name-{i}" for i in range(90, 110) if i % 7]


def test_limit_and_batch_size(files: list[str]) -> None:
    table = load(*files, limit=130, batch_size=40)
    assert table["id"].to_pylist() == [*range(200, 300), *range(30)]
    assert max(batch.num_rows for batch in table.to_batches()) <= 40
    assert load(*files, limit=0).num_rows == 0
    assert load(*files, where="id >= 100", limit=3)["id"].to_pylist() == [200, 201, 202]


def test_an_unknown_column_is_named_with_the_nearest(files: list[str]) -> None:
    with pytest.raises(
        DataError, match="columns= asks for the column 'scor', which doesn't exist: did you mean 'score'"
    ):
        load(*files, columns=["scor"])


@pytest.mark.parametrize(("argument", "value"), [("batch_size", 0), ("limit", -1), ("limit", "3"), ("limit", True)])
def test_bad_numbers_are_named(files: list[str], argument: str, value: object) -> None:
    with pytest.raises(DataError, match=f"{argument}: found .* expected a whole number"):
        load(*files, **{argument: value})


def test_partitions_are_appended_typed_and_prune_files(files: list[str]) -> None:
    partitions = [{"region": "DE", "month": "1"}, {"region": None, "month": "2"}, {"region": "FR", "month": "12"}]
    table = load(*files, partitions=partitions)
    assert table.column_names == ["id", "name", "score", "region", "month"]
    assert table.schema.field("month").type == pa.int64()
    assert table["region"].to_pylist() == ["DE"] * 100 + [None] * 100 + ["FR"] * 100
    assert load(*files, partitions=partitions, where="month = 12 AND id > 150", columns=["id"]).num_rows == 49
    os.remove(files[0])  # a file that the partition values rule out is not even opened
    schema = rows(0, 0).schema
    assert load(*files, schema=schema, partitions=partitions, where="region IS NULL OR month = 12").num_rows == 200


def test_partition_schema_and_wrong_partitions(files: list[str]) -> None:
    partitions = [{"day": "2026-01-01"}, {"day": "2026-01-02"}, {"day": None}]
    assert load(*files, partitions=partitions).schema.field("day").type == pa.date32()
    typed = load(*files, partitions=partitions, partition_schema=pa.schema([("day", pa.string())]))
    assert typed["day"][0].as_py() == "2026-01-01"
    with pytest.raises(DataError, match="is no int32"):
        load(*files, partitions=partitions, partition_schema=pa.schema([("day", pa.int32())]))
    with pytest.raises(DataError, match="2 mappings for 3 paths"):
        load(*files, partitions=partitions[:2])
    with pytest.raises(DataError, match=r"found the columns \['x'\]"):
        load(*files, partitions=[{"day": "1"}, {"x": "1"}, {"day": "1"}])


def test_a_declared_schema_widens_and_fills(files: list[str]) -> None:
    schema = pa.schema([("new", pa.date32()), ("id", pa.float64()), ("name", pa.large_string())])
    table = load(*files, schema=schema, columns=schema.names)  # the files' other columns are asked away
    assert table.schema.equals(schema)
    assert table["new"].null_count == 300
    assert table["id"][0].as_py() == 200.0


def test_a_schema_that_loses_values_is_an_error(files: list[str]) -> None:
    with pytest.raises(DaoError, match=r"part-0.*"):
        load(*files, schema=pa.schema([("score", pa.int64())]), columns=["score"])


def test_a_schema_names_all_columns(files: list[str]) -> None:
    """No column is left out unless columns= does so, in every format, with partitions or not, whole or streamed."""
    schema = pa.schema([("region", pa.string()), ("name", pa.string()), ("id", pa.int64())])
    partitions = [{"region": "DE"}, {"region": "FR"}, {"region": None}]
    form = format_of(files[0], None)
    for where, known in ((None, {}), ("id < 50", {}), (None, {"partitions": partitions})):
        for read in (Format.read_table, type(form).read_table):  # the first one reads the stream
            with pytest.raises(DataError, match=r"part-0.*doesn't name the columns 'score' of the file.*columns="):
                read(form, files, LOCAL, None, Selection(where=where), schema=schema, **known)
            found = read(form, files, LOCAL, None, Selection(["id"], where), schema=schema, **known)
            assert found.column_names == ["id"]
    whole = schema.append(pa.field("score", pa.float64()))
    assert load(*files, schema=whole, partitions=partitions).schema.equals(whole), (
        "a partition column stays where it is"
    )


def test_a_missing_file_is_named_and_is_also_a_file_not_found_error(files: list[str]) -> None:
    with pytest.raises(NotFoundError, match="nowhere") as caught:
        load(files[0], files[0] + ".nowhere", format=None, schema=rows(0, 0).schema)
    assert isinstance(caught.value, FileNotFoundError)


def test_no_files_need_a_schema(files: list[str]) -> None:
    form = format_of(files[0], None)
    with pytest.raises(DataError, match="schema="):
        form.scan([], LOCAL)
    schema = pa.schema([("a", pa.int64())])
    assert form.scan([], LOCAL, schema=schema).read_all().equals(schema.empty_table())


class _Counting(fs.FileSystemHandler):
    """A filesystem that knows which files are open."""

    def __init__(self) -> None:
        self.inner = fs.LocalFileSystem()
        self.opened: list[str] = []
        self.files: list[pa.NativeFile] = []

    def _note(self, path: str, file: pa.NativeFile) -> pa.NativeFile:
        self.opened.append(path)
        self.files.append(file)
        return file

    def open_input_file(self, path: str) -> pa.NativeFile:
        return self._note(path, self.inner.open_input_file(path))

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return self._note(path, self.inner.open_input_file(path))

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        return self.inner.get_file_info(paths)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(name)

    def get_type_name(self) -> str:
        return "counting"

    def _unused(self, *arguments: object) -> None:
        raise NotImplementedError

    get_file_info_selector = create_dir = delete_dir = delete_dir_contents = _unused
    delete_root_dir_contents = delete_file = move = copy_file = _unused
    open_output_stream = open_append_stream = normalize_path = _unused  # type: ignore[assignment]


class _Open(_Counting):
    def normalize_path(self, path: str) -> str:  # type: ignore[override]
        return path


def test_files_are_opened_as_they_are_read_and_closed_with_the_reader(tmp_path: Path) -> None:
    for name in ALL:
        suffix = get_format(name).suffixes[0]
        files = [save(rows(i, 1000), tmp_path / f"lazy-{i}{suffix}", name) for i in range(6)]
        handler = _Open()
        reader = get_format(name).scan(
            files, fs.PyFileSystem(handler), schema=rows(0, 0).schema, selection=Selection(batch_size=100)
        )
        assert handler.opened == [], f"{name} opened a file before a row was asked for"
        reader.read_next_batch()
        assert len(set(handler.opened)) < 6, f"{name} ran through all files for one batch"
        close_reader(reader)
        assert all(file.closed for file in handler.files), f"{name} left a file open"
        with pytest.raises(StopIteration):
            reader.read_next_batch()


def test_dropping_the_reader_stops_reading_ahead(tmp_path: Path) -> None:
    path = save(rows(0, 5000), tmp_path / "a.parquet")
    reader = get_format("parquet").scan([path], LOCAL, selection=Selection(batch_size=10))
    reader.read_next_batch()
    del reader
    gc.collect()
    assert not [thread for thread in threading.enumerate() if thread.name == "dao-read-ahead"]


def test_an_error_in_a_later_file_comes_after_the_rows_before_it(tmp_path: Path) -> None:
    good = save(rows(0, 10), tmp_path / "good.parquet")
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 no such luck PAR1")
    reader = get_format("parquet").scan([good, str(bad)], LOCAL, schema=rows(0, 0).schema)
    assert reader.read_next_batch().num_rows == 10
    with pytest.raises(StoreError, match=r"bad\.parquet") as caught:
        reader.read_next_batch()
    assert caught.value.__cause__ is not None


def test_files_with_different_schemas_are_unified(tmp_path: Path) -> None:
    first = save(pa.table({"a": pa.array([1], pa.int32())}), tmp_path / "1.parquet")
    second = save(pa.table({"b": ["x"], "a": pa.array([2], pa.int64())}), tmp_path / "2.parquet")
    table = load(first, second)
    assert table.schema.equals(pa.schema([("a", pa.int64()), ("b", pa.string())]))
    assert table.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]
    third = save(pa.table({"a": [[1]]}), tmp_path / "3.parquet")
    with pytest.raises(DataError, match="no common schema"):
        load(first, third)


@pytest.mark.parametrize("name", ["arrow", "orc", "parquet"])
def test_count_comes_from_metadata(name: str, tmp_path: Path) -> None:
    form = get_format(name)
    path = save(rows(0, 77), tmp_path / f"a{form.suffixes[0]}", batches=20)
    assert form.count([path, path], LOCAL) == 154


@pytest.mark.parametrize("name", ALL)
def test_metadata_is_plain(name: str, tmp_path: Path) -> None:
    import json

    form = get_format(name)
    path = save(rows(0, 77), tmp_path / f"a{form.suffixes[0]}")
    found = form.metadata(path, LOCAL)
    assert json.loads(json.dumps(found)) == found
    assert found["format"] == name
    assert found["bytes"] == os.path.getsize(path)
    if form.has_schema:
        assert [column["name"] for column in found["columns"]] == ["id", "name", "score"]


def test_any_filesystem_serves(tmp_path: Path) -> None:
    save(rows(0, 10), tmp_path / "a.parquet")
    inside = fs.SubTreeFileSystem(str(tmp_path), LOCAL)
    table = get_format("parquet").scan(["a.parquet"], inside, selection=Selection(where="id > 7")).read_all()
    assert pc.sum(table["id"]).as_py() == 17


@pytest.mark.parametrize("runs", [1, pytest.param(20, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_leaving_a_reader_unread_does_not_trouble_the_end_of_the_process(name: str, runs: int, tmp_path: Path) -> None:
    path = save(rows(0, 50_000), tmp_path / "t", name)
    code = f"""
import sys
from pyarrow import fs
from dao.tables import Selection
from dao_files.formats import get_format
reader = get_format({name!r}).scan([sys.argv[1]] * 3, fs.LocalFileSystem(), selection=Selection(batch_size=1000))
reader.read_next_batch()
keep = reader
"""
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_no_value_is_rounded_to_a_declared_type(tmp_path: Path) -> None:
    path = save(pa.table({"price": [0.5, 0.1]}), tmp_path / "prices.parquet")
    assert load(path, schema=pa.schema([("price", pa.float32())]), limit=0).num_rows == 0
    with pytest.raises(DataError, match=r"prices.parquet: column 'price': double to float would change the value 0\.1"):
        load(path, schema=pa.schema([("price", pa.float32())]))
