"""The semantics of ``write`` and its modes for tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, DaoError, DataError
from dao.results import WriteResult
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._conformance.samples import batches_of, by_id, content, large, list_sizes, no_debris, people, rows

__all__ = ["Appends", "Overwrites", "Writes"]

_WRITE = "dao.DataAccessObject.write; docs/writing-an-interface.md, 'Writing'"


class SourceBroke(Exception):
    """The error of a source that fails in the middle of its data."""


def breaking(table: pa.Table, after: int) -> pa.RecordBatchReader:
    """The rows of a table as a stream that raises SourceBroke after ``after`` batches."""

    def batches() -> Iterator[pa.RecordBatch]:
        for position, batch in enumerate(table.to_batches(max_chunksize=5)):
            if position == after:
                raise SourceBroke("the source of the data broke")
            yield batch

    return pa.RecordBatchReader.from_batches(table.schema, batches())


def _rows_or_error(dao: DataAccessObject, table: DataObject) -> object:
    try:
        return by_id(dao.read(table))
    except DaoError as error:
        return repr(error)


class Writes(Capability, requires=("read", "write"), written=_WRITE):
    """A write is atomic, and by default overwrites nothing."""

    def test_write_creates_and_tells(self, dao: DataAccessObject, backend: Backend) -> None:
        """write() creates an object that doesn't exist, and returns a WriteResult with the interface's name, and with
        numbers of rows that are correct or None.
        """
        result = dao.write(people(range(7)), backend.table("people"))
        assert isinstance(result, WriteResult), f"write gave a {type(result)}"
        assert result.rows_inserted in (7, None), f"7 rows were written, the result says {result.rows_inserted}"
        assert result.rows_updated in (0, None)
        assert result.rows_deleted in (0, None)
        assert result.interface, "the result doesn't say which interface did it"
        assert rows(dao, backend.table("people")) == people(range(7)).to_pylist()
        no_debris(backend)

    def test_options_of_a_write_are_remembered(self, dao: DataAccessObject, backend: Backend) -> None:
        """Rows written to a table with options of the call, such as a delimiter, are read back without them, also after
        an append; or the write is refused.
        """
        for format in {"csv"}.intersection(self.capabilities.formats):
            table = backend.table("people", format=format)
            try:
                dao.write(people(range(3)), table, delimiter=";", null_values=["NULL"])
            except REFUSALS:
                continue
            assert by_id(dao.read(table)) == people(range(3)).to_pylist()
            with suppress(*REFUSALS):
                dao.write(people([3]), table, mode="append")
                assert by_id(dao.read(table)) == people(range(4)).to_pylist()

    def test_the_default_mode_overwrites_nothing(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="error", the default, raises AlreadyExistsError if the object exists, and changes nothing."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        calls: tuple[dict[str, Any], ...] = ({}, {"mode": "error"})
        for given in calls:
            with pytest.raises(AlreadyExistsError):
                dao.write(people(range(9)), table, **given)
        assert rows(dao, table) == people(range(3)).to_pylist()
        no_debris(backend)

    @needs("mode:ignore")
    def test_ignore_leaves_what_is_there(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="ignore" creates an object that doesn't exist, and leaves an existing one unchanged: the result has 0 or
        None inserted rows.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table, mode="ignore")
        result = dao.write(people(range(9)), table, mode="ignore")
        assert result.rows_inserted in (0, None), f"nothing was written, the result says {result.rows_inserted}"
        assert rows(dao, table) == people(range(3)).to_pylist()

    def test_a_mode_nobody_knows_is_an_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """An unknown mode is a DaoError, and nothing is written."""
        table = backend.table("people")
        with pytest.raises(DaoError):
            dao.write(people(range(3)), table, mode="sideways")  # type: ignore[arg-type]  # on purpose
        assert content(dao, table) is None
        no_debris(backend)

    @pytest.mark.parametrize("kind", ["table", "batch", "reader", "dicts", "batches"])
    def test_rows_come_in_many_forms(self, dao: DataAccessObject, backend: Backend, kind: str) -> None:
        """write() accepts a table, a record batch, a RecordBatchReader, a list of dicts, and an iterable of batches."""
        table = people(range(6))
        forms = {
            "table": table,
            "batch": table.combine_chunks().to_batches()[0],
            "reader": table.to_reader(max_chunksize=2),
            "dicts": table.to_pylist(),
            "batches": iter(table.to_batches(max_chunksize=2)),
        }
        dao.write(forms[kind], backend.table("people"))
        assert rows(dao, backend.table("people")) == table.to_pylist()

    def test_a_source_that_breaks_leaves_nothing(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source of a new object's rows fails, its error is raised, and the object doesn't exist."""
        table = backend.table("people")
        with pytest.raises(Exception, match="the source of the data broke"):
            dao.write(breaking(people(range(20)), 2), table)
        assert content(dao, table) is None
        no_debris(backend)
        dao.write(people(range(3)), table)
        assert rows(dao, table) == people(range(3)).to_pylist()

    def test_objects_do_not_touch_each_other(self, dao: DataAccessObject, backend: Backend) -> None:
        """Writing an object changes no other, even if the other's name starts with its name."""
        short, long = backend.table("people"), backend.table("people_2")
        dao.write(people(range(3)), long)
        dao.write(people(range(5)), short)
        assert rows(dao, long) == people(range(3)).to_pylist()
        assert rows(dao, short) == people(range(5)).to_pylist()


class Overwrites(Capability, requires=("read", "write", "mode:overwrite"), written=_WRITE):
    """An overwrite is atomic: readers see the old or the new data, and a failed one leaves the old."""

    def test_overwrite_replaces_everything(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite" replaces all rows by the new ones, and creates an object that doesn't exist."""
        table = backend.table("people")
        dao.write(people(range(50)), table, mode="overwrite")
        result = dao.write(people([7, 8], note=" new"), table, mode="overwrite")
        assert rows(dao, table) == people([7, 8], note=" new").to_pylist()
        assert result.rows_inserted in (2, None)
        no_debris(backend)

    def test_overwrite_may_change_the_schema(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite" with another schema replaces the schema too, or is refused and changes nothing."""
        table = backend.table("people")
        dao.write(people(range(5)), table)
        other = pa.table({"id": pa.array([1, 2], pa.int64()), "colour": ["red", "blue"]})
        try:
            dao.write(other, table, mode="overwrite")
        except (DataError, *REFUSALS):
            assert rows(dao, table) == people(range(5)).to_pylist()
        else:
            assert rows(dao, table) == other.to_pylist()

    def test_a_failed_overwrite_leaves_the_old_data_whole(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source of an overwrite fails, the table and the store's listing are unchanged."""
        table = backend.table("people")
        dao.write(people(range(10)), table)
        before = list_sizes(dao, backend)
        for after in (0, 1, 3):
            with pytest.raises(Exception, match="the source of the data broke"):
                dao.write(breaking(people(range(100, 120)), after), table, mode="overwrite")
            assert rows(dao, table) == people(range(10)).to_pylist()
            assert list_sizes(dao, backend) == before, "the store lists other files than before"
            no_debris(backend)

    @needs("synchronous")
    def test_old_data_can_be_read_while_it_is_overwritten(self, dao: DataAccessObject, backend: Backend) -> None:
        """Until an overwrite is complete, reads return the old rows: the new ones are staged, then published."""
        table = backend.table("people")
        dao.write(people(range(10)), table)
        seen: list[bool] = []

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in people(range(100, 130)).to_batches(max_chunksize=5):
                yield batch
                seen.append(content(dao, table) == people(range(10)).to_pylist())

        new = pa.RecordBatchReader.from_batches(people([]).schema, batches())
        dao.write(new, table, mode="overwrite")
        assert seen, "the source was never asked for its batches"
        assert all(seen), "a reader saw something else than the old rows during the overwrite"
        assert rows(dao, table) == people(range(100, 130)).to_pylist()

    def test_a_long_overwrite_is_staged_too(self, dao: DataAccessObject, backend: Backend) -> None:
        """During an overwrite that is larger than the backend's buffers, reads return the old rows, and if its source
        fails they are unchanged.
        """
        table, count = backend.table("large"), batches_of(backend)
        old = large(1).read_all().slice(0, 5)
        dao.write(old, table)
        passed: list[int] = []
        seen: list[object] = []

        def look() -> None:
            passed.append(len(passed))
            if len(passed) % max(1, count // 4) == 0:
                seen.append(_rows_or_error(dao, table))
            if len(passed) == count:
                raise SourceBroke("the source of the data broke")

        with pytest.raises(Exception, match="the source of the data broke"):
            dao.write(large(count, look), table, mode="overwrite")
        strange = [found for found in seen if found != by_id(old)]
        assert seen, "the source was never asked for its batches"
        assert not strange, "a reader saw something else than the old rows, or couldn't read at all"
        assert by_id(dao.read(table)) == by_id(old)
        no_debris(backend)

    @needs("partitions")
    def test_an_overwrite_replaces_the_layout_too(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite" takes columns, types and partitions from the new data and call, none from the old table."""
        dao.write(people(range(6)), backend.table("people", partition_by=["day"]))
        table = backend.table("people")
        new = people(range(3)).drop_columns(["day"]).set_column(0, "id", pa.array(["a", "b", "c"]))
        dao.write(new, table, mode="overwrite")
        assert rows(dao, table) == new.to_pylist()
        wider = people(range(6))
        dao.write(wider, backend.table("people", partition_by=["country"]), mode="overwrite")
        dao.write(people([6]), table, mode="append")
        assert rows(dao, table, columns=wider.column_names) == people(range(7)).to_pylist()

    def test_a_table_can_be_overwritten_with_itself(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table can be overwritten with rows that were read from it."""
        table = backend.table("people")
        dao.write(people(range(10)), table)
        dao.write(dao.read(table, where="id < 4"), table, mode="overwrite")
        assert rows(dao, table) == people(range(4)).to_pylist()


class Appends(Capability, requires=("read", "write", "mode:append"), written=_WRITE):
    """An append adds rows and changes no stored row."""

    def test_append_adds(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="append" adds the new rows to the old ones, and creates an object that doesn't exist."""
        table = backend.table("people")
        for start in (0, 5, 10):
            result = dao.write(people(range(start, start + 5)), table, mode="append")
            assert result.rows_inserted in (5, None)
        assert rows(dao, table) == people(range(15)).to_pylist()
        no_debris(backend)

    def test_append_is_no_upsert(self, dao: DataAccessObject, backend: Backend) -> None:
        """Appending rows that are stored already duplicates them."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        dao.write(people(range(3)), table, mode="append")
        assert [row["id"] for row in rows(dao, table)] == [0, 0, 1, 1, 2, 2]

    def test_a_failed_append_leaves_the_old_data_whole(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source of an append fails, none of its rows is stored, and the old rows are unchanged."""
        table = backend.table("people")
        dao.write(people(range(10)), table)
        with pytest.raises(Exception, match="the source of the data broke"):
            dao.write(breaking(people(range(100, 120)), 3), table, mode="append")
        assert rows(dao, table) == people(range(10)).to_pylist()
        no_debris(backend)

    def test_append_matches_columns_by_name(self, dao: DataAccessObject, backend: Backend) -> None:
        """An append with the columns in another order matches them by name, or is refused; never by position."""
        table = backend.table("people")
        dao.write(people(range(3)), table)
        turned = people(range(3, 6)).select(["day", "score", "country", "name", "id"])
        try:
            dao.write(turned, table, mode="append")
        except (DataError, *REFUSALS):
            assert rows(dao, table) == people(range(3)).to_pylist()
        else:
            assert rows(dao, table) == people(range(6)).to_pylist()
