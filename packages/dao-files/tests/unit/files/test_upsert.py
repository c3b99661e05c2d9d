from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.data_object import FileObject, TableObject
from dao.errors import DataError, UnsupportedError
from dao_files import FilesInterface, MemoryInterface

T = TableObject("t")
BASE = pa.table({"id": [1, 2, 3], "day": ["mo", "tu", "mo"], "x": [0.5, None, 2.5]})


AT = {
    "integers": [1, 2, 3],
    "floats": [float("nan"), 0.0, float("inf")],
    "texts": ["a", "b", "ü"],
    "views": pa.array(["a", "b", "ü"], pa.string_view()),
    "categories": pa.array(["a", "b", "c"]).dictionary_encode(),
    "truth": [None, False, True],
    "nulls": [None, 1, 2],
    "decimals": [Decimal("-1.5"), Decimal(0), Decimal("1.25")],
    "bytes": [b"", b"\x00", b"\xff"],
    "fixed": pa.array([b"aa", b"ab", b"b0"], pa.binary(2)),
    "dates": [date(1969, 1, 1), date(2020, 1, 1), date(2020, 1, 2)],
    "moments": pa.array([1, 2, 3], pa.timestamp("us", "UTC")),
    "times": pa.array([1, 2, 3], pa.time64("us")),
    "durations": pa.array([1, 2, 3], pa.duration("us")),
}
"""Values of one type each, the oldest first."""


def found(store: FilesInterface, target: TableObject | FileObject = T) -> list[dict[str, object]]:
    return sorted(store.read(target).to_pylist(), key=lambda row: str(row["id"]))


def names(store: FilesInterface) -> set[str]:
    return {info.key for info in store.list(T)}


def test_updates_and_inserts(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    done = store.upsert(pa.table({"id": [4, 2], "day": ["we", "we"], "x": [4.0, 2.0]}), T, keys="id")
    assert (done.rows_inserted, done.rows_updated, done.rows_deleted) == (1, 1, 0)
    assert (done.version_before, done.version_after) == (1, 2)
    assert [row["x"] for row in found(store)] == [0.5, 2.0, 2.5, 4.0]
    assert store.read(T).column("id").to_pylist() == [1, 2, 3, 4], "an updated row keeps its place"
    assert store.count(T) == 4


def test_a_missing_target_is_created(store: FilesInterface) -> None:
    done = store.upsert(BASE, T, keys=["id"], format="parquet", partition_by="day")
    assert (done.rows_inserted, done.rows_updated, done.version_after) == (3, 0, 1)
    assert store.run_metadata(T)["partition_by"] == ["day"]


def test_only_files_with_a_key_are_written_anew(store: FilesInterface) -> None:
    for start in (0, 100, 200):
        chunk = pa.table({"id": list(range(start, start + 10)), "x": ["old"] * 10})
        store.write(chunk, T, mode="append", format="parquet")
    before = names(store)
    done = store.upsert(pa.table({"id": [105, 150], "x": ["new", "new"]}), T, keys="id")
    assert (done.rows_updated, done.rows_inserted, done.files) == (1, 1, 2)
    assert len(before & names(store)) == 2
    assert store.count(T, where="x = 'new'") == 2


def test_composite_keys_and_nulls_in_the_table(store: FilesInterface) -> None:
    table = pa.table({"a": [1, 1, None, 2], "b": ["x", "y", "x", None], "v": [1, 2, 3, 4]})
    store.write(table, T, format="parquet")
    done = store.upsert(pa.table({"a": [1, 2], "b": ["y", "x"], "v": [20, 21]}), T, keys=["a", "b"])
    assert (done.rows_inserted, done.rows_updated) == (1, 1)
    assert store.read(T).to_pydict() == {
        "a": [1, 1, None, 2, 2],
        "b": ["x", "y", "x", None, "x"],
        "v": [1, 20, 3, 4, 21],
    }


KEYS = {
    **{kind: values for kind, values in AT.items() if kind not in ("floats", "truth", "nulls")},
    "truth": [False, True],
    "half floats": pa.array([-0.0, 1.0, 2.0], pa.float16()),
    "short decimals": pa.array([Decimal("-1.5"), Decimal(0), Decimal(1)], pa.decimal32(4, 1)),
    "uuids": pa.array([b"a" * 16, b"b" * 16, b"c" * 16], pa.uuid()),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("keys", [["k"], ["k", "j"]], ids=["one", "two"])
def test_keys_of_any_plain_type(store: FilesInterface, kind: str, keys: list[str]) -> None:
    column = KEYS[kind] if isinstance(KEYS[kind], pa.Array) else pa.array(KEYS[kind])
    store.write(pa.table({"k": column, "j": [1] * len(column), "v": ["old"] * len(column)}), T, format="parquet")
    last = pa.table({"k": pa.concat_arrays([column.slice(1, 1)] * 2), "j": [1, 1], "v": ["x", "y"]})
    assert store.upsert(last, T, keys=keys, order_by="v").rows_updated == 1
    assert store.read(T).column("v").to_pylist() == ["old", "y", *["old"] * (len(column) - 2)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, None], "'id' is null in row 1"),
        ([float("nan"), 1.0], "'id' is NaN in row 0"),
        ([1, 2, 1], "id=1 in rows 0 and 2"),
    ],
)
def test_keys_that_tell_nothing_apart(store: FilesInterface, values: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        store.upsert(pa.table({"id": values}), T, keys="id", format="parquet")
    assert not store.exists(T)


def test_wrong_keys(store: FilesInterface) -> None:
    for keys, message in (
        ("idd", "did you mean 'id'"),
        ([], "keys: found none"),
        (["id", "id"], "more than once"),
        ("l", "list"),
    ):
        with pytest.raises(DataError, match=message):
            store.upsert(pa.table({"id": [1], "l": [[1]]}), T, keys=keys, format="parquet")
    store.write(pa.table({"x": [1]}), T, format="parquet")
    with pytest.raises(DataError, match="'id'"):
        store.upsert(pa.table({"x": [1], "id": [1]}), T, keys="id", schema_mode="evolve")


def test_order_by_picks_the_greatest_and_of_equal_ones_the_last(store: FilesInterface) -> None:
    source = pa.table(
        {
            "id": [1, 1, 1, 2, 2, 3, 3, 4, 4],
            "at": [5.0, 9.0, None, None, None, 1.0, 1.0, float("nan"), -1.0],
            "v": list("abcdefghi"),
        }
    )
    store.upsert(source, T, keys="id", order_by="at", format="parquet")
    assert [row["v"] for row in found(store)] == ["b", "e", "g", "i"]
    store.upsert(source, TableObject("u"), keys="id", order_by=["at", "v"], format="parquet")
    assert [row["v"] for row in found(store, TableObject("u"))] == ["b", "e", "g", "i"]


@pytest.mark.parametrize("kind", AT)
@pytest.mark.parametrize("target", [T, FileObject("x.parquet")], ids=["tree", "file"])
def test_an_older_arrival_leaves_a_newer_row(
    store: FilesInterface, kind: str, target: TableObject | FileObject
) -> None:
    """Rows 0, 1 and 2 are stored with the middle value, and one arrives that is older, as old, newer."""
    column = AT[kind] if isinstance(AT[kind], pa.Array) else pa.array(AT[kind])
    table = pa.table({"id": [0, 1, 2], "at": pa.concat_arrays([column.slice(1, 1)] * 3), "v": ["stored"] * 3})
    store.write(table, target, format="parquet")
    arrivals = pa.table({"id": [0, 1, 2], "at": column, "v": ["arrived"] * 3})
    done = store.upsert(arrivals, target, keys="id", order_by="at")
    assert [row["v"] for row in found(store, target)] == ["stored", "arrived", "arrived"]
    assert (done.rows_updated, done.rows_inserted) == (2, 0)
    done = store.upsert(arrivals.slice(0, 1), target, keys="id", order_by="at")
    assert (done.rows_updated, done.rows_inserted, done.version_after) == (0, 0, done.version_before)
    several = pa.table({"id": [9, 9, 9], "at": column, "v": ["a", "b", "c"]})
    store.upsert(several, target, keys="id", order_by="at")
    assert found(store, target)[-1]["v"] == "c"


def test_several_order_columns_are_looked_at_one_after_the_other(store: FilesInterface) -> None:
    store.write(pa.table({"id": [1, 2, 3, 4], "a": [1, 1, 1, None], "b": [5, 5, 5, 5]}), T, format="parquet")
    arrivals = pa.table({"id": [1, 2, 3, 4], "a": [2, 1, 1, None], "b": [0, 4, 6, 4]})
    assert store.upsert(arrivals, T, keys="id", order_by=["a", "b"]).rows_updated == 2
    assert [(row["a"], row["b"]) for row in found(store)] == [(2, 0), (1, 5), (1, 6), (None, 5)]


def test_rows_stored_before_the_order_column_was_are_older_than_all(store: FilesInterface) -> None:
    store.write(pa.table({"id": [1, 2], "v": ["a", "b"]}), T, format="parquet")
    arrivals = pa.table({"id": [2], "v": ["B"], "at": [0]})
    store.upsert(arrivals, T, keys="id", order_by="at", schema_mode="evolve")
    assert found(store) == [{"id": 1, "v": "a", "at": None}, {"id": 2, "v": "B", "at": 0}]


def test_a_key_that_the_table_has_twice_updates_both(store: FilesInterface) -> None:
    for layout in ("g", None):
        target = TableObject(f"t{layout}")
        old = pa.table({"id": [1, 1, 2], "g": ["x", "y", "x"], "at": [1, 9, 1], "kept": [10, 11, 12]})
        store.write(old, target, format="parquet", partition_by=layout)
        new = pa.table({"id": [1], "g": ["z"], "at": [5]})
        done = store.upsert(new, target, keys="id", order_by="at", schema_mode="evolve")
        assert (done.rows_updated, done.rows_inserted, store.count(target)) == (1, 0, 3)
        store.upsert(new.set_column(2, "at", [[10]]), target, keys="id", schema_mode="evolve")
        both = [(row["g"], row["at"], row["kept"]) for row in found(store, target) if row["id"] == 1]
        assert sorted(both) == [("z", 10, 10), ("z", 10, 11)], "both rows, each with its own kept value"


def test_negative_zero_is_zero(store: FilesInterface) -> None:
    store.write(pa.table({"id": [0.0, 1.0], "v": [1, 2]}), T, format="parquet")
    done = store.upsert(pa.table({"id": [-0.0], "v": [3]}), T, keys="id")
    assert (done.rows_updated, done.rows_inserted) == (1, 0)


def test_rows_that_change_their_partition_move(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet", partition_by="day")
    moved = pa.table({"id": [1, 2], "day": ["tu", "tu"], "x": [9.0, 9.0]})
    done = store.upsert(moved, T, keys="id")
    assert (done.rows_inserted, done.rows_updated) == (0, 2)
    assert [(row["id"], row["day"], row["x"]) for row in found(store)] == [
        (1, "tu", 9.0),
        (2, "tu", 9.0),
        (3, "mo", 2.5),
    ]
    assert store.count(T, where="day = 'mo'") == 1
    assert store.count(T) == 3


def test_rows_keep_what_the_source_lacks_when_they_move(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet", partition_by="day")
    done = store.upsert(pa.table({"id": [1, 7], "day": ["tu", "we"]}), T, keys="id", schema_mode="evolve")
    assert (done.rows_updated, done.rows_inserted) == (1, 1)
    assert [(row["id"], row["day"], row["x"]) for row in found(store)] == [
        (1, "tu", 0.5),
        (2, "tu", None),
        (3, "mo", 2.5),
        (7, "we", None),
    ]


def test_a_partition_of_nan_or_null_keeps_its_rows(store: FilesInterface) -> None:
    table = pa.table({"id": [1, 2, 3, 4], "p": [float("nan"), float("nan"), None, 0.5], "v": [1, 2, 3, 4]})
    store.write(table, T, format="parquet", partition_by="p")
    before = names(store)
    store.upsert(pa.table({"id": [1, 3], "p": [float("nan"), None], "v": [10, 30]}), T, keys="id")
    assert [row["v"] for row in found(store)] == [10, 2, 30, 4]
    assert len(names(store)) == len(before), "no row has moved"


def test_a_partition_column_as_key(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet", partition_by="day")
    other = {info.key for info in store.list(T) if "day=tu" in info.key}
    done = store.upsert(pa.table({"id": [1, 2], "day": ["mo", "mo"], "x": [9.0, 9.0]}), T, keys=["id", "day"])
    assert (done.rows_inserted, done.rows_updated) == (1, 1)
    assert other <= names(store)


def test_schemas(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    with pytest.raises(DataError, match="'new'"):
        store.upsert(BASE.append_column("new", [["a", "b", "c"]]), T, keys="id")
    done = store.upsert(
        pa.table({"id": pa.array([3, 4], pa.int8()), "new": ["c", "d"]}), T, keys="id", schema_mode="evolve"
    )
    assert (done.rows_inserted, done.rows_updated) == (1, 1)
    assert [row["new"] for row in found(store)] == [None, None, "c", "d"]
    assert [row["x"] for row in found(store)] == [0.5, None, 2.5, None], "what the source lacks keeps its values"


def test_nothing_to_do_makes_no_version(store: FilesInterface) -> None:
    store.write(BASE, T, format="parquet")
    assert store.upsert(BASE.slice(0, 0), T, keys="id").version_after == 1
    assert len(store.history(T)) == 1


def test_one_file(store: FilesInterface) -> None:
    x = FileObject("x.parquet")
    store.write(BASE, x)
    done = store.upsert(pa.table({"id": [2, 9], "day": ["z", "z"], "x": [1.0, 1.0]}), x, keys="id")
    assert (done.rows_inserted, done.rows_updated, done.files) == (1, 1, 1)
    assert [row["id"] for row in found(store, x)] == [1, 2, 3, 9]


def test_text_without_types_is_not_rewritten(store: FilesInterface) -> None:
    store.write_bytes(b"id,code\n1,007\n", T, path="t/a.csv")
    data = pa.table({"id": [1], "code": ["x"]})
    with pytest.raises(UnsupportedError, match="schema="):
        store.upsert(data, T, keys="id")
    schema = pa.schema([("id", pa.int64()), ("code", pa.string())])
    store.upsert(pa.table({"id": [2], "code": ["008"]}), T, keys="id", schema=schema)
    assert store.read(T).to_pydict() == {"id": [1, 2], "code": ["007", "008"]}


@pytest.mark.parametrize("format", ["csv", "ndjson", "arrow", "avro"])
def test_other_formats(store: FilesInterface, format: str) -> None:
    store.write(BASE, T, format=format)
    done = store.upsert(pa.table({"id": [2, 9], "day": ["z", "z"], "x": [1.0, 1.0]}), T, keys="id")
    assert (done.rows_inserted, done.rows_updated) == (1, 1)
    assert [row["x"] for row in found(store)] == [0.5, 1.0, 2.5, 1.0]


def test_nested_and_dictionary_payload(store: FilesInterface) -> None:
    table = pa.table(
        {"id": [1, 2], "l": [[1], None], "s": [{"a": 1}, None], "d": pa.array(["x", "y"]).dictionary_encode()}
    )
    store.write(table, T, format="parquet")
    new = pa.table({"id": [2, 3], "l": [[7], []], "s": [{"a": 7}, None], "d": pa.array(["z", "z"]).dictionary_encode()})
    store.upsert(new, T, keys="id")
    assert found(store) == [*table.slice(0, 1).to_pylist(), *new.to_pylist()]


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_is_what_a_dictionary_does(data: st.DataObject) -> None:
    """Any sequence of upserts, with one or two keys, in an order or not, of all columns or some, is a dict's by key."""
    store = MemoryInterface()
    composite = data.draw(st.booleans())
    partition = data.draw(st.sampled_from([None, "b", "p"]))
    keys = ["a", "b"] if composite else ["a"]
    expected: dict[tuple[object, ...], dict[str, object]] = {}
    row = st.fixed_dictionaries(
        {"a": st.integers(0, 6), "b": st.sampled_from("xy"), "p": st.integers(0, 1), "v": st.integers()}
    ).filter(lambda r: abs(r["v"]) < 2**60)
    order_by = data.draw(st.sampled_from([None, "v"]))
    for turn in range(data.draw(st.integers(1, 4))):
        rows = list({tuple(r[k] for k in keys): r for r in data.draw(st.lists(row, min_size=1, max_size=6))}.values())
        lacks = data.draw(st.sampled_from([set(), {"p"}])) if turn else set()
        rows = [{name: value for name, value in r.items() if name not in lacks} for r in rows]
        random.Random(0).shuffle(rows)
        done = store.upsert(
            rows, T, keys=keys, order_by=order_by, format="parquet", partition_by=partition, schema_mode="evolve"
        )
        updated = inserted = 0
        for r in rows:
            old = expected.get(key := tuple(r[k] for k in keys))
            inserted += old is None
            if old is None or order_by is None or r["v"] >= old["v"]:
                updated += old is not None
                expected[key] = {"p": None, **(old or {}), **r}
        assert (done.rows_updated, done.rows_inserted) == (updated, inserted)
        found = store.read(T, columns=["a", "b", "p", "v"]).to_pylist()
        assert {tuple(r[k] for k in keys): r for r in found} == expected
        assert store.count(T) == len(found) == len(expected)
