"""Files whose bounds rule out all values of an equality delete aren't read for it, and no row comes back by that."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest

from dao_iceberg._snapshots.planning import plan_files


def some(*ids: int | None, name: str = "x") -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "name": [f"{name}{one}" for one in ids]})


def touched(client) -> list[int]:
    """How many deletes each file has, the oldest file first."""
    return [len(one.equality) for one in sorted(plan_files(client.open("orders")), key=lambda one: one.entry.sequence)]


def read(dao, table) -> list[int | None]:
    return sorted(dao.read(table)["id"].to_pylist(), key=str)


def test_changes_are_read_without_the_files_that_are_ruled_out(dao, table, client, foreign):
    for begin in (10, 20, 30):
        first = dao.write(some(*range(begin, begin + 5)), table, mode="append").version_after
    foreign.delete_equal(pa.table({"id": [22, 23]}), {"id": 1}, bounds=True)
    assert touched(client) == [0, 1, 0]
    assert dao.count(table) == 13
    foreign.delete_equal(pa.table({"name": ["x31", "y"]}), {"name": 2}, bounds=True)
    others = [one.path for one in foreign.data_files if one.sequence == 1]
    client.transport.delete(map(client.locations.key_of, others))
    found = dao.read_changes(table, since=first).to_pylist()
    assert sorted((one["_change_type"], one["id"]) for one in found) == [("delete", 22), ("delete", 23), ("delete", 31)]


def test_null_is_deleted_by_null_whatever_the_bounds(dao, table, client, foreign):
    dao.write(some(1, None), table)
    dao.write(some(2, 3), table, mode="append")
    foreign.delete_equal(pa.table({"id": pa.array([70, None], pa.int64())}), {"id": 1}, bounds=True)
    assert (touched(client), read(dao, table)) == ([1, 0], [1, 2, 3])
    dao.run("evolve", table, add={"late": "bigint"})
    foreign.delete_equal(pa.table({"late": pa.array([None], pa.int64())}), {"late": 3}, bounds=True)
    assert read(dao, table) == []


def test_all_columns_of_a_delete_count(dao, table, client, foreign):
    dao.write(some(1, 2, name="a"), table)
    dao.write(some(1, 2, name="b"), table, mode="append")
    foreign.delete_equal(pa.table({"id": [1], "name": ["b1"]}), {"id": 1, "name": 2}, bounds=True)
    assert (touched(client), sorted(dao.read(table)["name"].to_pylist())) == ([0, 1], ["a1", "a2", "b2"])


def test_bounds_of_an_older_type_and_nan_rule_nothing_out(dao, table, client, foreign):
    nan = float("nan")
    dao.write(pa.table({"id": pa.array([1, 2], pa.int32()), "x": [nan, 1.0]}), table)
    dao.run("evolve", table, widen={"id": "bigint"})
    dao.write(pa.table({"id": [3, 4], "x": [2.0, nan]}), table, mode="append")
    foreign.delete_equal(pa.table({"id": pa.array([2, 3], pa.int32())}), {"id": 1}, bounds=True)
    assert (read(dao, table), touched(client)) == ([1, 4], [1, 1])
    foreign.delete_equal(pa.table({"x": [nan]}), {"x": 2}, bounds=True)
    assert read(dao, table) == []


@pytest.mark.parametrize("seed", range(4))
def test_any_deletes_of_any_rows(dao, table, client, foreign, seed):
    random = Random(seed)
    wanted: list[tuple[int | None, str]] = []
    for _ in range(4):
        begin = random.randrange(30)
        rows = some(
            *random.sample([*range(begin, begin + 8), None], 5), name=random.choice("ab") * random.choice((1, 20))
        )
        dao.write(rows, table, mode="append")
        wanted += [(row["id"], row["name"]) for row in rows.to_pylist()]
        chosen = random.sample(wanted, min(2, len(wanted)))
        values = {"id": pa.array([one[0] for one in chosen], pa.int64()), "name": [one[1] for one in chosen]}
        names = random.choice((["id"], ["name"], ["id", "name"]))
        foreign.delete_equal(pa.table(values).select(names), {one: 1 + (one == "name") for one in names}, bounds=True)
        gone = {tuple(row.values()) for row in pa.table(values).select(names).to_pylist()}
        places = [("id", "name").index(one) for one in names]
        wanted = [row for row in wanted if tuple(row[place] for place in places) not in gone]
        assert sorted(map(str, dao.read(table).to_pylist())) == sorted(
            str({"id": one, "name": name}) for one, name in wanted
        )
