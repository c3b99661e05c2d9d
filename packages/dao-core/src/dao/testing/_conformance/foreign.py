"""Files of other programs in a table's directory: data files, markers, and files that must not be lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import DaoError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import list_sizes, people, rows

__all__ = ["ForeignFiles"]

MARKERS = ("_SUCCESS", "_temporary/0/part-0", "part-0.crc", "day=1_$folder$", ".DS_Store")
"""Files without rows that other programs create."""


def lay(dao: DataAccessObject, backend: Backend, table: DataObject, path: str, content: bytes) -> str:
    """Write a file below a table's key as another program would; returns its key."""
    key = f"{table.key}/{path}"
    dao.write(content, backend.file("any", key=key), mode="overwrite")
    return key


def file_of(dao: DataAccessObject, backend: Backend, ids: range) -> bytes:
    """The bytes of a data file with people, as the backend writes it."""
    donor = backend.table(f"donor_{ids.start}")
    dao.write(people(ids), donor)
    (info,) = dao.list(donor)
    content = dao.read(backend.file("any", key=info.key), into="bytes")
    dao.delete(donor)
    return bytes(content)


class ForeignFiles(
    Capability,
    requires=("read", "write", "list", "delete", "files", "foreign_files", "mode:overwrite"),
    written="docs/reading-and-writing.md, 'Files of a table'; docs/writing-an-interface.md, 'Files and keys'",
):
    """A table consists of the data files in its directory, regardless of their writer; other files are never lost."""

    @needs("count", "upsert", "mode:append")
    def test_a_file_is_rows_whatever_it_is_called(
        self, dao: DataAccessObject, ten: DataObject, backend: Backend
    ) -> None:
        """Data files without a suffix, as Hive, Athena and Glue name them, belong to the table for every action."""
        lay(dao, backend, ten, "000000_0", file_of(dao, backend, range(10, 12)))
        lay(dao, backend, ten, "20240101_000000_00001_abcde", file_of(dao, backend, range(12, 13)))
        assert rows(dao, ten) == people(range(13)).to_pylist()
        assert dao.count(ten) == 13
        dao.upsert(people([10, 13], note=" new"), ten, keys=["id"])
        dao.write(people([14]), ten, mode="append")
        found = [row["name"] for row in rows(dao, ten)]
        assert found == [f"person {n}" for n in (*range(10), "10 new", 11, 12, "13 new", 14)]

    @needs("count", "mode:append")
    def test_markers_are_no_rows(self, dao: DataAccessObject, ten: DataObject, backend: Backend) -> None:
        """Marker files of Spark, Hadoop, EMR and desktops are not read as rows, and don't prevent any action."""
        for path in MARKERS:
            lay(dao, backend, ten, path, b"" if path.endswith("$") else b"no rows")
        assert rows(dao, ten) == people(range(10)).to_pylist()
        dao.write(people([10]), ten, mode="append")
        assert dao.count(ten) == 11
        dao.write(people([1]), ten, mode="overwrite")
        assert rows(dao, ten) == people([1]).to_pylist()

    @needs("copy", "move", "exists")
    def test_markers_alone_are_no_table(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table of which there are markers alone doesn't exist: write(), copy() and move() create it without a
        mode.
        """
        source = backend.table("source")
        dao.write(people(range(3)), source)
        creations: dict[str, Callable[[DataObject], object]] = {
            "written": lambda table: dao.write(people(range(3)), table),
            "copied": lambda table: dao.copy(source, table),
            "moved": lambda table: dao.move(source, table),
        }
        for name, create in creations.items():
            table = backend.table(name)
            lay(dao, backend, table, "_SUCCESS", b"no rows")
            assert dao.exists(table) is False
            create(table)
            assert rows(dao, table) == people(range(3)).to_pylist(), f"the {name} table has other rows"

    @pytest.mark.parametrize("path", ["other.csv", "other.avro", "notes.txt", "README.md", "_old/data.bin"])
    def test_what_is_not_read_is_not_lost(
        self, dao: DataAccessObject, ten: DataObject, backend: Backend, path: str
    ) -> None:
        """A file in another format makes a read fail with an error that names it, unless it is hidden; no overwrite,
        copy, move or delete removes it.
        """
        key = lay(dao, backend, ten, path, b"id\nnot a row\n")
        if not path.startswith("_"):
            with pytest.raises(DaoError, match=path):
                dao.read(ten)
        dao.write(people([7]), backend.table("source"))
        changes: tuple[Callable[[], object], ...] = (
            lambda: dao.write(people([5]), ten, mode="overwrite"),
            lambda: dao.copy(backend.table("source"), ten, mode="overwrite"),
            lambda: dao.move(backend.table("source"), ten, mode="overwrite"),
            lambda: dao.move(ten, backend.table("target", store=backend.other)),
            lambda: dao.delete(ten),
        )
        for change in changes:
            with suppress(DaoError):
                change()
            assert key in {found for found, _ in list_sizes(dao, backend)}, f"{key} is gone"
        assert dao.read(backend.file("any", key=key), into="bytes") == b"id\nnot a row\n"
