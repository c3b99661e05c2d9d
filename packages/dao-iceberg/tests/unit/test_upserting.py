"""Upserts: which files are read and written again, and what the rows are afterwards."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao import DataAccessObject, DataError, DataStore, TableObject
from dao_iceberg._snapshots.stored import StoredFiles


def ids(begin, end, value="old"):
    return pa.table({"id": pa.array(range(begin, end)), "v": [value] * (end - begin)})


def rows(dao, table):
    return sorted(dao.read(table).to_pylist(), key=repr)


@pytest.fixture
def files_read(monkeypatch):
    """Which files are read, and which columns of them; None for all."""
    found = []
    read = StoredFiles.read

    def note(self, file, names=None, **more):
        found.append((file.path, None if names is None else tuple(names)))
        return read(self, file, names, **more)

    monkeypatch.setattr(StoredFiles, "read", note)
    return found


@pytest.fixture
def ten_files(dao, table):
    """Ten files with ten ids each."""
    for begin in range(0, 100, 10):
        dao.write(ids(begin, begin + 10), table, mode="append")


def test_only_files_whose_bounds_allow_a_key_are_read(dao, table, ten_files, files_read):
    result = dao.upsert(ids(38, 42, "new"), table, keys="id")
    assert (result.rows_updated, result.rows_inserted, result.files) == (4, 0, 1)
    matched = {path for path, names in files_read if names == ("id",)}
    assert len(matched) == 2
    assert {path for path, names in files_read if names is None} == matched


def test_a_gap_between_keys_skips_the_files_in_it(dao, table, ten_files, files_read):
    dao.upsert(pa.concat_tables([ids(0, 1, "new"), ids(99, 100, "new"), ids(500, 501)]), table, keys="id")
    assert len({path for path, _ in files_read}) == 2


@pytest.mark.parametrize(
    "make",
    [
        *(int, str, lambda n: f"ä{n}".encode(), lambda n: uuid.UUID(int=n).bytes, lambda n: Decimal(n) / 100),
        *(lambda n: date.fromordinal(700_000 + n), lambda n: datetime.fromtimestamp(n - 50, UTC)),
    ],
    ids=["int", "str", "bytes", "uuid", "decimal", "date", "timestamp"],
)
def test_files_of_other_buckets_are_not_read(dao, table, files_read, make, request):
    kind = {"decimal": pa.decimal128(9, 2), "uuid": pa.uuid(), "timestamp": pa.timestamp("us", "UTC")}
    kind = kind.get(request.node.callspec.id, pa.scalar(make(1)).type)
    numbers = pa.array(range(100))
    keys = pa.array([make(n) for n in range(100)], kind.storage_type if kind == pa.uuid() else kind)
    stored = pa.table({"key": pa.ExtensionArray.from_storage(kind, keys) if kind == pa.uuid() else keys, "n": numbers})
    dao.write(stored, table, partition_by="bucket(8, key)")
    for n in (7, 50, 93):
        files_read.clear()
        source = stored.slice(n, 1).set_column(1, "n", pa.array([n + 1000]))
        assert dao.upsert(source, table, keys="key").rows_updated == 1
        assert len({path for path, _ in files_read}) == 1
    expected = [n + 1000 if n in (7, 50, 93) else n for n in range(100)]
    assert sorted(dao.read(table)["n"].to_pylist()) == sorted(expected)


def test_buckets_of_all_partitions_that_the_table_had_count(dao, table, client, files_read):
    dao.write(pa.table({"a": range(50), "b": [str(n) for n in range(50)]}), table, partition_by="bucket(4, a)")
    with client.open("orders").table.update_spec() as spec:
        spec.add_field("b", "bucket[2]", "other")
    more = pa.table({"a": range(50, 100), "b": [str(n) for n in range(50, 100)]})
    dao.write(more, table, mode="append")
    for n in (3, 70):
        files_read.clear()
        source = pa.table({"a": [n], "b": [str(n)]})
        assert dao.upsert(source, table, keys=["a", "b"]).rows_updated == 1
        assert len({path for path, _ in files_read}) == 1
    assert dao.count(table) == 100


@pytest.mark.parametrize("count", [10, 100_000])
def test_composite_keys(dao, table, count):
    numbers = pa.array(range(count), pa.int64())
    stored = pa.table({"a": [n % 7 for n in range(count)], "b": numbers, "v": ["old"] * count})
    for half in (stored.slice(0, count // 2), stored.slice(count // 2)):
        dao.write(half, table, mode="append")
    half = count // 2
    keys = pa.array(range(half, half + count), pa.int64())
    source = pa.table({"b": keys, "v": ["new"] * count, "a": [n % 7 for n in range(half, half + count)]})
    result = dao.upsert(source, table, keys=["a", "b"])
    assert (result.rows_updated, result.rows_inserted) == (count - half, half)
    found = dao.read(table).sort_by("b")
    assert found["b"].to_pylist() == list(range(half + count))
    assert found["v"].to_pylist() == ["old"] * half + ["new"] * count
    assert found["a"].to_pylist() == [n % 7 for n in range(half + count)]
    assert len(dao.history(table)) == 3


def test_parts_of_composite_keys_are_not_mixed_up(dao, table):
    dao.write(pa.table({"a": ["x", "xy"], "b": ["yz", "z"], "v": [1, 2]}), table)
    dao.upsert(pa.table({"a": ["xy", "x"], "b": ["yz", "z"], "v": [3, 4]}), table, keys=["a", "b"])
    assert dao.count(table) == 4


@pytest.mark.parametrize("key", [None, float("nan")])
def test_keys_that_are_none_are_refused(dao, table, client, key):
    dao.write(pa.table({"id": [1.0, 2.0], "v": [1, 2]}), table)
    before = client.open("orders").version
    with pytest.raises(DataError):
        dao.upsert(pa.table({"id": pa.array([1.0, key], pa.float64()), "v": [3, 4]}), table, keys="id")
    assert client.open("orders").version == before


def test_stored_rows_without_a_key_stay(dao, table):
    dao.write(pa.table({"id": pa.array([None, 1, None], pa.int64()), "v": [1, 2, 3]}), table)
    result = dao.upsert(pa.table({"id": [1, 0], "v": [9, 8]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (1, 1)
    assert sorted(dao.read(table)["v"].to_pylist()) == [1, 3, 8, 9]


def test_keys_that_are_repeated(dao, table):
    dao.write(pa.table({"id": [1, 1], "v": [1, 2]}), table)
    source = pa.table({"id": [1, 1], "v": [5, 6]})
    with pytest.raises(DataError):
        dao.upsert(source, table, keys="id")
    result = dao.upsert(source, table, keys="id", order_by="v")
    assert result.rows_updated == 2
    assert dao.read(table)["v"].to_pylist() == [6, 6]


def test_rows_that_are_older_change_nothing(dao, table, client):
    dao.write(pa.table({"id": [1, 2, 3, 4], "at": pa.array([5, 5, None, 5], pa.int64()), "v": ["old"] * 4}), table)
    source = pa.table({"id": [1, 2, 3, 4], "at": pa.array([4, 5, 1, None], pa.int64()), "v": ["new"] * 4})
    result = dao.upsert(source, table, keys="id", order_by="at")
    assert result.rows_updated == 2
    assert {row["id"]: row["v"] for row in rows(dao, table)} == {1: "old", 2: "new", 3: "new", 4: "old"}
    again = dao.upsert(source.slice(0, 1), table, keys="id", order_by="at")
    assert again.version_after == again.version_before


def test_columns_that_the_data_lacks_keep_their_values(dao, table):
    dao.write(pa.table({"id": [1, 2], "kept": ["a", "b"], "v": [1, 2]}), table)
    source = pa.table({"v": [20, 30], "id": [2, 3], "more": [True, False]})
    dao.upsert(source, table, keys="id", schema_mode="evolve")
    assert rows(dao, table) == [
        {"id": 1, "kept": "a", "v": 1, "more": None},
        {"id": 2, "kept": "b", "v": 20, "more": True},
        {"id": 3, "kept": None, "v": 30, "more": False},
    ]


@pytest.mark.parametrize("term", ["p", "bucket(4, p)", "truncate(10, p)"])
def test_rows_that_change_their_partition_move(dao, table, term):
    stored = pa.table({"id": range(40), "p": list(range(40)), "v": ["old"] * 40})
    dao.write(stored, table, partition_by=term)
    source = pa.table({"id": range(0, 40, 3), "p": [n + 17 for n in range(0, 40, 3)], "v": ["new"] * 14})
    result = dao.upsert(source, table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (14, 0)
    expected = {n: (n, "old") for n in range(40)} | {n: (n + 17, "new") for n in range(0, 40, 3)}
    assert {row["id"]: (row["p"], row["v"]) for row in dao.read(table).to_pylist()} == expected
    for row, (p, v) in expected.items():
        assert dao.read(table, where=f"p = {p} AND id = {row}").to_pylist() == [{"id": row, "p": p, "v": v}]


def test_files_of_older_partitions_are_written_again_in_the_new_ones(dao, table, client):
    dao.write(pa.table({"id": [1, 2, 3], "p": [1, 1, 2]}), table, partition_by="p")
    with client.open("orders").table.update_spec() as spec:
        spec.remove_field("p")
        spec.add_field("id", "bucket[4]", "b")
    dao.write(pa.table({"id": [4, 5], "p": [1, 2]}), table, mode="append")
    result = dao.upsert(pa.table({"id": [1, 4, 6], "p": [7, 7, 7]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (2, 1)
    assert {row["id"]: row["p"] for row in rows(dao, table)} == {1: 7, 2: 1, 3: 2, 4: 7, 5: 2, 6: 7}
    assert [dao.read(table, where=f"id = {n}").num_rows for n in range(1, 7)] == [1] * 6


def test_rows_may_delete(dao, table):
    dao.write(pa.table({"id": [1, 2, 3], "at": [1, 1, 9]}), table)
    source = pa.table({"id": [1, 2, 3, 4, 5], "at": [2, 2, 2, 2, 2], "op": ["D", "U", "D", "D", "U"]})
    result = dao.upsert(source, table, keys="id", order_by="at", delete_when="op = 'D'", schema_mode="evolve")
    assert (result.rows_deleted, result.rows_updated, result.rows_inserted) == (1, 1, 1)
    assert sorted(dao.read(table)["id"].to_pylist()) == [2, 3, 5]


def test_deleted_rows_are_not_found(dao, table, foreign):
    dao.write(pa.table({"id": [1, 2, 3, 4], "v": [1, 2, 3, 4]}), table)
    foreign.delete_positions(foreign.data_files[0].path, [0])
    foreign.delete_equal(pa.table({"id": pa.array([2], pa.int64())}), {"id": 1})
    result = dao.upsert(pa.table({"id": [1, 3], "v": [10, 30]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (1, 1)
    assert [tuple(row.values()) for row in rows(dao, table)] == [(1, 10), (3, 30), (4, 4)]


def test_rows_that_an_equality_delete_is_of_can_come_again(dao, table, foreign):
    dao.write(pa.table({"id": [1, 2], "v": [1, 2]}), table)
    foreign.delete_equal(pa.table({"id": pa.array([1], pa.int64())}), {"id": 1})
    dao.upsert(pa.table({"id": [1], "v": [10]}), table, keys="id")
    assert [tuple(row.values()) for row in rows(dao, table)] == [(1, 10), (2, 2)]


def test_keys_of_a_column_that_was_widened_or_renamed(dao, table, foreign):
    dao.write(pa.table({"id": pa.array([1, 2], pa.int32()), "v": [1, 2]}), table)
    with foreign.evolve() as columns:
        columns.update_column("id", field_type=_long())
        columns.rename_column("id", "key")
    result = dao.upsert(pa.table({"key": [2, 2**40], "v": [20, 30]}), table, keys="key")
    assert (result.rows_updated, result.rows_inserted) == (1, 1)
    assert [tuple(row.values()) for row in rows(dao, table)] == [(1, 1), (1099511627776, 30), (2, 20)]


def test_keys_of_a_column_that_was_dropped_and_made_again(dao, table, foreign):
    dao.write(pa.table({"id": [1, 2], "v": [1, 2]}), table)
    with foreign.evolve() as columns:
        columns.delete_column("id")
    with foreign.evolve() as columns:
        columns.add_column("id", _long())
    result = dao.upsert(pa.table({"id": [1], "v": [10]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (0, 1)
    assert dao.count(table) == 3


def _long():
    from pyiceberg.types import LongType

    return LongType()


@pytest.mark.parametrize(
    ("kind", "stored", "other"),
    [
        (pa.timestamp("us", "UTC"), datetime(2024, 1, 1, 0, 0, 0, 999_999, UTC), datetime(1960, 1, 1, tzinfo=UTC)),
        (pa.timestamp("us"), datetime(1960, 1, 1, 0, 0, 0, 1), datetime(2024, 1, 1)),
        (pa.string(), "a" * 40 + "z", "b"),
        (pa.string(), "a" * 40 + "\U0001f600", "0"),
        (pa.string(), "\ud7ff" * 40, "0"),
        (pa.string(), "\U0010ffff" * 40, "0"),
        (pa.string(), "", "x"),
        (pa.decimal128(38, 2), Decimal("123456789012345678901234567890123456.78"), Decimal("-1.00")),
        (pa.decimal128(9, 2), Decimal("-0.01"), Decimal("1.00")),
        (pa.float64(), -0.0, float("nan")),
        (pa.float64(), 0.0, -1.0),
        (pa.float32(), 0.1, -1.0),
        (pa.float64(), float("inf"), -1.0),
        (pa.int64(), 2**63 - 1, -(2**63)),
        (pa.int32(), -1, 1),
        (pa.date32(), date(9999, 12, 31), date(1, 1, 1)),
        (pa.bool_(), True, False),
        (pa.binary(), b"\xff\xfe", b""),
        (pa.binary(), b"\xff" * 40, b""),
        (pa.uuid(), uuid.UUID(int=2**127 + 1), uuid.UUID(int=1)),
    ],
    ids=repr,
)
def test_bounds_hide_no_key(dao, table, kind, stored, other):
    dao.write(pa.table({"id": pa.array([stored, other], kind), "v": [1, 2]}), table)
    result = dao.upsert(pa.table({"id": pa.array([stored], kind), "v": [9]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (1, 0)
    assert sorted(dao.read(table)["v"].to_pylist()) == [2, 9]


KEYS = st.tuples(st.integers(0, 3), st.sampled_from(["", "a", "ä"]))
CHANGE = st.dictionaries(KEYS, st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(CHANGE, st.booleans(), st.booleans()), min_size=1, max_size=5))
@pytest.mark.parametrize("terms", [[], ["part"], ["bucket(2, a)", "part"]], ids=str)
def test_any_upserts_do_what_a_dictionary_does(changes, terms, tmp_path_factory):
    store = DataStore("lake", "iceberg", options={"root": str(tmp_path_factory.mktemp("lake"))})
    dao, table, expected = DataAccessObject(), TableObject("t", store), {}
    for number, (change, ordered, deletes) in enumerate(changes):
        source = pa.table(
            {
                "a": [a for a, _ in change],
                "b": [b for _, b in change],
                "part": [part for part, _ in change.values()],
                "at": [at for _, at in change.values()],
                "by": [number] * len(change),
            }
        )
        more = {"order_by": "at"} if ordered else {}
        dao.upsert(
            source,
            table,
            keys=["a", "b"],
            **more,
            **({"partition_by": terms} if terms and not number else {}),
            **({"delete_when": "part = 0"} if deletes else {}),
        )
        for key, (part, at) in change.items():
            if ordered and key in expected and expected[key][1] > at:
                continue
            if deletes and part == 0:
                expected.pop(key, None)
            else:
                expected[key] = (part, at, number)
        found = [tuple(row.values()) for row in dao.read(table).to_pylist()]
        assert sorted(found) == sorted((*key, *rest) for key, rest in expected.items())
