"""Files: bytes are stored unchanged, under keys that can't lead out of the store."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from dao._core.dao import DataAccessObject
from dao.data_object import DataObject
from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs
from dao.testing._conformance.samples import list_sizes, no_debris, people, rows

__all__ = ["Files", "Keys"]

_BYTES = bytes(range(256)) * 300
_PAGE = "docs/writing-an-interface.md, 'Files and keys'"

OUTSIDE = (
    "../outside",
    "a/../../outside",
    "/outside",
    "//outside",
    "a/../../../../../../../../tmp/outside",
    "..",
    "a\0b",
    "file:///etc/passwd",
    "..\\outside",
)
"""Paths that lead out of a store on some operating system."""

ODD = (
    "with space.bin",
    "Grüße/Ελλάδα.bin",
    "日本語/🦆.bin",
    "a%2e%2e/b%20c.bin",
    "question?and#hash&plus+.bin",
    "quote'double\"quote.bin",
    "semi;colon,comma=equals.bin",
    "[brackets]{braces}*star.bin",
    "-dash/--double.bin",
    ".hidden-looking.bin",
    "x" * 200 + ".bin",
    "/".join("abcdefghij") + "/deep.bin",
)
"""Unusual keys that are valid."""


class Files(Capability, requires=("read", "write", "files"), written=f"dao.DataAccessObject.read and write; {_PAGE}"):
    """A file object stores bytes unchanged."""

    @pytest.mark.parametrize("payload", [b"", b"hello\r\n\0\xff", _BYTES], ids=["empty", "binary", "long"])
    def test_bytes_come_back_as_they_went(self, dao: DataAccessObject, backend: Backend, payload: bytes) -> None:
        """read(into="bytes") returns exactly the bytes that were written, also for an empty file; the write's result
        counts them, or has None.
        """
        file = backend.file("note.bin")
        result = dao.write(payload, file)
        assert dao.read(file, into="bytes") == payload
        assert result.bytes in (len(payload), None), f"{len(payload)} bytes were written, it says {result.bytes}"
        no_debris(backend)

    def test_bytes_come_from_files_and_paths(
        self, dao: DataAccessObject, backend: Backend, tmp_path: pathlib.Path
    ) -> None:
        """The data of a file may be a binary file object, read from its current position, or a pathlib.Path."""
        source = tmp_path / "source.bin"
        source.write_bytes(_BYTES)
        with source.open("rb") as opened:
            opened.seek(10)
            dao.write(opened, backend.file("from_file.bin"))
        dao.write(io.BytesIO(_BYTES), backend.file("from_memory.bin"))
        dao.write(source, backend.file("from_path.bin"))
        assert dao.read(backend.file("from_file.bin"), into="bytes") == _BYTES[10:]
        assert dao.read(backend.file("from_memory.bin"), into="bytes") == _BYTES
        assert dao.read(backend.file("from_path.bin"), into="bytes") == _BYTES

    def test_a_file_object_at_its_end_is_not_written(self, dao: DataAccessObject, backend: Backend) -> None:
        """A binary file object that is at the end of its bytes is a DataError that names seek(0), and an existing file
        is unchanged; one that has no bytes is written.
        """
        file = backend.file("note.bin")
        dao.write(b"old", file)
        filled = io.BytesIO()
        filled.write(b"new")
        for mode in ("overwrite", "append"):
            with pytest.raises(DataError, match=r"seek\(0\)"):
                dao.write(filled, file, mode=mode)
        assert dao.read(file, into="bytes") == b"old"
        no_debris(backend)
        dao.write(io.BytesIO(), file, mode="overwrite")
        assert dao.read(file, into="bytes") == b""

    def test_bytes_go_as_they_are_whatever_the_format(self, dao: DataAccessObject, backend: Backend) -> None:
        """Bytes that are written to an object with a format are stored unparsed; it can then be read as a table."""
        file = backend.file("users.csv", format="csv")
        dao.write(b"id,name\n1,Ann\n2,Bob\n", file)
        assert dao.read(file, into="bytes") == b"id,name\n1,Ann\n2,Bob\n"
        assert rows(dao, file) == [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}]

    def test_path_says_where(self, dao: DataAccessObject, backend: Backend) -> None:
        """path= sets the key under which an object is read or written, for this call only."""
        file = backend.file("users.bin")
        dao.write(b"one", file, path="users/2025-01-07/users.bin")
        assert dao.read(file, into="bytes", path="users/2025-01-07/users.bin") == b"one"
        assert [info.key for info in dao.list(backend.store)] == ["users/2025-01-07/users.bin"]

    def test_a_part_can_be_read(self, dao: DataAccessObject, backend: Backend) -> None:
        """read(offset=, length=) returns that range of the bytes, with fewer or none beyond the end of the file."""
        file = backend.file("note.bin")
        dao.write(b"0123456789", file)
        assert dao.read(file, into="bytes", offset=2, length=3) == b"234"
        assert dao.read(file, into="bytes", offset=8, length=50) == b"89"
        assert dao.read(file, into="bytes", offset=10, length=1) == b""

    @needs("read_stream")
    def test_bytes_can_be_streamed(self, dao: DataAccessObject, backend: Backend) -> None:
        """read_stream(into="bytes") returns a binary file object whose read(n) returns at most n bytes."""
        file = backend.file("note.bin")
        dao.write(_BYTES, file)
        with dao.read_stream(file, into="bytes") as opened:
            parts = list(iter(lambda: opened.read(1000), b""))
        assert b"".join(parts) == _BYTES
        assert max(map(len, parts)) <= 1000

    def test_a_file_is_not_overwritten_by_default(self, dao: DataAccessObject, backend: Backend) -> None:
        """mode="error" is the default for files: an existing file is an AlreadyExistsError and unchanged; "overwrite"
        replaces it.
        """
        file = backend.file("note.bin")
        dao.write(b"old", file)
        with pytest.raises(AlreadyExistsError):
            dao.write(b"new", file)
        assert dao.read(file, into="bytes") == b"old"
        dao.write(b"new", file, mode="overwrite")
        assert dao.read(file, into="bytes") == b"new"
        no_debris(backend)

    def test_a_file_whose_source_breaks_stays_as_it_was(self, dao: DataAccessObject, backend: Backend) -> None:
        """If the source of the bytes fails, an existing file is unchanged, and a new one doesn't exist."""

        class Broken(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: object) -> int:
                raise RuntimeError("the source of the data broke")

        dao.write(b"old", backend.file("old.bin"))
        for name in ("old.bin", "new.bin"):
            with pytest.raises(Exception, match="the source of the data broke"):
                dao.write(io.BufferedReader(Broken()), backend.file(name), mode="overwrite")
        assert dao.read(backend.file("old.bin"), into="bytes") == b"old"
        assert list_sizes(dao, backend) in ([("old.bin", 3)], [("old.bin", None)])
        no_debris(backend)

    @needs("delete")
    def test_a_file_can_be_deleted(self, dao: DataAccessObject, backend: Backend) -> None:
        """delete() removes one file and leaves the files beside it."""
        for name in ("a/one.bin", "a/two.bin"):
            dao.write(b"x", backend.file(name))
        dao.delete(backend.file("a/one.bin"))
        with pytest.raises(NotFoundError):
            dao.read(backend.file("a/one.bin"), into="bytes")
        assert dao.read(backend.file("a/two.bin"), into="bytes") == b"x"


class Keys(Capability, requires=("read", "write", "list", "files"), written=f"{_PAGE}; OWASP path traversal"):
    """Keys are used literally, and never lead out of the store."""

    @pytest.mark.parametrize("path", OUTSIDE)
    def test_no_key_leads_out_of_the_store(self, dao: DataAccessObject, backend: Backend, path: str) -> None:
        """A key or path= that leads out of the store is a DaoError for read and write, and nothing changes."""
        dao.write(b"inside", backend.file("inside.bin"))
        before = list_sizes(dao, backend)
        calls: tuple[tuple[DataObject, dict[str, Any]], ...] = (
            (backend.file(path), {}),
            (backend.file("a.bin", key=path), {}),
            (backend.file("a.bin"), {"path": path}),
        )
        for file, given in calls:
            with pytest.raises(DaoError):
                dao.write(b"x", file, mode="overwrite", **given)
            with pytest.raises(DaoError):
                dao.read(file, into="bytes", **given)
        assert list_sizes(dao, backend) == before
        no_debris(backend)

    @needs("delete", "exists")
    @pytest.mark.parametrize("path", ["..", "../inside", "/", "a/../.."])
    def test_nothing_is_deleted_outside_of_the_store(self, dao: DataAccessObject, backend: Backend, path: str) -> None:
        """delete() of a key that leads out of the store is a DaoError and deletes nothing."""
        dao.write(b"inside", backend.file("inside.bin"))
        for make in (backend.file, backend.directory, backend.table):
            with pytest.raises(DaoError):
                dao.delete(make("any", key=path))
        assert dao.read(backend.file("inside.bin"), into="bytes") == b"inside"

    @needs("delete", "schema")
    def test_what_a_table_keeps_about_itself_is_not_changed_by_a_key(
        self, dao: DataAccessObject, backend: Backend
    ) -> None:
        """write(), delete() and copy() to the log of a table, by key or path=, are DaoErrors or leave the table's rows
        as they are.
        """
        table = backend.table("people")
        dao.write(people(range(3)), table)
        other = backend.file("other.bin")
        dao.write(b"x", other)
        for name in ("_dao_log.jsonl", ".dao/manifest.json"):
            log = f"{table.key}/{name}"
            calls: tuple[Callable[[], object], ...] = (
                partial(dao.write, b"x", other, path=log, mode="overwrite"),
                partial(dao.write, b"x", backend.file("any", key=log), mode="append"),
                partial(dao.copy, other, backend.file("any", key=log), mode="overwrite"),
                partial(dao.delete, backend.file("any", key=log)),
                partial(dao.delete, other, path=log),
            )
            for call in calls:
                with suppress(DaoError):
                    call()
                assert rows(dao, table) == people(range(3)).to_pylist(), f"{call} changed the table"

    @pytest.mark.parametrize("key", ODD, ids=range(len(ODD)))
    def test_odd_keys_are_taken_as_they_are(self, dao: DataAccessObject, backend: Backend, key: str) -> None:
        """A key with spaces, other scripts or special characters is used literally: it is listed as it was given."""
        dao.write(b"x", backend.file("any", key=key))
        assert dao.read(backend.file("any", key=key), into="bytes") == b"x"
        assert [info.key for info in dao.list(backend.store)] == [key]

    @pytest.mark.parametrize("length", [256, 1025, 5000])
    def test_a_key_that_is_too_long_is_refused_or_works(
        self, dao: DataAccessObject, backend: Backend, length: int
    ) -> None:
        """A key that is longer than the store allows is a DaoError and leaves nothing; any other key works."""
        file = backend.file("k" * length)
        try:
            dao.write(b"x", file)
        except DaoError:
            assert list_sizes(dao, backend) == []
            no_debris(backend)
        else:
            assert dao.read(file, into="bytes") == b"x"

    def test_upper_and_lower_case_are_two_keys_or_one_error(self, dao: DataAccessObject, backend: Backend) -> None:
        """Keys that differ by letter case only are two files, or the second is a DaoError; never silently one file."""
        dao.write(b"lower", backend.file("case.bin"))
        try:
            dao.write(b"upper", backend.file("CASE.bin"))
        except DaoError:
            pass
        else:
            assert dao.read(backend.file("CASE.bin"), into="bytes") == b"upper"
        assert dao.read(backend.file("case.bin"), into="bytes") == b"lower"

    @needs("schema")
    def test_a_tables_key_may_be_odd_too(self, dao: DataAccessObject, backend: Backend) -> None:
        """A table whose prefix has spaces and other scripts can be written and read as any other."""
        table = backend.table("any", prefix="Grüße und 🦆/tabelle 1")
        dao.write(people(range(3)), table)
        assert rows(dao, table) == people(range(3)).to_pylist()
