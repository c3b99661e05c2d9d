"""Bytes of one object: one request where that goes, one winner of two, nothing lost by an append."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from fakes import FakeTransport

from dao import DirectoryObject, FileObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError, TransientError
from dao.testing._faults import FaultPlan
from dao_files.manifest._once import MARK
from dao_files.manifest._storage import ManifestStorage
from dao_files.manifest._transport import ObjectSettings
from dao_s3 import _single as single
from dao_s3._single import read_object, write_object

FILE = FileObject("a.bin")


@pytest.fixture
def store() -> FakeTransport:
    return FakeTransport()


def write(store: FakeTransport, data, mode: str = "error", settings=None, path=None, target=FILE):
    return write_object(ManifestStorage(store), data, target, mode=mode, path=path, settings=settings)


def content(store: FakeTransport) -> bytes:
    return store.objects["a.bin"][1]


def test_a_small_object_is_one_request(store):
    for mode in ("error", "overwrite"):
        store.plan = FaultPlan()
        write(store, b"x", mode)
        assert store.plan.seen == ["put a.bin"]
        store.objects.clear()


def forms(tmp_path: Path):
    path = tmp_path / "data"
    path.write_bytes(b"content")
    return [b"content", bytearray(b"content"), memoryview(b"content"), io.BytesIO(b"content"), path]


@pytest.mark.parametrize("small", [True, False])
def test_whatever_bytes_come_in(store, tmp_path, monkeypatch, small):
    if not small:
        monkeypatch.setattr(single, "SMALL", 1)
    for data in forms(tmp_path):
        for mode in ("overwrite", "error"):
            store.objects.clear()
            result = write(store, data if not isinstance(data, io.BytesIO) else io.BytesIO(b"content"), mode)
            assert (content(store), result.bytes, result.files) == (b"content", 7, 1)


@pytest.mark.parametrize("small", [True, False])
def test_of_two_who_create_one_wins(store, monkeypatch, small):
    """The second comes after the first has looked, or before its only request."""
    if not small:
        monkeypatch.setattr(single, "SMALL", 1)
    for at in range(1, 3):
        store.objects.clear()
        seen = []

        def meanwhile(name, at=at, seen=seen):
            seen.append(name)
            if len(seen) == at:
                FakeTransport(store.objects).put("a.bin", b"another's")
            return FaultPlan().verdict(name)

        store.plan = type("Plan", (), {"verdict": staticmethod(meanwhile)})()
        if small and at == 2:
            write(store, b"mine")
            continue
        with pytest.raises(AlreadyExistsError):
            write(store, b"mine")
        assert content(store) == b"another's"
        assert write(store, b"mine", "ignore").files == 0


@pytest.mark.parametrize("mode", ["error", "ignore", "append"])
def test_a_lost_answer_neither_fails_nor_writes_twice(store, mode):
    for at in range(1, 6):
        store.objects.clear()
        store.plan = FaultPlan(at=at, lost=True)
        try:
            write(store, b"once", mode)
        except TransientError:
            assert store.objects == {}  # it was a look that got no answer
            continue
        assert content(store) == b"once"


def test_two_appends_are_both_there(store):
    store.put("a.bin", b"old ")
    for at in range(1, 4):
        before = content(store)
        seen = []

        def meanwhile(name, at=at, seen=seen):
            seen.append(name)
            if len(seen) == at:
                write(FakeTransport(store.objects), b"B", "append")
            return FaultPlan().verdict(name)

        store.plan = type("Plan", (), {"verdict": staticmethod(meanwhile)})()
        write(store, b"A", "append")
        assert content(store) == before + b"BA"


def test_an_append_to_what_is_deleted_meanwhile_begins_anew(store):
    store.put("a.bin", b"old")
    for at in (2, 3):
        seen = []

        def meanwhile(name, at=at, seen=seen):
            seen.append(name)
            if len(seen) == at:
                store.objects.clear()
            return FaultPlan().verdict(name)

        store.plan = type("Plan", (), {"verdict": staticmethod(meanwhile)})()
        write(store, b"new", "append")
        assert content(store) == b"new"


def test_an_append_keeps_how_the_object_is_stored(store):
    store.put("a.bin", b"old", settings=ObjectSettings(metadata={"by": "me"}, content_type="text/plain"))
    write(store, b" new", "append")
    stat = store.head("a.bin")
    assert {name: value for name, value in stat.metadata.items() if name != MARK} == {"by": "me"}
    assert stat.facts["content_type"] == "text/plain"


def test_a_conflict_of_an_overwrite_is_not_told_as_something_that_is_there(store):
    def refuse(*_, **__):
        raise ConflictError("409: another operation is in progress")

    store.put = refuse
    with pytest.raises(ConflictError):
        write(store, b"x", "overwrite")


def test_a_source_that_fails_leaves_nothing(store):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        write(store, Broken())
    assert store.objects == {}


def test_what_can_t_be_meant_is_refused_before_any_request(store):
    for data, arguments in (
        (b"x", {"target": DirectoryObject("d")}),
        ("text", {}),
        (b"x", {"mode": "overwrite_partitions"}),
        (b"x", {"path": "../a"}),
        (b"x", {"path": "x" * 1025}),
    ):
        with pytest.raises(DataError):
            write(store, data, **arguments)
    assert store.plan.seen == []


def test_parts_of_an_object(store):
    store.put("a.bin", b"0123456789")

    def read(**given):
        arguments = {"path": None, "offset": None, "length": None, "version": None, **given}
        return read_object(ManifestStorage(store), FILE, **arguments)

    assert (read(), read(offset=3), read(offset=3, length=2)) == (b"0123456789", b"3456789", b"34")
    assert (read(offset=10), read(length=0)) == (b"", b"")
    for wrong in ({"offset": -1}, {"length": True}, {"offset": 1.5}):
        with pytest.raises(DataError):
            read(**wrong)
    with pytest.raises(NotFoundError):
        read(path="nothing")
    store.put("d/x", b"")
    with pytest.raises(DataError, match="directory"):
        read(path="d")
