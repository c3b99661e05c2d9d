"""The semantics of ``schema_mode``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DaoError, DataError
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._conformance.samples import content, no_debris, people, rows

__all__ = ["SchemaEvolution"]


class SchemaEvolution(
    Capability, requires=("read", "write", "mode:append"), written="docs/writing-an-interface.md, 'Schemas'"
):
    """A table's schema changes only if the caller requests it with ``schema_mode``."""

    @pytest.fixture
    def three(self, dao: DataAccessObject, backend: Backend) -> DataObject:
        """A table with three people in it."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        return table

    def test_strict_takes_no_new_column(self, dao: DataAccessObject, three: DataObject, backend: Backend) -> None:
        """schema_mode="strict", the default: a column that the table lacks is refused, and nothing changes."""
        wider = people([7]).append_column("colour", pa.array(["red"]))
        calls: tuple[dict[str, Any], ...] = ({}, {"schema_mode": "strict"})
        for given in calls:
            with pytest.raises((DataError, *REFUSALS) if given else DataError):
                dao.write(wider, three, mode="append", **given)
        assert rows(dao, three) == people(range(3)).to_pylist()
        no_debris(backend)

    def test_strict_takes_no_other_type(self, dao: DataAccessObject, three: DataObject, backend: Backend) -> None:
        """schema_mode="strict": text for a column of numbers is a DataError, even if it could be parsed as numbers."""
        other = people([7]).set_column(3, "score", pa.array(["1.5"]))
        with pytest.raises(DataError):
            dao.write(other, three, mode="append")
        assert rows(dao, three) == people(range(3)).to_pylist()
        no_debris(backend)

    def test_floats_and_decimals_meet_by_their_text(self, dao: DataAccessObject, backend: Backend) -> None:
        """schema_mode="strict": a decimal becomes the float whose shortest text is that number, a float the decimal of
        its shortest text, a decimal one of other digits that is equal; where there is none that is a DataError, and
        nothing changes.
        """
        if lack := self.capabilities.lacks_types.get("decimal128"):
            pytest.skip(f"declared absent: type decimal128: {lack}")
        tenths, exact = pa.decimal128(20, 1), pa.decimal128(20, 19)
        long = Decimal("1" * 30)  # times 10**10 it is another number in 128 bits
        calls: tuple[tuple[pa.Array, pa.Array, pa.Array], ...] = (
            (pa.array([0.5]), pa.array([Decimal("0.7")], tenths), pa.array([Decimal("0.3000000000000000444")], exact)),
            (pa.array([Decimal("0.5")], tenths), pa.array([0.7]), pa.array([0.30000000000000004])),
            (pa.array([Decimal("0.5")], pa.decimal128(38, 10)), pa.array([Decimal("0.7")], tenths), pa.array([long])),
        )
        for number, (stored, same, other) in enumerate(calls):
            table = backend.table(f"prices_{number}")
            dao.write(pa.table({"id": [0], "price": stored}), table)
            dao.write(pa.table({"id": [1], "price": same}), table, mode="append")
            with pytest.raises(DataError):
                dao.write(pa.table({"id": [2], "price": other}), table, mode="append")
            found = [row["price"] for row in rows(dao, table)]
            assert found == [type(found[0])("0.5"), type(found[0])("0.7")]

    @needs("schema_evolution")
    def test_evolve_adds_columns(self, dao: DataAccessObject, three: DataObject) -> None:
        """schema_mode="evolve": new columns are added to the table, and are null in the old rows."""
        wider = people([7]).append_column("colour", pa.array(["red"]))
        dao.write(wider, three, mode="append", schema_mode="evolve")
        expected = [{**row, "colour": None} for row in people(range(3)).to_pylist()] + wider.to_pylist()
        assert rows(dao, three) == expected
        assert "colour" in dao.read(three, where="id = 0").column_names

    @needs("schema_evolution")
    def test_evolve_fills_columns_that_are_missing(self, dao: DataAccessObject, three: DataObject) -> None:
        """schema_mode="evolve": a column that the new rows lack is null in them."""
        dao.write(people([7]).drop_columns(["country"]), three, mode="append", schema_mode="evolve")
        assert rows(dao, three, where="id = 7")[0]["country"] is None
        assert len(rows(dao, three)) == 4

    @needs("schema_evolution")
    def test_evolve_with_a_twin_in_other_letters(self, dao: DataAccessObject, three: DataObject) -> None:
        """schema_mode="evolve" with a column that differs from another by letter case alone: the table has both
        afterwards, or it is a DaoError and the table is as before; it can be read and written in any case.
        """
        twin = people([7]).append_column("NAME", pa.array(["twin"]))
        try:
            dao.write(twin, three, mode="append", schema_mode="evolve")
        except DaoError:
            assert rows(dao, three) == people(range(3)).to_pylist(), "the refused write left something"
            dao.write(people([8]), three, mode="append")
        else:
            assert [row for row in rows(dao, three) if row["id"] == 7] == twin.to_pylist()

    @needs("schema_evolution")
    def test_evolve_mixes_no_types(self, dao: DataAccessObject, three: DataObject) -> None:
        """schema_mode="evolve": text for a column of numbers is a DataError; numbers never become text."""
        other = people([7]).set_column(3, "score", pa.array(["1.5"]))
        with pytest.raises(DataError):
            dao.write(other, three, mode="append", schema_mode="evolve")
        assert content(dao, three) == people(range(3)).to_pylist()

    @needs("schema_evolution")
    def test_evolve_takes_what_strict_takes(self, dao: DataAccessObject, backend: Backend) -> None:
        """schema_mode="evolve": data that strict accepts is accepted, and a column keeps its type where that holds all
        values of the data's type, or where no type holds the values of both.
        """
        dao.write(pa.table({"id": [0], "ratio": [0.5], "name": ["a"]}), backend.table("kept"))
        types = dao.read(backend.table("kept")).schema
        calls = (
            pa.table({"id": [1.0], "ratio": [0.5], "name": pa.array(["b"], pa.large_string())}),
            pa.table({"id": pa.array([2], pa.int8()), "ratio": [1], "name": pa.array(["c"]).dictionary_encode()}),
        )
        for data in calls:
            dao.write(data, backend.table("kept"), mode="append", schema_mode="evolve")
        with pytest.raises(DataError):
            dao.write(calls[0].set_column(0, "id", [[1.5]]), backend.table("kept"), mode="append", schema_mode="evolve")
        assert dao.read(backend.table("kept")).schema == types
        assert [(row["id"], row["name"]) for row in rows(dao, backend.table("kept"))] == [(0, "a"), (1, "b"), (2, "c")]

    @needs("schema_evolution", "upsert")
    def test_an_upsert_can_evolve(self, dao: DataAccessObject, three: DataObject) -> None:
        """An upsert is strict by default, and adds new columns with schema_mode="evolve"."""
        wider = people([2, 7], note=" new").append_column("colour", pa.array(["red", "blue"]))
        with pytest.raises(DataError):
            dao.upsert(wider, three, keys=["id"])
        dao.upsert(wider, three, keys=["id"], schema_mode="evolve")
        assert [row["colour"] for row in rows(dao, three)] == [None, None, "red", "blue"]

    @needs("schema_evolution", "upsert")
    def test_an_upsert_leaves_what_the_source_lacks(
        self, dao: DataAccessObject, three: DataObject, backend: Backend
    ) -> None:
        """With schema_mode="evolve" columns that the source of an upsert lacks are unchanged in updated rows and null
        in inserted ones; with "strict" that is a DataError.
        """
        source = people([1, 7], note=" new").drop_columns(["country", "score"])
        with pytest.raises(DataError, match="country"):
            dao.upsert(source, three, keys=["id"])
        dao.upsert(source, three, keys=["id"], schema_mode="evolve")
        found = {row["id"]: (row["name"], row["country"], row["score"]) for row in rows(dao, three)}
        assert found[1] == ("person 1 new", "FR", 0.25)
        assert found[7] == ("person 7 new", None, None)
