"""Upserts: which files are read and written again, and what the rows are afterwards."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from dao import DataAccessObject, DataError, UnsupportedError


def rows_of(dao, table):
    return sorted(dao.read(table, into="pylist"), key=repr)


def ids(begin, end, value="old"):
    return pa.table({"id": pa.array(range(begin, end)), "v": [value] * (end - begin)})


@pytest.fixture
def ten_files(dao, table):
    """Ten files with ten ids each."""
    for begin in range(0, 100, 10):
        dao.write(ids(begin, begin + 10), table, mode="append")


def test_only_files_whose_statistics_allow_a_key_are_read(dao, table, ten_files, files_read):
    result = dao.upsert(ids(38, 42, "new"), table, keys="id")
    assert (result.rows_updated, result.rows_inserted, result.files) == (4, 0, 1)
    keys_of = {key for key, names in files_read if names == ("id",)}
    assert len(keys_of) == 2
    assert {key for key, names in files_read if names is None} == keys_of


def test_a_gap_between_keys_skips_the_files_in_it(dao, table, ten_files, files_read):
    dao.upsert(pa.concat_tables([ids(0, 1, "new"), ids(99, 100, "new"), ids(500, 501)]), table, keys="id")
    assert len({key for key, _ in files_read}) == 2


def test_columns_of_a_key_rule_files_out_together(dao, table, files_read):
    for a, b in ((1, 9), (9, 1)):
        dao.write(pa.table({"a": [a], "b": [b], "v": [0]}), table, mode="append")
    dao.write(pa.table({"a": [1, 9], "b": [1, 9], "v": [0, 0]}), table, mode="append")
    result = dao.upsert(pa.table({"a": [1, 9], "b": [1, 9], "v": [5, 6]}), table, keys=["a", "b"])
    assert result.rows_updated == 2
    assert len({key for key, _ in files_read}) == 1


def test_partitions_of_other_keys_are_not_read(dao, table, files_read):
    rows = pa.table({"p": ["x", "x", "y", None], "id": [1, 2, 1, 1], "v": [1, 2, 3, 4]})
    dao.write(rows, table, partition_by=["p"])
    result = dao.upsert(pa.table({"p": ["y"], "id": [1], "v": [30]}), table, keys=["p", "id"])
    assert result.rows_updated == 1
    assert {key.split("/")[1] for key, _ in files_read} == {"p=y"}


def test_a_file_without_a_change_stays(dao, table):
    dao.write(pa.table({"id": [1, 5], "at": [3, 3]}), table)
    result = dao.upsert(pa.table({"id": [5, 3], "at": [2, 1]}), table, keys="id", order_by="at")
    assert (result.rows_updated, result.rows_inserted, result.files) == (0, 1, 1)
    result = dao.upsert(pa.table({"id": [5, 3], "at": [2, 0]}), table, keys="id", order_by="at")
    assert result.version_after == result.version_before


MOMENT = datetime(2024, 1, 1, 0, 0, 0, 999_999, UTC)


@pytest.mark.parametrize(
    ("kind", "stored", "other"),
    [
        (pa.timestamp("us", "UTC"), MOMENT, datetime(2023, 1, 1, tzinfo=UTC)),
        (pa.timestamp("us", "UTC"), datetime(1960, 1, 1, 0, 0, 0, 1, UTC), MOMENT),
        (pa.string(), "a" * 40 + "z", "b"),
        (pa.string(), "a" * 40 + "\U0001f600", "0"),
        (pa.string(), "\ud7ff" * 40, "0"),
        (pa.decimal128(38, 2), Decimal("123456789012345678901234567890123456.78"), Decimal("-1.00")),
        (pa.decimal128(38, 2), Decimal("-99999999999999999999999999999999999.99"), Decimal("-1.00")),
        (pa.float64(), -0.0, float("nan")),
        (pa.float32(), 0.1, -1.0),
        (pa.int64(), 2**63 - 1, -(2**63)),
        (pa.date32(), date(9999, 12, 31), date(1, 1, 1)),
        (pa.bool_(), True, False),
        (pa.binary(), b"\xff\xfe", b""),
    ],
)
@pytest.mark.parametrize("foreign", [False, True])
def test_statistics_of_any_writer_hide_no_key(dao, table, path, kind, stored, other, foreign):
    rows = pa.table({"id": pa.array([stored, other], kind), "v": [1, 2]})
    if foreign:
        write_deltalake(path, rows)
    else:
        dao.write(rows, table)
    result = dao.upsert(pa.table({"id": pa.array([stored], kind), "v": [9]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (1, 0)
    assert sorted(dao.read(table)["v"].to_pylist()) == [2, 9]


@pytest.mark.parametrize("end", ["", "\x7f", "\ufffd", "\uffff", "\U0010ffff"])
@pytest.mark.parametrize("text", ["a" * 40, "a" * 32 + "\U0001f600"])
def test_a_prefix_as_the_greatest_text_hides_no_key(dao, table, path, text, end):
    """Writers cut texts, and some put a greatest character behind them, which need not be above all."""
    dao.write(pa.table({"id": [text], "v": [1]}), table)
    commit = Path(path, "_delta_log", f"{0:020d}.json")
    lines = [json.loads(line) for line in commit.read_text().splitlines()]
    for line in lines:
        if "add" in line:
            stats = json.loads(line["add"]["stats"])
            stats["maxValues"]["id"] = text[:32] + end
            line["add"]["stats"] = json.dumps(stats)
    commit.write_text("\n".join(map(json.dumps, lines)))
    assert dao.upsert(pa.table({"id": [text], "v": [2]}), table, keys="id").rows_updated == 1


def test_a_row_that_changes_its_partition_moves(dao, table, path):
    dao.write(pa.table({"id": [1, 2], "p": ["x", "x"]}), table, partition_by="p")
    dao.upsert(pa.table({"id": [1, 3], "p": ["y", None]}), table, keys="id")
    dao.upsert(pa.table({"id": [3], "p": ["x"]}), table, keys="id")
    assert rows_of(dao, table) == [{"id": 1, "p": "y"}, {"id": 2, "p": "x"}, {"id": 3, "p": "x"}]
    assert dao.read(table, where="p IS NULL").num_rows == 0
    assert sorted(dao.read(table, where="p = 'x'")["id"].to_pylist()) == [2, 3]


def test_columns_that_came_later_are_null_in_old_files(dao, table):
    dao.write(pa.table({"id": [1, 2]}), table)
    dao.upsert(pa.table({"id": [3], "v": ["c"]}), table, keys="id", schema_mode="evolve")
    dao.upsert(pa.table({"id": [1], "v": ["a"]}), table, keys="id")
    assert rows_of(dao, table) == [{"id": 1, "v": "a"}, {"id": 2, "v": None}, {"id": 3, "v": "c"}]


def test_columns_that_the_source_lacks_keep_their_values(dao, table):
    dao.write(pa.table({"id": [1, 2], "v": ["a", "b"], "n": [{"x": [1]}, None]}), table)
    dao.upsert(pa.table({"id": [2, 3], "v": ["B", "C"]}), table, keys="id", schema_mode="evolve")
    assert rows_of(dao, table) == [
        {"id": 1, "v": "a", "n": {"x": [1]}},
        {"id": 2, "v": "B", "n": None},
        {"id": 3, "v": "C", "n": None},
    ]


def test_small_files_that_change_become_one(dao, table, path):
    feed = {"delta.enableChangeDataFeed": "true"}
    for number in range(5):
        rows = pa.table({"id": [2 * number, 2 * number + 1], "x": ["old"] * 2})
        dao.write(rows, table, **({"mode": "append"} if number else {"properties": feed}))
    result = dao.upsert(pa.table({"id": [0, 3, 5, 20], "x": ["new"] * 4}), table, keys="id")
    assert (result.rows_inserted, result.rows_updated, result.files) == (1, 3, 2)
    assert len(DeltaTable(path).file_uris()) == 4  # and the two that nothing changed in
    found = {row["id"]: row["x"] for row in dao.read(table, into="pylist")}
    assert found == {n: "new" if n in (0, 3, 5, 20) else "old" for n in (*range(10), 20)}
    changes = dao.read_changes(table, since=4).to_pylist()
    told = sorted((row["_change_type"], row["id"], row["x"]) for row in changes)
    updates = [("update_after", n, "new") for n in (0, 3, 5)] + [("update_before", n, "old") for n in (0, 3, 5)]
    assert told == [("insert", 20, "new"), *updates]


def test_rows_may_delete(dao, table):
    dao.write(pa.table({"id": [1, 2, 3], "at": [1, 1, 9]}), table)
    source = pa.table({"id": [1, 2, 3, 4, 5], "at": [2, 2, 2, 2, 2], "op": ["D", "U", "D", "D", "U"]})
    result = dao.upsert(source, table, keys="id", order_by="at", delete_when="op = 'D'")
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (1, 1, 1)
    assert rows_of(dao, table) == [{"id": 2, "at": 2}, {"id": 3, "at": 9}, {"id": 5, "at": 2}]


def test_an_append_only_table_refuses(dao, table):
    dao.write(ids(0, 3), table, properties={"delta.appendOnly": "true"})
    with pytest.raises(UnsupportedError, match="append-only"):
        dao.upsert(ids(0, 1), table, keys="id")
    assert rows_of(dao, table) == ids(0, 3).to_pylist()


def test_other_partitions_than_the_table_has_are_refused(dao, table):
    dao.write(ids(0, 3), table)
    with pytest.raises(DataError, match="partition_by"):
        dao.upsert(ids(0, 1), table, keys="id", partition_by="v")


def test_int96_timestamps_are_read_exactly(dao, table, path):
    """As Spark writes them: microseconds of any year."""
    at = [datetime(1, 1, 1, 0, 0, 0, 1, UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC), None]
    rows = pa.table({"id": [1, 2, 3], "at": pa.array(at, pa.timestamp("us", "UTC"))})
    dao.write(rows, table)
    (file,) = Path(path).glob("*.parquet")
    file.write_bytes(_as_int96(rows))
    log = Path(path, "_delta_log", f"{0:020d}.json")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["size"] = file.stat().st_size
    log.write_text("\n".join(map(json.dumps, lines)))
    dao.upsert(rows.slice(2), table, keys="id")
    assert len(list(Path(path).glob("*.parquet"))) == 2
    assert rows_of(dao, table) == rows.to_pylist()


def _as_int96(rows):
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, use_deprecated_int96_timestamps=True)
    return sink.getvalue().to_pybytes()


def test_constraints_hold_for_what_changes(dao, table):
    dao.write(ids(1, 4), table)
    dao.run("add_constraint", table, name="positive", expression="id > 0 AND v <> 'bad'")
    for broken in (ids(2, 3, "bad"), ids(-1, 0)):
        with pytest.raises(DataError, match="CHECK constraint"):
            dao.upsert(broken, table, keys="id")
    dao.upsert(ids(3, 5, "new"), table, keys="id")
    assert rows_of(dao, table) == [*ids(1, 3).to_pylist(), *ids(3, 5, "new").to_pylist()]


def test_a_losing_attempt_leaves_no_files_and_runs_again(dao, table, path, monkeypatch):
    import dao_delta._commits.transaction as transaction

    dao.write(ids(0, 3), table)
    put, others = transaction.put_commit, []

    def late(*given):
        if not others:
            others.append(1)
            write_deltalake(path, ids(3, 4, "other"), mode="append")
        return put(*given)

    monkeypatch.setattr(transaction, "put_commit", late)
    result = dao.upsert(ids(2, 5, "new"), table, keys="id")
    assert (result.rows_updated, result.rows_inserted, result.version_before) == (2, 1, 1)
    assert rows_of(dao, table) == [*ids(0, 2).to_pylist(), *ids(2, 5, "new").to_pylist()]
    named = {Path(uri).name for version in range(3) for uri in DeltaTable(path, version=version).file_uris()}
    assert {file.name for file in Path(path).glob("*.parquet")} == named


def test_what_may_be_committed_keeps_its_files(dao, table, path, monkeypatch):
    import dao_delta._commits.transaction as transaction
    from dao import TransientError

    put = transaction.put_commit

    def unanswered(*given):
        put(*given)
        raise TransientError("no answer")

    dao.write(ids(0, 3), table)
    monkeypatch.setattr(transaction, "put_commit", unanswered)
    with pytest.raises(TransientError):
        dao.upsert(ids(2, 4, "new"), table, keys="id")
    assert rows_of(dao, table) == [*ids(0, 2).to_pylist(), *ids(2, 4, "new").to_pylist()]


def test_a_checkpoint_that_fails_is_no_failed_change(dao, table, monkeypatch):
    dao.write(ids(0, 3), table, properties={"delta.checkpointInterval": "1"})

    def fails(self):
        raise OSError("the disk is full")

    monkeypatch.setattr(DeltaTable, "create_checkpoint", fails)
    assert dao.upsert(ids(2, 4, "new"), table, keys="id").version_after == 1
    assert DataAccessObject().count(table) == 4


def test_generated_columns_are_made_of_what_changed(dao, table, path):
    from deltalake import Field, Schema
    from deltalake.schema import PrimitiveType

    twice = Field("twice", PrimitiveType("long"), metadata={"delta.generationExpression": "v * 2"})
    DeltaTable.create(path, Schema([Field("id", PrimitiveType("long")), Field("v", PrimitiveType("long")), twice]))
    dao.write(pa.table({"id": [1, 2], "v": [1, 2]}), table, mode="append")
    result = dao.upsert(pa.table({"id": [2, 3], "v": [20, 30]}), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (1, 1)
    assert rows_of(dao, table) == [{"id": n, "v": v, "twice": 2 * v} for n, v in ((1, 1), (2, 20), (3, 30))]


def test_a_key_and_a_position_are_kept_with_the_rows(dao, table):
    from dao import Position

    dao.write(ids(0, 3), table)
    given = {"keys": "id", "idempotency_key": "once", "position": Position("orders", 7)}
    first = dao.upsert(ids(2, 4, "new"), table, **given)
    again = dao.upsert(ids(2, 4, "new"), table, **given)
    assert (again.version_before, again.version_after) == (first.version_after, first.version_after)
    with pytest.raises(DataError, match="once"):
        dao.upsert(ids(2, 5, "new"), table, **given)
    deleted = dao.delete(table, where="id = 0", idempotency_key="gone")
    assert dao.delete(table, where="id = 0", idempotency_key="gone").version_before == deleted.version_after
    with pytest.raises(UnsupportedError, match="idempotency_key"):
        dao.delete(table, idempotency_key="all")
    assert dao.count(table) == 3


def test_files_from_afar_are_read_by_ranges(dao, table, monkeypatch):
    """As from an object store: through the transport, not as files of a disk."""
    monkeypatch.setattr("dao_delta._snapshots.stored.FolderTransport", type("Other", (), {}))
    for begin in (0, 5_000):
        dao.write(ids(begin, begin + 5_000), table, mode="append")
    result = dao.upsert(ids(4_000, 11_000, "new"), table, keys="id")
    assert (result.rows_updated, result.rows_inserted) == (6_000, 1_000)
    assert dao.delete(table, where="id < 10 OR v = 'new'").rows_deleted == 7_010
    assert sorted(dao.read(table)["id"].to_pylist()) == list(range(10, 4_000))


@pytest.mark.parametrize("more", [{}, {"where": "id > 0"}])
def test_a_key_with_other_properties_is_another_call(dao, table, more):
    rows, properties = pa.table({"id": [1]}), {"delta.appendOnly": "false"}
    write = partial(dao.write, rows, table, mode="overwrite", idempotency_key="once", **more)
    made = write(properties=properties)
    assert write(properties=dict(properties)).version_before == made.version_after
    for other in ({}, {"delta.appendOnly": "true"}):
        with pytest.raises(DataError, match="idempotency_key"):
            write(properties=other)
