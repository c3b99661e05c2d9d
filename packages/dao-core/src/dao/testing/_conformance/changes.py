"""The semantics of ``upsert`` and ``delete``."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DataError, NotFoundError
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._conformance.samples import by_id, no_debris, people, rows

__all__ = ["Deletes", "Upserts"]


class Upserts(
    Capability,
    requires=("read", "write", "upsert"),
    written="dao.DataAccessObject.upsert; docs/writing-an-interface.md, 'Upserting and deleting'",
):
    """An upsert updates the rows whose keys are stored and inserts the others, atomically."""

    def test_upsert_updates_and_inserts(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """Source rows with a stored key replace the stored row, others are inserted, all other stored rows remain; the
        result counts updated and inserted rows, or has None.
        """
        result = dao.upsert(people([8, 9, 10, 11, 12], note=" new"), ten, keys=["id"])
        expected = [*people(range(8)).to_pylist(), *people(range(8, 13), note=" new").to_pylist()]
        assert rows(dao, ten) == expected
        assert result.rows_updated in (2, None), f"2 rows were updated, the result says {result.rows_updated}"
        assert result.rows_inserted in (3, None), f"3 rows were inserted, the result says {result.rows_inserted}"
        no_debris(backend)

    def test_upsert_twice_is_upsert_once(self, dao: DataAccessObject, ten: DataObject) -> None:
        """Repeating an upsert changes no row."""
        for _ in range(2):
            dao.upsert(people([3, 30], note=" new"), ten, keys=["id"])
        expected = by_id(pa.concat_tables([people([n for n in range(10) if n != 3]), people([3, 30], note=" new")]))
        assert rows(dao, ten) == expected

    def test_upsert_creates(self, dao: DataAccessObject, backend: Backend) -> None:
        """An upsert into a table that doesn't exist creates it."""
        table = backend.table("new_people")
        dao.upsert(people(range(4)), table, keys=["id"])
        assert rows(dao, table) == people(range(4)).to_pylist()

    def test_keys_may_be_a_property(self, dao: DataAccessObject, backend: Backend) -> None:
        """Without keys= the object's property ``keys`` names the key columns."""
        table = backend.table("people", keys=["id"])
        dao.write(people(range(4)), table)
        dao.upsert(people([3, 4], note=" new"), table)
        assert [row["id"] for row in rows(dao, table)] == [0, 1, 2, 3, 4]

    def test_several_columns_make_a_key(self, dao: DataAccessObject, ten: DataObject) -> None:
        """With several key columns a source row matches a stored row only if all of them are equal."""
        dao.upsert(people([3], note=" new"), ten, keys=["id", "name"])
        assert [row["name"] for row in rows(dao, ten, where="id = 3", columns=["id", "name"])] != ["person 3 new"]
        assert dao.read(ten).num_rows == 11

    def test_a_null_key_is_an_error(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """A null in a key column of the source is a DataError, and nothing changes."""
        bad = people([1, 2]).set_column(0, "id", pa.array([1, None], pa.int64()))
        with pytest.raises(DataError):
            dao.upsert(bad, ten, keys=["id"])
        assert rows(dao, ten) == people(range(10)).to_pylist()
        no_debris(backend)

    def test_a_doubled_key_is_an_error(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """A key that is repeated in the source is a DataError without order_by=, and nothing changes."""
        with pytest.raises(DataError):
            dao.upsert(pa.concat_tables([people([1, 2]), people([2], note=" b")]), ten, keys=["id"])
        assert rows(dao, ten) == people(range(10)).to_pylist()
        no_debris(backend)

    def test_order_by_picks_the_winner(self, dao: DataAccessObject, ten: DataObject) -> None:
        """Of source rows with the same key, the one with the greatest value of order_by= wins."""
        source = pa.concat_tables([people([2], note=" a"), people([2], note=" c"), people([2], note=" b")])
        dao.upsert(source, ten, keys=["id"], order_by="name")
        assert rows(dao, ten, where="id = 2")[0]["name"] == "person 2 c"
        assert dao.read(ten).num_rows == 10

    def test_keys_and_order_by_are_found_in_another_letter_case(self, dao: DataAccessObject, ten: DataObject) -> None:
        """A name in keys= or order_by= matches a column in another letter case, as in columns= and where=."""
        source = pa.concat_tables([people([2], note=" c"), people([2], note=" b")])
        dao.upsert(source, ten, keys=["ID"], order_by="Name")
        assert [row["name"] for row in rows(dao, ten, where="id = 2")] == ["person 2 c"]
        assert dao.read(ten).column_names == people([0]).column_names

    def test_an_older_arrival_leaves_a_newer_row(
        self, dao: DataAccessObject, ten: DataObject, backend: Backend
    ) -> None:
        """order_by= also compares a source row with the stored row: an older source row is ignored and not counted.

        Of equal rows the source row wins; a null is older than every value.
        """
        score = pa.array([0.0, 0.25, 0.4, 0.9, None, None], pa.float64())  # stored: null, 0.25, 0.5, 0.75, 1.0, null
        result = dao.upsert(
            people(range(6), note=" new").set_column(3, "score", score), ten, keys="id", order_by="score"
        )
        won = [row["id"] for row in rows(dao, ten) if row["name"].endswith("new")]
        assert won == [0, 1, 3, 5]
        kept = [row["score"] for row in rows(dao, ten)][:6]
        assert kept == [0.0, 0.25, 0.5, 0.9, 1.0, None]
        assert (result.rows_updated, result.rows_inserted) in ((4, 0), (None, None), (4, None), (None, 0))

    def test_rows_are_ordered_alike_everywhere(self, dao: DataAccessObject, backend: Backend) -> None:
        """order_by= orders texts by their bytes, blanks at their ends among them, and NaN, if the store has it, below
        every number.
        """
        texts = [("a ", "a"), ("a", "a "), ("B", "a"), ("a", "B"), ("z", "\u00e9"), ("a\n", "a "), ("a ", "a\n")]
        numbers = [(math.nan, -1.0), (-1.0, math.nan)] if self.capabilities.absence("type:nan") is None else []
        for name, pairs in (("texts", texts), ("numbers", numbers)):
            stored, came = ([{"id": n, "at": pair[side]} for n, pair in enumerate(pairs)] for side in (0, 1))
            if pairs:
                dao.write(stored, backend.table(name))
                dao.upsert(came, backend.table(name), keys="id", order_by="at")
                found = [row["at"] for row in rows(dao, backend.table(name))]
                assert found == [max(pair, key=_place) for pair in pairs], f"of {pairs} there is {found}"

    def test_a_key_that_the_table_has_twice(self, dao: DataAccessObject, backend: Backend) -> None:
        """If stored rows share a key, an upsert updates and counts all of them or is refused; never just one."""
        table = backend.table("people")
        dao.write(pa.concat_tables([people([1, 2]), people([1], note=" b")]), table)
        before = rows(dao, table)
        try:
            result = dao.upsert(people([1, 3], note=" new"), table, keys=["id"])
        except (DataError, *REFUSALS):
            assert rows(dao, table) == before
        else:
            assert [row["name"] for row in rows(dao, table)] == [
                f"person {n}" for n in ("1 new", "1 new", "2", "3 new")
            ]
            assert result.rows_updated in (2, None), f"2 rows were updated, the result says {result.rows_updated}"

    def test_a_key_that_is_no_column_is_an_error(self, dao: DataAccessObject, ten: DataObject) -> None:
        """keys= with a column that the data lacks is a DataError, and so is an upsert without keys."""
        with pytest.raises(DataError, match="colour"):
            dao.upsert(people([1]), ten, keys=["colour"])
        with pytest.raises((DataError, *REFUSALS)):
            dao.upsert(people([1]), ten)
        assert rows(dao, ten) == people(range(10)).to_pylist()

    @needs("partitions")
    def test_upsert_keeps_partitions(self, dao: DataAccessObject, backend: Backend) -> None:
        """An upsert into a partitioned table results in the same rows as into one without partitions."""
        table = backend.table("people_by_day", partition_by=["day"])
        dao.write(people(range(10)), table)
        dao.upsert(people([1, 11], note=" new"), table, keys=["id"])
        expected = by_id(pa.concat_tables([people([n for n in range(10) if n != 1]), people([1, 11], note=" new")]))
        assert rows(dao, table, columns=people([]).column_names) == expected


def _place(value: Any) -> tuple[bool, Any]:
    """Where a value is in DAO's order."""
    return (True, value.encode()) if isinstance(value, str) else (value == value, value)


class Deletes(
    Capability,
    requires=("read", "write", "delete"),
    written="dao.DataAccessObject.delete; docs/writing-an-interface.md, 'Upserting and deleting'",
):
    """A delete removes the rows for which ``where`` is true, or the whole object."""

    def test_delete_takes_the_object_away(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """delete() without where= removes the object: reading it is a NotFoundError, and it can be created again."""
        dao.delete(ten)
        with pytest.raises(NotFoundError):
            dao.read(ten)
        no_debris(backend)
        dao.write(people([1]), ten)
        assert rows(dao, ten) == people([1]).to_pylist()

    def test_delete_where_takes_rows_away(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """delete(where=) removes the rows for which where= is true, none for which it is NULL, and counts them."""
        result = dao.delete(ten, where="country = 'DE'")
        assert rows(dao, ten) == [row for row in people(range(10)).to_pylist() if row["country"] != "DE"]
        assert result.rows_deleted in (3, None), f"3 rows were deleted, the result says {result.rows_deleted}"
        no_debris(backend)

    def test_delete_of_no_row_changes_nothing(self, dao: DataAccessObject, ten: DataObject) -> None:
        """delete() with a where= that is true for no row deletes none, and is no error."""
        result = dao.delete(ten, where="id > 1000")
        assert result.rows_deleted in (0, None)
        assert rows(dao, ten) == people(range(10)).to_pylist()

    def test_delete_of_all_rows_keeps_the_table(self, dao: DataAccessObject, ten: DataObject) -> None:
        """delete() with a where= that is true for all rows leaves an empty table with its columns."""
        dao.delete(ten, where="id >= 0")
        found = dao.read(ten)
        assert found.num_rows == 0
        assert found.column_names == people([]).column_names

    def test_delete_of_nothing_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """delete() of an object that doesn't exist is a NotFoundError, with and without where=."""
        with pytest.raises(NotFoundError):
            dao.delete(backend.table("nobody"))
        with pytest.raises(NotFoundError):
            dao.delete(backend.table("nobody"), where="id = 1")

    def test_delete_with_an_unknown_column_changes_nothing(self, dao: DataAccessObject, ten: DataObject) -> None:
        """delete() with an unknown column in where= is a DataError and deletes nothing."""
        with pytest.raises(DataError):
            dao.delete(ten, where="colour = 'red'")
        assert rows(dao, ten) == people(range(10)).to_pylist()

    def test_delete_touches_no_neighbour(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """Deleting an object leaves an object whose name starts with its name."""
        neighbour = backend.table("people_2")
        dao.write(people([1]), neighbour)
        dao.delete(ten)
        assert rows(dao, neighbour) == people([1]).to_pylist()
