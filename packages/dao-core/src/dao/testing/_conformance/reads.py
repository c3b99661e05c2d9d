"""The semantics of ``read`` for tables."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DataError
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability
from dao.testing._conformance.samples import by_id, people, rows

__all__ = ["Reads"]


class Reads(
    Capability, requires=("read", "write"), written="dao.DataAccessObject.read; docs/writing-an-interface.md, 'Reading'"
):
    """``columns``, ``where``, ``limit`` and ``into`` have the same semantics on every backend."""

    @pytest.fixture
    def twenty(self, dao: DataAccessObject, backend: Backend) -> DataObject:
        """A table with twenty people in it."""
        table = backend.table("people")
        dao.write(people(range(20)), table)
        return table

    def test_read_gives_an_arrow_table_with_all_rows(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """read() returns a pyarrow.Table with every row and every column that was written, nulls included."""
        found = dao.read(twenty)
        assert isinstance(found, pa.Table), f"read gave a {type(found)}"
        assert found.column_names == people([]).column_names
        assert by_id(found) == people(range(20)).to_pylist()

    def test_columns_are_the_ones_wanted_in_that_order(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """columns= is the projection: the result has those columns and no others, in the order of the call."""
        found = dao.read(twenty, columns=["name", "id"])
        assert found.column_names == ["name", "id"]
        assert by_id(found) == people(range(20)).select(["name", "id"]).to_pylist()

    def test_where_gives_exactly_the_rows_it_is_true_for(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """where= keeps a row exactly if the predicate is true for it: not if it is false or NULL."""
        assert [row["id"] for row in rows(dao, twenty, where="country = 'DE'")] == [0, 4, 8, 12, 16]
        assert [row["id"] for row in rows(dao, twenty, where="NOT (country = 'DE')")] == [
            n for n in range(20) if n % 4 in (1, 3)
        ]
        assert [row["id"] for row in rows(dao, twenty, where="country IS NULL AND id > 9")] == [10, 14, 18]

    @pytest.mark.parametrize(
        "where",
        [
            "day = 1 AND score >= 2",
            [("day", "=", 1), ("score", ">=", 2)],
            (pc.field("day") == 1) & (pc.field("score") >= 2),
        ],
        ids=["sql", "dnf", "expression"],
    )
    def test_where_has_three_spellings(self, dao: DataAccessObject, twenty: DataObject, where: object) -> None:
        """where= accepts SQL text, DNF tuples and a pyarrow Expression, with the same result for the same condition."""
        expected = [row for row in people(range(20)).to_pylist() if row["day"] == 1 and (row["score"] or 0) >= 2]
        assert rows(dao, twenty, where=where) == expected

    def test_where_may_name_columns_that_are_not_read(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """where= may use columns that are not in columns=."""
        found = dao.read(twenty, columns=["name"], where="id = 7")
        assert found.to_pylist() == [{"name": "person 7"}]

    def test_limit_counts_after_where(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """limit= is applied after where=: the result has that many of the rows that where= keeps, or all if fewer."""
        found = dao.read(twenty, where="country = 'DE'", limit=3)
        assert found.num_rows == 3
        assert set(found["country"].to_pylist()) == {"DE"}
        assert dao.read(twenty, limit=1000).num_rows == 20
        assert dao.read(twenty, limit=0).num_rows == 0

    def test_a_filter_that_keeps_nothing_keeps_the_schema(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """A result without rows has the same schema as one with rows."""
        found = dao.read(twenty, where="id = -1")
        assert found.num_rows == 0
        assert found.schema.equals(dao.read(twenty).schema)

    def test_an_unknown_column_is_an_error(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """An unknown column in columns= or where= is a DataError that names it."""
        with pytest.raises(DataError, match="colour"):
            dao.read(twenty, columns=["id", "colour"])
        with pytest.raises(DataError, match="colour"):
            dao.read(twenty, where="colour = 'red'")

    def test_a_column_is_found_in_another_letter_case(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """A name in columns= or where= matches a column in another letter case; the result has the stored spelling."""
        found = dao.read(twenty, columns=["NAME", "Id"], where="COUNTRY = 'DE' AND iD < 5")
        assert found.column_names == ["name", "id"]
        assert by_id(found) == [{"name": f"person {n}", "id": n} for n in (0, 4)]
        assert [row["id"] for row in rows(dao, twenty, where=[("ID", "in", [3, 7])])] == [3, 7]

    def test_no_columns_still_have_rows_and_none_comes_twice(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """columns=[] returns the number of rows without columns; a repeated column is a DataError that names it."""
        found = dao.read(twenty, columns=[], where="country = 'DE'")
        assert (found.num_columns, found.num_rows) == (0, 5)
        for twice in (["id", "name", "id"], ["id", "ID"]):
            with pytest.raises(DataError, match="id"):
                dao.read(twenty, columns=twice)

    def test_a_bad_predicate_is_an_error(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """A where= text that is not a valid predicate is a DataError."""
        for where in ("id = ", "name > 5 +", "id = 1; DROP TABLE people", "country = 'DE' AND"):
            with pytest.raises(DataError):
                dao.read(twenty, where=where)

    def test_an_argument_nobody_knows_is_refused(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """An argument that the backend doesn't support is a NoRouteError or UnsupportedError; it is never ignored."""
        with pytest.raises(REFUSALS):
            dao.read(twenty, colour_of_the_rows="red")

    def test_into_converts(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """into= returns the same rows in another form."""
        found = dao.read(twenty, into="pylist")
        assert sorted(found, key=lambda row: row["id"]) == people(range(20)).to_pylist()
        assert isinstance(dao.read(twenty, into="arrow"), pa.Table)

    def test_a_table_without_rows_can_be_read(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table that was written without rows exists: read() returns its columns and no rows."""
        empty = backend.table("empty")
        dao.write(people([]), empty)
        found = dao.read(empty)
        assert found.num_rows == 0
        assert found.column_names == people([]).column_names

    def test_reading_changes_nothing(self, dao: DataAccessObject, twenty: DataObject) -> None:
        """Reading changes nothing: later reads return the same rows."""
        first = dao.read(twenty)
        del first
        assert rows(dao, twenty) == rows(dao, twenty) == people(range(20)).to_pylist()
