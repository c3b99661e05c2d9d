"""The building blocks for tables in memory: their messages where the data of a call doesn't fit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao import Position
from dao.errors import ConflictError, DataError
from dao.tables import check_position, merge_tables, reconcile, retry_conflicts

STORED = pa.table({"id": [1], "v": ["a"]})


@pytest.mark.parametrize("mode", ["strict", "evolve"])
def test_a_missing_key_is_no_matter_of_schema_evolution(mode: str) -> None:
    with pytest.raises(DataError, match="keys= asks for the column 'id'") as raised:
        reconcile(STORED.schema, pa.schema({"v": pa.string()}), mode, ["id"])
    assert "evolve" not in raised.value.message


def test_an_upsert_in_memory_says_which_key_is_missing() -> None:
    with pytest.raises(DataError, match="keys= asks for the column 'id'"):
        merge_tables(STORED, pa.table({"v": ["b"]}), ["id"])


def test_a_repeated_key_is_said_to_be_in_the_data() -> None:
    with pytest.raises(DataError, match="1 rows of the data repeat a key, such as id=1 in rows 0 and 1"):
        merge_tables(STORED, pa.table({"id": [1, 1], "v": ["b", "c"]}), ["id"])


CHANGES = pa.table({"id": [1, 2, 3], "v": [None, None, "c"], "_change_type": ["delete", "delete", "insert"]})
WHEN = "_change_type = 'delete'"


def test_an_upsert_deletes_the_stored_rows_whose_keys_come_with_delete_when() -> None:
    stored = pa.table({"id": [1, 4], "v": ["a", "d"]})
    merged = merge_tables(stored, CHANGES, ["id"], delete_when=WHEN)
    assert merged.rows.to_pylist() == [{"id": 4, "v": "d"}, {"id": 3, "v": "c"}]
    assert (merged.gone.to_pylist(), merged.came.num_rows, merged.updated) == ([{"id": 1, "v": "a"}], 1, 0)
    assert merge_tables(None, CHANGES, ["id"], delete_when=WHEN).rows.to_pylist() == [{"id": 3, "v": "c"}]


def test_a_row_that_deletes_need_not_be_one_that_the_table_could_hold() -> None:
    stored = pa.table({"id": [1], "v": ["a"]}, pa.schema([("id", pa.int64()), pa.field("v", pa.string(), False)]))
    assert merge_tables(stored, CHANGES, ["id"], delete_when=WHEN).rows.to_pylist() == [{"id": 3, "v": "c"}]


def test_an_older_deletion_leaves_a_newer_row() -> None:
    stored = pa.table({"id": [1, 2], "at": [5, 5]})
    source = pa.table({"id": [1, 2], "at": [4, 6], "gone": [True, True]})
    assert merge_tables(stored, source, ["id"], ["at"], "gone").rows.to_pylist() == [{"id": 1, "at": 5}]


def test_the_winner_of_a_key_decides_whether_it_is_deleted() -> None:
    source = pa.table({"id": [1, 1, 2, 2], "at": [1, 2, 2, 1], "gone": [True, False, True, False]})
    stored = pa.table({"id": [1, 2], "at": [0, 0]})
    assert merge_tables(stored, source, ["id"], ["at"], "gone").rows.to_pylist() == [{"id": 1, "at": 2}]


def test_only_what_the_table_lacks_and_the_predicate_names_is_left_out() -> None:
    source = pa.table({"id": [1], "v": ["b"], "Op": ["U"], "why": ["x"]})
    with pytest.raises(DataError, match="why"):
        merge_tables(STORED, source, ["id"], delete_when="op = 'D'")
    both = merge_tables(STORED, source.drop_columns("why"), ["id"], delete_when="op = 'D' OR v = 'x'")
    assert (both.rows.to_pylist(), both.updated) == ([{"id": 1, "v": "b"}], 1)
    new = merge_tables(None, source, ["id"], delete_when="op = 'D'")
    assert new.rows.column_names == ["id", "v", "Op", "why"], "a new table may want the column"
    assert merge_tables(STORED, source.select(["id", "v", "Op"]), ["id"], delete_when="op = NULL").updated == 1


def test_an_increment_that_was_applied_already_is_not_tried_again() -> None:
    attempts = []

    def commit() -> None:
        attempts.append(1)
        check_position(Position("a.b", 7, since=4), Position("a.b", 7))

    with pytest.raises(ConflictError, match="from version 4 to 7, and the table has got to 7 already"):
        retry_conflicts(1000, commit)
    assert attempts == [1]


def test_an_increment_continues_from_the_position_of_the_table() -> None:
    check_position(None, Position("a.b", 7))
    check_position(Position("a.b", 7), None)
    check_position(Position("a.b", 7, since=3), Position("a.b", 9), "overwrite")
    for since, stored in ((None, 4), (4, None), (5, 4), (3, 4)):
        found = None if stored is None else Position("a.b", stored)
        with pytest.raises(ConflictError, match="read the increment again"):
            check_position(Position("a.b", 7, since=since), found)


@pytest.mark.parametrize("given", [("", 1), ("a.b", "1"), ("a.b", True), ("a.b", 1.0), (3, 1), ("a.b", 1, "x")])
def test_a_position_of_other_types_is_refused(given: tuple[object, ...]) -> None:
    with pytest.raises(DataError, match="of a position: found"):
        Position(*given)  # type: ignore[arg-type]
