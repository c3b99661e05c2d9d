"""The semantics of ``partition_by`` and of overwriting partitions."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.errors import DataError
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._conformance.samples import content, no_debris, people, rows
from dao.testing._conformance.writes import breaking

__all__ = ["PartitionOverwrites"]

_WRITE = "dao.DataAccessObject.write; docs/writing-an-interface.md, 'Writing'"


class PartitionOverwrites(Capability, requires=("read", "write", "partitions"), written=_WRITE):
    """``partition_by`` sets the partitions of a table, which can be overwritten separately."""

    def test_a_partitioned_table_reads_as_it_was_written(self, dao: DataAccessObject, backend: Backend) -> None:
        """partition_by changes the layout only: a read returns the rows that were written, null partitions included."""
        table = backend.table("people", partition_by=["day", "country"])
        dao.write(people(range(20)), table)
        assert rows(dao, table) == people(range(20)).select(dao.read(table).column_names).to_pylist()
        assert [row["id"] for row in rows(dao, table, where="country IS NULL AND day = 0")] == [6, 18]
        no_debris(backend)

    @pytest.mark.parametrize("column", ["p", ".p", "a=b/%", "é 🦆"])
    def test_odd_partition_values_come_back_or_are_refused(
        self, dao: DataAccessObject, backend: Backend, column: str
    ) -> None:
        """Any value and name of a partition column is read as it was written, or the write is refused and creates
        nothing.
        """
        texts = [
            "",
            "null",
            "__HIVE_DEFAULT_PARTITION__",
            "/",
            "a=b",
            "%2F",
            "..",
            ".x",
            "_x",
            "é",
            "e\u0301",
            "01",
            "a+b",
            "!$&'(),;@~",
            "\x85\u2028\n",
            None,
        ]
        lists: tuple[list[Any], ...] = (texts, [float("inf"), -0.0, 0.5, None], [True, False, None])
        for position, values in enumerate(lists):
            table = backend.table(f"odd_{position}", partition_by=[column])
            given = pa.table({"id": range(len(values)), column: values})
            try:
                dao.write(given, table)
            except (DataError, *REFUSALS):
                assert content(dao, table) is None
            else:
                assert str(rows(dao, table, columns=["id", column])) == str(given.to_pylist())

    @needs("mode:overwrite_partitions")
    def test_only_the_partitions_in_the_data_are_replaced(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite_partitions" replaces the partitions for which the data has rows, and changes no other."""
        table = backend.table("people", partition_by=["day"])
        dao.write(people(range(12)), table)
        new = people([1, 100], note=" new")
        dao.write(new, table, mode="overwrite_partitions")
        kept = [row for row in people(range(12)).to_pylist() if row["day"] != 1]
        expected = sorted([*kept, *new.to_pylist()], key=lambda row: row["id"])
        assert rows(dao, table, columns=new.column_names) == expected
        no_debris(backend)

    @needs("mode:overwrite_partitions")
    def test_a_table_without_partitions_refuses(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="overwrite_partitions" on a table without partitions is refused and changes nothing."""
        table = backend.table("people")
        dao.write(people(range(6)), table)
        with pytest.raises((DataError, *REFUSALS)):
            dao.write(people([1]), table, mode="overwrite_partitions")
        assert rows(dao, table) == people(range(6)).to_pylist()

    @needs("mode:overwrite_partitions")
    def test_a_failed_one_leaves_the_old_partitions_whole(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source of mode="overwrite_partitions" fails, every partition is unchanged."""
        table = backend.table("people", partition_by=["day"])
        dao.write(people(range(12)), table)
        with pytest.raises(Exception, match="the source of the data broke"):
            dao.write(breaking(people(range(100, 130)), 4), table, mode="overwrite_partitions")
        assert rows(dao, table, columns=people([]).column_names) == people(range(12)).to_pylist()
        no_debris(backend)
