"""Incremental copies that fail, meet others or come late: what is left, and what the next one does."""

from __future__ import annotations

import pytest
from incremental_lakes import orders, same

from dao import (
    ConflictError,
    DataStore,
    NotFoundError,
    Position,
    TableObject,
)


def test_the_position_advances_where_no_row_is_wanted(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True, keys="id", where="id < 3")
    dao.write(orders({8: "h"}), source, mode="append")
    dao.copy(source, target, incremental=True, keys="id", where="id < 3")
    assert dao.read_increment(source, target, keys="id").since == 2


@pytest.mark.parametrize("step", ["before the commit", "after the commit"])
@pytest.mark.parametrize("first", [True, False], ids=["the first load", "an increment"])
def test_a_killed_copy_is_done_once_by_the_next(dao, source, target, silver, step, first) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    if not first:
        dao.copy(source, target, incremental=True)
        dao.write(orders({5: "e"}), source, mode="append")
    silver.then = {step: kill}
    with pytest.raises(Killed):
        dao.copy(source, target, incremental=True)
    if step == "after the commit":  # this lake keeps the position after its rows: others keep both in one step
        version = len(silver.tables["orders"])
        silver.positions["orders", version] = {"bronze.orders": Position("bronze.orders", 1 if first else 2)}
    dao.copy(source, target, incremental=True)
    assert same(dao, source, target)


def test_of_two_copies_at_once_one_is_a_conflict(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True)
    dao.write(orders({5: "e"}), source, mode="append")
    bronze.then = {"read_changes": lambda: dao.copy(source, target, incremental=True)}
    with pytest.raises(ConflictError, match="from version 1 to 2, and the table has got to 2 already"):
        dao.copy(source, target, incremental=True)
    assert same(dao, source, target)


def test_a_name_survives_that_the_store_is_called_otherwise(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True, name="orders")
    dao.write(orders({5: "e"}), source, mode="append")
    renamed = TableObject("orders", DataStore("raw", bronze))
    assert dao.copy(renamed, target, incremental=True, name="orders").rows_inserted == 1


def test_two_sources_are_gathered_in_one_table(dao, source, target, bronze) -> None:
    other = source.replace(key="more")
    dao.write(orders({11: "k"}), other)
    for rows in ({21: "u"}, {22: "v"}):
        dao.copy(source, target, incremental=True, name="one", mode="append")
        dao.copy(other, target, incremental=True, name="two", mode="append")
        dao.write(orders(rows), other, mode="append")
    assert sorted(dao.read(target)["id"].to_pylist()) == [1, 2, 3, 11, 21]


def test_a_branch_has_its_own_position(dao, source, target, silver) -> None:
    dao.copy(source, target, incremental=True)
    silver.refer("branch", target, "trial")
    dao.write(orders({5: "e"}), source, mode="append")
    dao.copy(source, target, incremental=True, branch="trial")
    assert (dao.read_increment(source, target).since, dao.read_increment(source, target, branch="trial").since) == (
        1,
        2,
    )
    assert dao.count(target) == 3
    assert dao.read(target, branch="trial").num_rows == 4


def test_a_version_that_is_not_kept_any_more_says_how_to_begin_again(dao, source, target) -> None:
    dao.copy(source, target, incremental=True)
    for number in (5, 6):
        dao.write(orders({number: "e"}), source, mode="append")
    dao.run("expire", source, dry_run=False)
    with pytest.raises(
        NotFoundError, match=r"'silver\.orders' has got to version 1 of 'bronze\.orders': .*'overwrite'"
    ):
        dao.copy(source, target, incremental=True)
    dao.copy(source, target, incremental=True, mode="overwrite")
    assert same(dao, source, target)
