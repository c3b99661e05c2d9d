"""The guarantees of :class:`dao_files.storage.Storage` as tests."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import fs

from dao.errors import AlreadyExistsError, ConflictError, DaoError, NotFoundError
from dao_files._storage.keys import join
from dao_files._storage.storage import Storage
from dao_files.testing._storing import (
    Files,
    always,
    current_files,
    fill,
    never,
    put,
    put_file,
    read_all,
    read_file,
)
from dao_files.testing._suites import ODD_KEYS, Suite, at_once

__all__ = ["StorageSuite"]

_WRITERS = 6
_ROUNDS = 10
_LARGE = bytes(range(256)) * (20 << 10)


class _GivenUp(Exception):
    """An error that leaves an incomplete change."""


class StorageSuite(Suite, written="dao_files.storage.Storage"):
    """All rules of a storage, as tests. Inherit it and define a fixture ``storage`` that returns an empty storage.

    For a storage that detects conflicts on publishing (``conflict_timeout`` is not 0), define a fixture ``rival``, too:
    another storage of the same files.
    """

    @pytest.fixture
    def storage(self) -> Storage:
        """The storage under test, empty; the subclass defines it."""
        pytest.fail(f"{type(self).__name__} needs a fixture 'storage' that returns an empty storage")

    @pytest.fixture
    def rival(self, storage: Storage) -> Storage | None:
        """Another storage of the same files, like that of another process; None where writers wait for each other."""
        if storage.conflict_timeout:
            pytest.fail(f"{type(self).__name__} needs a fixture 'rival': another storage of the same files")
        return None

    def test_where_nothing_is(self, storage: Storage) -> None:
        """A missing key has the kind None; snapshot, list, delete, move raise NotFoundError. An empty root lists."""
        assert storage.kind("a/b") is None
        assert list(storage.list("")) == []
        requests: tuple[Callable[[], object], ...] = (
            lambda: storage.snapshot("a/b"),
            lambda: list(storage.list("a/b")),
            lambda: storage.delete("a/b"),
            lambda: storage.move("a/b", "c", replace=always),
        )
        for request in requests:
            with pytest.raises(NotFoundError):
                request()

    def test_what_is_published_is_there(self, storage: Storage) -> None:
        """A published directory has the written files with their sizes, in the order of their names.

        That is the order of the keys as texts, or folder by folder.
        """
        files = {"b.bin": b"", "a/z.bin": _LARGE, "a.bin": b"a", "a/b.bin": b"b"}
        put(storage, "deep/t", files)
        assert (storage.kind("deep/t"), storage.kind("deep"), storage.kind("deep/t/a.bin")) == (
            "directory",
            "directory",
            "file",
        )
        assert storage.kind("deep/t/a") == "directory"
        snapshot = storage.snapshot("deep/t")
        assert (snapshot.key, snapshot.is_file, read_all(snapshot)) == ("deep/t", False, files)
        keys = [info.key for info in snapshot.files]
        ours = [f"deep/t/{path}" for path in files]
        assert keys in (sorted(ours), sorted(ours, key=lambda key: key.split("/")))
        assert [info.size for info in snapshot.files] == [len(files[key[7:]]) for key in keys]
        snapshot.close()
        snapshot.close()
        assert [info.key for info in storage.list("")] == keys
        assert [info.key for info in storage.list("deep/t/a")] == ["deep/t/a/b.bin", "deep/t/a/z.bin"]

    def test_a_single_file(self, storage: Storage) -> None:
        """A change with tree=False creates one file at the key, or replaces it, also with blind=True."""
        for content, blind in ((b"one", False), (b"two", False), (b"three", True)):
            put_file(storage, "folder/f.bin", content, blind=blind)
            snapshot = storage.snapshot("folder/f.bin")
            assert (snapshot.is_file, [info.key for info in snapshot.files]) == (True, ["folder/f.bin"])
            with snapshot.open("folder/f.bin") as file:
                assert file.read() == content
            snapshot.close()
        assert [info.size for info in storage.list("folder/f.bin")] == [5]

    def test_what_is_not_published_is_nowhere(self, storage: Storage) -> None:
        """Nothing is visible before publish; leaving a change without it, or by an error, discards everything."""
        put(storage, "t", {"a.bin": b"old"})
        for key in ("t", "new"):
            before = current_files(storage, key)
            with storage.change(key, tree=True) as change:
                fill(change, {"b.bin": b"new"})
                assert current_files(storage, key) == before
            with suppress(_GivenUp), storage.change(key, tree=True) as change:
                fill(change, {"b.bin": b"new"})
                with change.create("c.bin") as sink:
                    sink.write(b"half")
                    raise _GivenUp
            assert current_files(storage, key) == before
        assert [info.key for info in storage.list("")] == ["t/a.bin"]

    def test_a_change_replaces_everything(self, storage: Storage) -> None:
        """Files neither created nor kept are removed; kept files are unchanged; copied files are equal."""
        put(storage, "other", {"x.bin": b"x"})
        put(storage, "t", {"kept.bin": _LARGE, "dropped.bin": b"d", "sub/kept.bin": b"s"})
        other = storage.snapshot("other")
        with storage.change("t", tree=True) as change:
            assert change.base is not None
            assert set(read_all(change.base)) == {"kept.bin", "dropped.bin", "sub/kept.bin"}
            change.keep("t/kept.bin")
            change.keep("t/sub/kept.bin")
            fill(change, {"new.bin": b"new"})
            assert change.size("new.bin") == 3
            assert change.copy_in(other, "other/x.bin", "copied.bin") == 1
            change.publish()
        other.close()
        expected = {"kept.bin": _LARGE, "sub/kept.bin": b"s", "new.bin": b"new", "copied.bin": b"x"}
        assert current_files(storage, "t") == expected
        assert current_files(storage, "other") == {"x.bin": b"x"}
        put(storage, "t", {"only.bin": b"1"})
        assert [info.key for info in storage.list("t")] == ["t/only.bin"]

    def test_base_is_none_where_nothing_is(self, storage: Storage) -> None:
        """The base of a change is a snapshot of its key: None if the key is missing."""
        with storage.change("t", tree=True) as change:
            assert change.base is None
        with storage.change("f.bin", tree=False) as change:
            assert change.base is None

    def test_a_snapshot_does_not_change(self, storage: Storage) -> None:
        """A snapshot reads its files as they were, even if they were replaced or deleted since; or a ConflictError.

        A ConflictError is allowed where ``conflict_timeout`` is not 0. Other bytes never are.
        """
        old = {"a.bin": b"old a", "b.bin": b"old b"}
        changes: tuple[Callable[[], object], ...] = (
            lambda: put(storage, "t", {"a.bin": b"new a", "c.bin": b"new c"}),
            lambda: storage.delete("t"),
        )
        for change in changes:
            put(storage, "t", old)
            snapshot = storage.snapshot("t")
            opened = snapshot.open("t/a.bin")
            change()
            assert [info.key for info in snapshot.files] == ["t/a.bin", "t/b.bin"]
            for key, content in old.items():
                self._check_content(storage, partial(read_file, snapshot, f"t/{key}"), content)
            self._check_content(storage, opened.read, b"old a")
            opened.close()
            snapshot.close()

    @staticmethod
    def _check_content(storage: Storage, read: Callable[[], bytes], expected: bytes) -> None:
        try:
            assert read() == expected
        except ConflictError:
            assert storage.conflict_timeout, "a storage without conflicts keeps its snapshots"

    def test_files_are_read_from_anywhere(self, storage: Storage) -> None:
        """A file of a snapshot can be read in ranges, and stays readable after the snapshot is closed."""
        put(storage, "t", {"a.bin": _LARGE})
        snapshot = storage.snapshot("t")
        with snapshot.open("t/a.bin") as file:
            snapshot.close()
            assert file.read(10) == _LARGE[:10]
            file.seek(-7, 2)
            assert file.read() == _LARGE[-7:]
            file.seek(1000)
            assert file.read(5) == _LARGE[1000:1005]

    def test_arrow_reads_and_writes(self, storage: Storage) -> None:
        """native=True returns a file that Arrow writes; filesystem() returns one with the snapshot's keys as paths."""
        with storage.change("t", tree=True) as change:
            with change.create("a.arrow", native=True) as sink:
                assert isinstance(sink, pa.NativeFile)
                sink.write(_LARGE)
            assert change.size("a.arrow") == len(_LARGE)
            change.publish()
        filesystem = storage.snapshot("t").filesystem()
        (info,) = filesystem.get_file_info(fs.FileSelector("t", recursive=True))
        assert (info.path, info.size) == ("t/a.arrow", len(_LARGE))
        with filesystem.open_input_file("t/a.arrow") as file:
            assert file.read_at(9, 1000) == _LARGE[1000:1009]
            assert file.size() == len(_LARGE)

    def test_moving(self, storage: Storage) -> None:
        """``move`` moves all files at a key to another key; an existing target is replaced as a whole, or
        refused, as the caller decides by a snapshot of it.
        """
        put(storage, "t", {"a.bin": b"a", "sub/b.bin": b"b"})
        put(storage, "taken", {"x.bin": b"x"})
        with pytest.raises(AlreadyExistsError):
            storage.move("t", "taken", replace=lambda there: [info.key for info in there.files] != ["taken/x.bin"])
        assert (current_files(storage, "taken"), len(current_files(storage, "t"))) == ({"x.bin": b"x"}, 2)
        storage.move("t", "taken", replace=always)
        storage.move("taken", "deep/target", replace=never)
        assert current_files(storage, "deep/target") == {"a.bin": b"a", "sub/b.bin": b"b"}
        assert (storage.kind("t"), storage.kind("taken")) == (None, None)
        put_file(storage, "f.bin", b"f")
        storage.move("f.bin", "g.bin", replace=never, wanted="file")
        assert (storage.kind("f.bin"), [info.size for info in storage.list("g.bin")]) == (None, [1])

    def test_deleting(self, storage: Storage) -> None:
        """``delete`` removes all files at a key, and no others, also if their names begin with the key."""
        for key in ("t", "t2", "u/t"):
            put(storage, key, {"a.bin": b"a", "sub/b.bin": b"b"})
        put_file(storage, "t.bin", b"f")
        storage.delete("t")
        assert storage.kind("t") is None
        assert sorted(info.key for info in storage.list("")) == [
            "t.bin",
            "t2/a.bin",
            "t2/sub/b.bin",
            "u/t/a.bin",
            "u/t/sub/b.bin",
        ]
        storage.delete("t.bin")
        assert storage.kind("t.bin") is None
        put(storage, "t", {"c.bin": b"c"})
        assert current_files(storage, "t") == {"c.bin": b"c"}

    def test_no_change_is_lost(self, storage: Storage) -> None:
        """Of concurrent changes of one key, each that was published is in the final state; the others raise."""

        def add(number: int) -> None:
            while True:
                try:
                    with storage.change("t", tree=True) as change:
                        for info in change.base.files if change.base is not None else ():
                            change.keep(info.key)
                        fill(change, {f"{number}.bin": b"%d" % number})
                        change.publish()
                    return
                except (ConflictError, AlreadyExistsError):
                    assert storage.conflict_timeout, "a storage without conflicts keeps its writers waiting"

        at_once([partial(add, number) for number in range(_WRITERS)])
        assert current_files(storage, "t") == {f"{number}.bin": b"%d" % number for number in range(_WRITERS)}

    def test_readers_see_whole_states(self, storage: Storage) -> None:
        """While a directory is replaced, every snapshot is one complete state."""
        states = [{"a.bin": b"1", "b.bin": b"1"}, {"a.bin": b"22", "b.bin": b"22", "c.bin": b"22"}]
        put(storage, "t", states[0])

        def write() -> list[Files]:
            for number in range(1, _ROUNDS):
                put(storage, "t", states[number % 2])
            return []

        def read() -> list[Files]:
            return [current_files(storage, "t") for _ in range(_ROUNDS)]

        assert all(found in states for seen in at_once([write, read]) for found in seen)

    def test_what_has_appeared_is_not_replaced(self, storage: Storage, rival: Storage | None) -> None:
        """If base was None and the key exists by now, ``publish`` raises an error and publishes nothing.

        An AlreadyExistsError, or a ConflictError if the storage detects the conflict first.
        """
        if rival is None:
            return
        with storage.change("t", tree=True) as change, storage.change("f", tree=False) as single:
            assert (change.base, single.base) == (None, None)
            fill(change, {"a.bin": b"mine"})
            fill(single, {"": b"mine"})
            put(rival, "t", {"a.bin": b"theirs"})
            put_file(rival, "f", b"theirs")
            for late in (change, single):
                with pytest.raises((AlreadyExistsError, ConflictError)):
                    late.publish()
        assert current_files(storage, "t") == {"a.bin": b"theirs"}
        assert list(current_files(storage, "f").values()) == [b"theirs"]

    def test_a_conflict_can_be_renewed(self, storage: Storage, rival: Storage | None) -> None:
        """``publish`` raises ConflictError if another change was published since; after ``renew`` it succeeds."""
        if rival is None:
            return
        put(storage, "t", {"a.bin": b"a"})
        with storage.change("t", tree=True) as change:
            change.keep("t/a.bin")
            fill(change, {"mine.bin": b"mine"})
            put(rival, "t", {"theirs.bin": b"theirs"})
            with pytest.raises(ConflictError):
                change.publish()
            assert current_files(rival, "t") == {"theirs.bin": b"theirs"}
            change.renew()
            assert change.base is not None
            for info in change.base.files:
                change.keep(info.key)
            change.publish()
        assert current_files(rival, "t") == {"theirs.bin": b"theirs", "mine.bin": b"mine"}

    def test_keys_are_exact(self, storage: Storage) -> None:
        """Keys, and paths below them, are not escaped, unescaped, folded or normalised."""
        files = {key: b"%d" % number for number, key in enumerate(ODD_KEYS)}
        put(storage, "odd", files)
        assert current_files(storage, "odd") == files
        assert {info.key for info in storage.list("")} == {join("odd", key) for key in files}
        for key in ODD_KEYS:
            put_file(storage, f"single/{key}", key.encode())
        assert current_files(storage, "single") == {key: key.encode() for key in ODD_KEYS}

    def test_uris_name_keys(self, storage: Storage) -> None:
        """``key_of`` returns the key of a URI below the root's; None for any other URI."""
        assert storage.key_of(f"{storage.uri}/a/b.bin") == "a/b.bin"
        assert storage.key_of("gopher://elsewhere/a/b.bin") is None

    def test_errors_are_known_or_not(self, storage: Storage) -> None:
        """``translate`` returns a DaoError, or None for an error that is not the storage's."""
        assert storage.translate(ValueError("a bug")) is None
        translated: Any = storage.translate(OSError(28, "No space left on device"))
        assert translated is None or isinstance(translated, DaoError)

    def test_it_can_be_pickled(self, storage: Storage) -> None:
        """A pickled storage accesses the same files, or contains them."""
        put(storage, "t", {"a.bin": b"a"})
        again = pickle.loads(pickle.dumps(storage))
        assert current_files(again, "t") == {"a.bin": b"a"}
