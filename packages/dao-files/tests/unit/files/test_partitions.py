from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao import memory
from dao.data_object import TableObject
from dao.errors import AlreadyExistsError, DataError
from dao_files import FilesInterface, MemoryInterface
from dao_files._actions import partitioned
from dao_files.formats import hive_values

T = TableObject("t")


def keys_of(store: FilesInterface) -> list[str]:
    return [info.key for info in store.list(T)]


def folders_of(store: FilesInterface) -> set[str]:
    return {key.rpartition("/")[0].removeprefix("t/") for key in keys_of(store)}


def test_rows_go_to_their_folders_and_come_back(store: FilesInterface, rows: pa.Table) -> None:
    done = store.write(rows, T, format="parquet", partition_by="day")
    assert (done.rows_inserted, done.files) == (3, 2)
    assert folders_of(store) == {"day=mo", "day=tu"}
    found = store.read(T)
    assert found.column_names == rows.column_names, "a partition column stays where it was"
    assert found.sort_by("id").equals(rows)
    assert store.schema(T).equals(rows.schema)
    assert store.read(T, where="day = 'tu'").to_pydict() == {"id": [2], "day": ["tu"], "x": [None]}
    assert store.count(T, where="day = 'mo'") == 2
    assert store.run_metadata(T)["partition_by"] == ["day"]


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_declared_schema_names_all_columns(format: str, store: FilesInterface, rows: pa.Table) -> None:
    """Given in the call or as the object's property: nothing reads, and nothing rewrites, files without a column."""
    store.write(rows, T, format=format, partition_by="day")
    partial = pa.schema([field for field in rows.schema if field.name != "x"])
    declared = TableObject("t", format=format, schema=partial)
    before = keys_of(store)
    for call in (
        lambda: store.read(T, schema=partial),
        lambda: store.read(declared, schema=partial),
        lambda: store.delete(declared, where="id = 1", schema=partial),
        lambda: store.upsert(pa.table({"id": [1], "day": ["mo"]}), declared, keys=["id"], schema=partial),
    ):
        with pytest.raises(DataError, match="doesn't name the columns 'x' of the (file|table)"):
            call()
    assert keys_of(store) == before
    assert store.read(T, schema=partial, columns=["id", "day"]).num_rows == 3


@pytest.mark.parametrize(
    "values",
    [
        ["a/b", "..", "", "a=b", "ü", "%2F", "__HIVE_DEFAULT_PARTITION__x", "x y", None, ".hidden", "_u", "\\", "\n"],
        [
            *[
                "__HIVE_DEFAULT_PARTITION__",
                "null",
                "NaN",
                "01",
                "1",
                ".",
                "a.",
                "é",
                "é",
                "🦆",
                "\x00",
                "\x7f",
                "A",
                "a",
                "\ufeff",
            ],
            " ",
            "x" * 200,
        ],
        [1, -1, None, 2**63 - 1],
        [True, False, None],
        [date(1, 1, 1), date(9999, 12, 31), None],
        [datetime(2025, 1, 1, 12, 0, 0, 1), None],
        [Decimal("-1.20"), Decimal("0.00"), None],
        [0.1, float("inf"), -float("inf"), 1e300, 5e-324, 1e16, None],
        pa.array([0.1, 3.4e38, None], pa.float32()),
        pa.array([Decimal("1.5"), None], pa.decimal32(5, 2)),
        pa.array([0, 2**64 - 1], pa.uint64()),
        pa.array([0, -1], pa.timestamp("s")),
        pa.array([1603587600, 1603591200], pa.timestamp("s", "Europe/Berlin")),
        pa.array([1, None, 2]).dictionary_encode(),
        pa.nulls(1),
    ],
    ids=[
        "text",
        "odd text",
        "int64",
        "bool",
        "date",
        "timestamp",
        "decimal",
        "double",
        "float",
        "short decimal",
        "uint64",
        "seconds",
        "zoned",
        "categories",
        "null",
    ],
)
def test_values_of_every_type_round_trip(store: FilesInterface, values: list[object] | pa.Array) -> None:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    table = pa.table({"v": list(range(len(values))), "p": column})
    store.write(table, T, format="parquet", partition_by=["p"])
    assert store.read(T).sort_by("v").equals(table)
    assert len(folders_of(store)) == len(values)


def test_zeros_and_nan_round_trip(store: FilesInterface) -> None:
    """They are equal or not to what they look like, so the texts of what comes back are compared."""
    values = [float("nan"), -0.0, 0.0]
    store.write(pa.table({"v": [0, 1, 2], "p": values}), T, format="parquet", partition_by=["p"])
    assert str(store.read(T).sort_by("v").column("p").to_pylist()) == str(values)
    store.upsert(pa.table({"v": [2], "p": [-0.0]}), T, keys="v")
    assert str(store.read(T).sort_by("v").column("p").to_pylist()) == "[nan, -0.0, -0.0]"


@pytest.mark.parametrize(
    "values",
    [
        pa.array([10_000_000], pa.int32()).cast(pa.date32()),
        pa.array([253402300800], pa.timestamp("s")),
        pa.array([1], pa.time64("us")),
        pa.array([1], pa.duration("us")),
        pa.array([b"aa"], pa.binary(2)),
        pa.array([b"a" * 16], pa.uuid()),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    ],
    ids=lambda values: str(values.type),
)
def test_values_that_would_not_come_back_are_refused(store: FilesInterface, values: pa.Array) -> None:
    with pytest.raises(DataError, match="partition_by: column 'p'"):
        store.write(pa.table({"v": [1], "p": values}), T, format="parquet", partition_by=["p"])
    assert not store.exists(T)


NAMES = [
    "a b",
    "a=b",
    "a/b",
    "%",
    "%2F",
    "..",
    ".",
    "_p",
    ".p",
    "é",
    "e\u0301",
    "🦆",
    "\n",
    "x.",
    " ",
    "a:b",
    "*",
    "\\",
    "P" * 99,
]


@pytest.mark.parametrize("name", [*NAMES, "__HIVE_DEFAULT_PARTITION__"])
def test_columns_of_any_name_round_trip(store: FilesInterface, name: str) -> None:
    table = pa.table({"v": [1, 2, 3], name: ["x", None, "y"]})
    store.write(table, T, format="parquet", partition_by=[name])
    assert store.read(T).sort_by("v").equals(table)
    store.write(pa.table({"v": [4], name: ["x"]}), T, mode="append")
    store.storage.delete("t/_dao_log.jsonl", "file")
    assert sorted(store.read(T, columns=["v", name]).to_pylist(), key=lambda row: row["v"]) == [
        *table.to_pylist(),
        {"v": 4, name: "x"},
    ], "the folders say it all"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.none(), min_size=1, max_size=8))
def test_any_text_round_trips(values: list[str | None]) -> None:
    store = MemoryInterface()
    table = pa.table({"v": list(range(len(values))), "p": pa.array(values, pa.string())})
    store.write(table, T, format="parquet", partition_by=["p"])
    assert store.read(T).sort_by("v").equals(table)


def test_zoned_timestamps_and_dictionaries_round_trip(store: FilesInterface) -> None:
    table = pa.table(
        {
            "v": [1, 2],
            "p": pa.array([0, None], pa.timestamp("ns", "UTC")),
            "q": pa.array(["x", "y"]).dictionary_encode(),
            "r": pa.array([3, 4], pa.int8()),
        }
    )
    store.write(table, T, format="parquet", partition_by=["p", "q", "r"])
    assert store.read(T).sort_by("v").equals(table)


def test_types_are_inferred_where_nobody_declares_them(store: FilesInterface) -> None:
    for place in ("n=1/d=2025-01-01/s=x/a.csv", "n=2/d=__HIVE_DEFAULT_PARTITION__/s=007/b.csv"):
        store.write_bytes(b"v\n1\n", T, path=f"t/{place}")
    assert store.read(T).to_pylist() == [
        {"v": 1, "n": 1, "d": date(2025, 1, 1), "s": "x"},
        {"v": 1, "n": 2, "d": None, "s": "007"},
    ]
    declared = pa.schema([("v", pa.int8()), ("n", pa.string()), ("d", pa.date32()), ("s", pa.string())])
    assert store.read(T, schema=declared).column("n").to_pylist() == ["1", "2"]


def test_dynamic_overwrite_replaces_only_the_partitions_of_the_data(store: FilesInterface, rows: pa.Table) -> None:
    store.write(rows, T, format="parquet", partition_by=["day"])
    untouched = next(key for key in keys_of(store) if "day=tu" in key)
    new = pa.table({"id": [9, 10], "day": ["mo", "we"], "x": [1.0, 1.0]})
    done = store.write(new, T, mode="overwrite_partitions")
    assert (done.rows_inserted, done.rows_deleted) == (2, 2)
    assert sorted(store.read(T).column("id").to_pylist()) == [2, 9, 10]
    assert untouched in keys_of(store)
    assert store.count(T) == 3
    empty = store.write(rows.slice(0, 0), T, mode="overwrite_partitions")
    assert (empty.rows_inserted, empty.rows_deleted, store.count(T)) == (0, 0, 3)


def test_dynamic_overwrite_knows_values_that_others_spell_differently(store: FilesInterface) -> None:
    store.write_bytes(b"v\n1\n", T, path="t/month=1/a.csv")
    store.write_bytes(b"v\n2\n", T, path="t/month=002/b.csv")
    schema = pa.schema([("v", pa.int64()), ("month", pa.int64())])
    store.write([{"v": 7, "month": 2}], T, mode="overwrite_partitions", format="csv", schema=schema)
    assert sorted(row["v"] for row in store.read(T, schema=schema).to_pylist()) == [1, 7]


def test_dynamic_overwrite_needs_partitions(store: FilesInterface, rows: pa.Table) -> None:
    with pytest.raises(DataError, match="partition_by"):
        store.write(rows, T, mode="overwrite_partitions", format="parquet")
    store.write(rows, T, mode="overwrite_partitions", format="parquet", partition_by="day")
    assert store.count(T) == 3


def test_partitioning_must_agree(store: FilesInterface, rows: pa.Table) -> None:
    store.write(rows, T, format="parquet", partition_by=["day"])
    for other in (["id"], [], ["day", "id"]):
        with pytest.raises(DataError, match="partitioned by"):
            store.write(rows, T, mode="append", partition_by=other)
    store.write(rows, T, mode="append", partition_by="day")
    store.write(rows, T, mode="append")
    assert store.count(T) == 9
    with pytest.raises(AlreadyExistsError):
        store.write(rows, T, partition_by=["day"])
    store.write(rows, T, mode="overwrite")
    assert folders_of(store) == {"t"}, "overwriting replaces the layout too"
    store.write(rows, T, mode="overwrite", partition_by=[])
    assert folders_of(store) == {"t"}


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["nope"], "nope"),
        (["l"], "list"),
        (["b"], "binary"),
        (["i", "i"], "more than once"),
        (["i", "j", "k"], "all"),
        ([""], "can't be named by the column ''"),
        (["n\0"], "can't be named by the column"),
    ],
)
def test_what_cannot_be_partitioned_by(store: FilesInterface, by: list[str], message: str) -> None:
    plain = pa.table({"i": [1], "j": [1], "k": [1]})
    table = plain if message == "all" else pa.table({"i": [1], "l": [[1]], "b": [b"x"], "": [1], "n\0": [1]})
    with pytest.raises(DataError, match=message):
        store.write(table, T, format="parquet", partition_by=by)
    assert not store.exists(T)


def test_no_rows_are_a_table_without_files(store: FilesInterface, rows: pa.Table) -> None:
    store.write(rows.slice(0, 0), T, format="parquet", partition_by="day")
    assert store.read(T).equals(rows.slice(0, 0))
    assert store.count(T) == 0
    store.write(rows, T, mode="append")
    assert folders_of(store) == {"day=mo", "day=tu"}


class TestManyPartitions:
    """More partitions than files may be open, rows in any order, more data than may wait."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(partitioned, "_GROUP_BYTES", 2_000)
        monkeypatch.setattr(memory, "USUAL", memory.Budget(waiting=20_000, open_files=7))

    def test_every_row_arrives_once_and_in_the_order_of_its_partition(self, store: FilesInterface) -> None:
        numbers = list(range(20_000))
        random.Random(1).shuffle(numbers)
        table = pa.table({"p": [n % 50 if n % 3 else 0 for n in numbers], "n": numbers})
        done = store.write(iter(table.to_batches(max_chunksize=500)), T, format="parquet", partition_by="p")
        assert done.rows_inserted == 20_000
        found = store.read(T)
        assert sorted(found.column("n").to_pylist()) == list(range(20_000))
        for p in (0, 7):
            order = [row["n"] for row in table.to_pylist() if row["p"] == p]
            assert store.read(T, where=f"p = {p}").column("n").to_pylist() == order

    def test_few_files_are_open(self, store: FilesInterface, monkeypatch: pytest.MonkeyPatch) -> None:
        most = 0
        original = partitioned._Partitions._open_part

        def counted(self: partitioned._Partitions, folder: str) -> partitioned.OpenPart:
            nonlocal most
            part = original(self, folder)
            most = max(most, len(self.open))
            return part

        monkeypatch.setattr(partitioned._Partitions, "_open_part", counted)
        table = pa.table({"p": [n % 100 for n in range(30_000)], "n": list(range(30_000))})
        store.write(table, T, format="parquet", partition_by="p")
        assert 0 < most <= 7
        assert store.count(T) == 30_000

    def test_an_error_in_the_middle_leaves_nothing(self, store: FilesInterface) -> None:
        def broken() -> Iterator[pa.RecordBatch]:
            for start in range(20):
                yield pa.record_batch({"p": [n % 30 for n in range(500)], "n": [start] * 500})
            raise ValueError("the source is gone")

        with pytest.raises(ValueError, match="the source is gone"):
            store.write(broken(), T, format="parquet", partition_by="p")
        assert not store.exists(T)


def test_folder_names_are_what_spark_and_hive_read(store: FilesInterface) -> None:
    store.write(pa.table({"v": [1, 2], "p": ["a/b", None]}), T, format="parquet", partition_by="p")
    assert folders_of(store) == {"p=a%2Fb", "p=__HIVE_DEFAULT_PARTITION__"}
    assert {hive_values(key)["p"] for key in keys_of(store)} == {"a/b", None}
