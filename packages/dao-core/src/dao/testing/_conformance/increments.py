"""The semantics of upserts that delete, and of the incremental copies that are made of them and of positions."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError
from dao.increments import Position
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import no_debris, people, rows

__all__ = ["DeletingUpserts", "Increments"]

_PAGE = "docs/writing-an-interface.md, 'Versions'"
_GONE = "_change_type = 'delete'"


class DeletingUpserts(
    Capability,
    requires=("read", "write", "upsert", "upsert_deletes"),
    written=f"dao.DataAccessObject.upsert; {_PAGE}",
):
    """``delete_when=`` of an upsert deletes the stored rows whose keys come with it."""

    def test_rows_are_updated_inserted_and_deleted_in_one(
        self, dao: DataAccessObject, ten: DataObject, backend: Backend
    ) -> None:
        """Where delete_when= is true the stored row of the key is deleted, and nothing happens if there is none; other
        rows are upserted. Columns that only the predicate needs aren't stored. The result counts, or has None.
        """
        source = _marked({3: "delete", 4: "update", 11: "insert", 12: "delete"})
        result = dao.upsert(source, ten, keys="id", delete_when=_GONE)
        found = rows(dao, ten)
        assert [row["id"] for row in found] == [0, 1, 2, 4, 5, 6, 7, 8, 9, 11]
        assert [row["id"] for row in found if row["name"].endswith("new")] == [4, 11]
        assert dao.read(ten).column_names == people([0]).column_names
        counted = (result.rows_inserted, result.rows_updated, result.rows_deleted)
        assert all(number in (1, None) for number in counted), f"one row each, the result says {counted}"
        no_debris(backend)

    def test_only_what_is_true_deletes(self, dao: DataAccessObject, ten: DataObject) -> None:
        """A row for which delete_when= is NULL or false is upserted; the predicate may be on stored columns too."""
        dao.upsert(_marked({3: None, 4: "delete", 5: "update"}), ten, keys="id", delete_when=_GONE)
        assert [row["id"] for row in rows(dao, ten)] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
        dao.upsert(people(range(5, 8)), ten, keys="id", delete_when="score >= 1.5")
        assert [row["id"] for row in rows(dao, ten)] == [0, 1, 2, 3, 5, 8, 9]

    def test_a_row_that_deletes_needs_its_key_only(self, dao: DataAccessObject, ten: DataObject) -> None:
        """The other columns of a row that deletes may be null."""
        source = _marked({3: "delete"})
        nulls = {name: pa.nulls(1, source.schema.field(name).type) for name in ("name", "country", "score", "day")}
        dao.upsert(
            source.from_pydict({**{n: source[n] for n in source.column_names}, **nulls}),
            ten,
            keys="id",
            delete_when=_GONE,
        )
        assert [row["id"] for row in rows(dao, ten)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]

    def test_a_new_table_has_the_rows_that_do_not_delete(self, dao: DataAccessObject, backend: Backend) -> None:
        """An upsert with delete_when= creates the table with the other rows, without the columns of a change."""
        table = backend.table("new_people")
        dao.upsert(_marked({1: "insert", 2: "delete"}), table, keys=["id"], delete_when=_GONE)
        assert rows(dao, table) == people([1], note=" new").to_pylist()

    def test_an_older_deletion_leaves_a_newer_row(self, dao: DataAccessObject, ten: DataObject) -> None:
        """order_by= picks the winner of a key among all rows first; a deletion that is older than the stored row does
        nothing.
        """
        score = pa.array([0.5, 1.0, 9.0, 8.0], pa.float64())  # stored: 0.75, 1.0, 1.5
        source = pa.concat_tables(
            [_marked({3: "delete", 4: "delete", 6: "update"}), _marked({6: "delete"})]
        ).set_column(3, "score", score)
        dao.upsert(source, ten, keys="id", order_by="score", delete_when=_GONE)
        assert [row["id"] for row in rows(dao, ten)] == [0, 1, 2, 3, 5, 6, 7, 8, 9]

    def test_a_predicate_that_does_not_fit_is_an_error(self, dao: DataAccessObject, ten: DataObject) -> None:
        """delete_when= on an unknown column, and rows without one of the table's columns, are a DataError."""
        for source, condition in ((people([1]), "colour = 'red'"), (_marked({1: "x"}).drop_columns("name"), _GONE)):
            with pytest.raises(DataError):
                dao.upsert(source, ten, keys="id", delete_when=condition)
        assert rows(dao, ten) == people(range(10)).to_pylist()


def _marked(kinds: dict[int, str | None]) -> pa.Table:
    """People with a kind of change each."""
    return people(kinds, note=" new").append_column("_change_type", pa.array(kinds.values(), pa.string()))


class Increments(
    Capability,
    requires=(
        "read", "write", "mode:append", "mode:overwrite", "upsert", "delete", "history", "read_stream",
        "read_changes", "time_travel", "positions", "upsert_deletes",
    ),
    written="dao.DataAccessObject.copy and read_increment; docs/reading-and-writing.md, 'Incremental pipelines'",
):  # fmt: skip
    """``copy(incremental=True)`` brings a table up to another one's newest version; so does a script of its parts."""

    def test_increments_add_up_to_the_source(self, dao: DataAccessObject, backend: Backend) -> None:
        """After any writes, upserts and deletes an incremental copy by keys has the rows of the source."""
        source, target = backend.table("people"), backend.table("copied", keys=["id"])
        dao.write(people(range(6)), source)
        random = Random(7)
        for step in range(8):
            for number in range(random.randrange(3)):
                _change(dao, source, random, f" {step}.{number}")
            dao.copy(source, target, incremental=True)
            assert rows(dao, target) == rows(dao, source), f"after step {step} the copy isn't the source"

    def test_what_leaves_the_condition_is_deleted(self, dao: DataAccessObject, backend: Backend) -> None:
        """With where= the copy has the rows of the source for which it is true, also after updates; columns= holds."""
        source, target = backend.table("people"), backend.table("copied")
        dao.write(people(range(8)), source)
        dao.copy(source, target, incremental=True, keys="id", where="day < 2", columns=["id", "day"])
        moved = people([0, 2, 5, 20]).set_column(4, "day", pa.array([2, 1, 2, 0], pa.int32()))
        dao.upsert(moved, source, keys="id")
        dao.delete(source, where="id IN (1, 3)")
        dao.copy(source, target, incremental=True, keys="id", where="day < 2", columns=["id", "day"])
        assert rows(dao, target) == rows(dao, source, where="day < 2", columns=["id", "day"])

    def test_twice_is_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """An incremental copy of a source that has not changed commits nothing."""
        source, target = backend.table("people"), backend.table("copied")
        dao.write(people(range(3)), source)
        for _ in range(3):
            dao.write(people([5]), source, mode="append")
            dao.copy(source, target, incremental=True)
            before = dao.history(target)[0].version
            result = dao.copy(source, target, incremental=True)
            assert (result.rows_inserted, dao.history(target)[0].version) == (0, before)
        assert rows(dao, target) == rows(dao, source)

    def test_a_renamed_column_is_told(self, dao: DataAccessObject, backend: Backend) -> None:
        """Changes of a source in which a column was renamed meanwhile are a DataError that has both names and says how
        to begin again, since the rows that the target has are of the old one; mode="overwrite" does.
        Columns that aren't asked for don't matter.
        """
        if backend.rename_column is None:
            return
        source, target, part = (backend.table(name) for name in ("people", "copied", "part"))
        dao.write(people(range(3)), source)
        dao.copy(source, target, incremental=True, keys="id")
        dao.copy(source, part, incremental=True, keys="id", columns=["id", "day"])
        backend.rename_column(source, "name", "label")
        names = ["label" if name == "name" else name for name in people([]).column_names]
        dao.upsert(people([1, 5], note=" new").rename_columns(names), source, keys="id")
        with pytest.raises(DataError, match="'label'.*'name'.*mode='overwrite'"):
            dao.copy(source, target, incremental=True, keys="id")
        with pytest.raises(DataError, match="'label'.*'name'"):
            dao.read_increment(source, target, keys="id")
        assert rows(dao, target) == people(range(3)).to_pylist()
        dao.copy(source, part, incremental=True, keys="id", columns=["id", "day"])
        assert rows(dao, part) == rows(dao, source, columns=["id", "day"])
        dao.copy(source, target, incremental=True, keys="id", mode="overwrite")
        dao.delete(source, where="id = 0")
        dao.copy(source, target, incremental=True, keys="id")
        assert rows(dao, target) == rows(dao, source)

    @needs("compact")
    def test_a_compacted_source_has_not_changed(self, dao: DataAccessObject, backend: Backend) -> None:
        """run("compact") is no change of a row, so copies without keys go on."""
        source, target = backend.table("people"), backend.table("copied")
        for number in range(3):
            dao.write(people([number]), source, mode="append")
        dao.copy(source, target, incremental=True)
        dao.run("compact", source)
        dao.copy(source, target, incremental=True)
        dao.write(people([7]), source, mode="append")
        dao.copy(source, target, incremental=True)
        assert rows(dao, target) == rows(dao, source)

    def test_without_keys_only_added_rows_are_copied(self, dao: DataAccessObject, backend: Backend) -> None:
        """Without keys a deleted or updated row of the source is a DataError that names the version."""
        source, target = backend.table("people"), backend.table("copied")
        dao.write(people(range(3)), source)
        dao.copy(source, target, incremental=True)
        version = dao.delete(source, where="id = 1").version_after
        with pytest.raises(DataError, match=f"version {version} .*keys="):
            dao.copy(source, target, incremental=True)
        assert rows(dao, target) == people(range(3)).to_pylist()
        dao.copy(source, target, incremental=True, keys="id")
        assert rows(dao, target) == rows(dao, source)

    def test_a_table_without_a_position_is_not_taken_for_a_copy(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table that is there without a position is an AlreadyExistsError; mode= says whether it is added to, or
        overwritten.
        """
        source, target = backend.table("people"), backend.table("copied")
        dao.write(people([1]), source)
        dao.write(people([9]), target)
        with pytest.raises(DataError, match="keys"):
            dao.copy(source, target, incremental=True, keys="ident", mode="overwrite")
        with pytest.raises(AlreadyExistsError, match="mode='append'.* mode='overwrite'"):
            dao.copy(source, target, incremental=True, keys="id")
        dao.copy(source, target, incremental=True, keys="id", mode="append")
        dao.upsert(people([1, 2], note=" new"), source, keys="id")
        dao.copy(source, target, incremental=True, keys="id", mode="append")
        assert [(row["id"], row["name"]) for row in rows(dao, target)] == [
            (1, "person 1 new"), (2, "person 2 new"), (9, "person 9"),
        ]  # fmt: skip
        dao.copy(source, target, incremental=True, keys="id", mode="overwrite")
        assert rows(dao, target) == rows(dao, source)

    def test_a_position_that_the_source_never_had_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source has no such version as the target has got to, it is a NotFoundError that says how to begin
        again; mode="overwrite" does.
        """
        source, target = backend.table("people"), backend.table("copied")
        for _ in range(2):
            dao.write(people([1]), source, mode="overwrite")
        dao.write(people([1]), target, position=Position(source.full_name, 987654321))
        with pytest.raises(NotFoundError, match="mode='overwrite'"):
            dao.copy(source, target, incremental=True)
        dao.copy(source, target, incremental=True, mode="overwrite")
        dao.write(people([3]), source, mode="append")
        dao.copy(source, target, incremental=True)
        assert rows(dao, target) == rows(dao, source)

    def test_a_script_takes_an_increment_once(self, dao: DataAccessObject, backend: Backend) -> None:
        """An increment that is written with its position is empty the next time, and can't be written again."""
        source, target = backend.table("people"), backend.table("copied", keys=["id"])
        dao.write(people(range(4)), source)
        for turn in range(2):
            found = dao.read_increment(source, target)
            assert not found.is_empty
            changes = found.changes.read_all()
            dao.upsert(changes, target, delete_when=_GONE, position=found.position)
            with pytest.raises(ConflictError):
                dao.upsert(changes, target, delete_when=_GONE, position=found.position)
            assert dao.read_increment(source, target).is_empty
            dao.delete(source, where="id = 2")
            dao.upsert(people([1, 7], note=f" new {turn}"), source, keys="id")
        found = dao.read_increment(source, target)
        kinds = {(row["id"], row["_change_type"]) for row in found.changes.read_all().to_pylist()}
        assert (kinds, found.is_empty) == ({(1, "update_after"), (7, "update_after")}, False)

    def test_later_commits_are_for_the_next_increment(self, dao: DataAccessObject, backend: Backend) -> None:
        """What is committed after an increment was read is in the next one."""
        source, target = backend.table("people"), backend.table("copied", keys=["id"])
        dao.write(people(range(4)), source)
        first = dao.read_increment(source, target)
        dao.upsert(people([1, 9], note=" new"), source, keys="id")
        dao.upsert(first.changes, target, delete_when=_GONE, position=first.position)
        assert rows(dao, target) == people(range(4)).to_pylist()
        second = dao.read_increment(source, target)
        dao.delete(source, where="id = 1")
        dao.upsert(second.changes, target, delete_when=_GONE, position=second.position)
        assert [row["name"] for row in rows(dao, target) if row["id"] in (1, 9)] == ["person 1 new", "person 9 new"]
        dao.copy(source, target, incremental=True)
        assert rows(dao, target) == rows(dao, source)


def _change(dao: DataAccessObject, table: DataObject, random: Random, note: str) -> None:
    """Append, upsert or delete some people, or replace all of them."""
    ids = sorted({random.randrange(12) for _ in range(3)})
    known = {row["id"] for row in rows(dao, table)}
    match random.randrange(8):
        case 0:
            dao.write(people(ids, note=note), table, mode="overwrite")
        case 1 | 2:
            dao.write(people([n for n in ids if n not in known], note=note), table, mode="append")
        case 3 | 4:
            dao.delete(table, where=f"id IN ({', '.join(map(str, ids))})")
        case _:
            dao.upsert(people(ids, note=note), table, keys="id")
