"""One step or none, where names can be swapped and where they can't."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from left_behind import left_behind

from dao.data_object import FileObject, TableObject
from dao.errors import AlreadyExistsError, NotFoundError
from dao_files import LocalInterface
from dao_files._local import publishing
from dao_files._local.exchange import exchange
from dao_files._local.handles import Folder

T, U = TableObject("a/t"), TableObject("b/u")
OLD, NEW = pa.table({"v": ["old"] * 3}), pa.table({"v": ["new"] * 3})


class Killed(BaseException):
    """Stands for kill -9: nothing that cleans up runs after it."""


def test_names_are_swapped(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1")
    (tmp_path / "b").write_text("2")
    with Folder.at(str(tmp_path)) as here:
        if not exchange((here.handle, "a"), (here.handle, "b")):
            pytest.skip("this system can't swap names")
    assert (tmp_path / "a").read_text() == "2"
    assert (tmp_path / "b" / "x").read_text() == "1"
    with Folder.at(str(tmp_path)) as here, pytest.raises(FileNotFoundError):
        exchange((here.handle, "a"), (here.handle, "missing"))


def test_every_change_works_either_way(store: LocalInterface, root: Path, publishing_way: str) -> None:
    store.write(OLD, T, format="parquet")
    store.write(NEW, T, mode="overwrite")
    assert store.read(T).equals(NEW)
    store.write(OLD, U, format="parquet")
    store.move(T, U, mode="overwrite")
    assert store.read(U).equals(NEW)
    store.write_bytes(b"1", FileObject("f"))
    store.write_bytes(b"2", FileObject("f"), mode="overwrite")
    store.write_bytes(b"3", FileObject("g"))
    store.move(FileObject("f"), FileObject("g"), mode="overwrite")
    assert store.read_bytes(FileObject("g"), into="bytes") == b"2"
    assert left_behind(root) == []


@pytest.mark.parametrize("step", range(1, 6))
@pytest.mark.parametrize("first", ["reader", "writer", "another table's writer"])
def test_two_steps_are_finished_by_whoever_comes_next(
    store: LocalInterface, root: Path, step: int, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(OLD, T, format="parquet")
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "exchange", lambda one, other: False)
        patch.setattr(publishing.OwnPlace, "discard", lambda self, path: None)  # a killed process doesn't clean up
        left = step

        def dying(real: Callable[..., None]) -> Callable[..., None]:
            def call(*paths: str, **handles: int) -> None:
                nonlocal left
                if left == 1:
                    raise Killed
                left -= 1
                real(*paths, **handles)

            return call

        for name in ("rename", "replace", "unlink"):
            patch.setattr(os, name, dying(getattr(os, name)))
        try:
            store.write(NEW, T, mode="overwrite")
            died = False
        except Killed:
            died = True
    assert died or step > 4
    if first == "another table's writer":
        store.write(OLD, U, format="parquet")
    if first == "writer":
        store.write(OLD, T, mode="append", format="parquet")
        assert store.count(T, where="v = 'old'") in (3, 6)
        assert store.count(T) == 6
    else:
        assert store.read(T).to_pydict() in (OLD.to_pydict(), NEW.to_pydict())
        store.write(OLD, T, mode="append")
    assert left_behind(root) == []


def test_a_torn_note_is_no_note(store: LocalInterface, root: Path) -> None:
    store.write(OLD, T, format="parquet")
    notes = root / ".dao" / "intents"
    notes.mkdir()
    (notes / "x").write_text('{"key": "a')
    store.write(NEW, T, mode="overwrite")
    assert store.read(T).equals(NEW)


def test_something_new_appears_only_where_nothing_is(store: LocalInterface, root: Path) -> None:
    """Another program, which takes no locks, is faster."""
    with store.storage.change("x/f", tree=False) as change:
        with change.create("") as file:
            file.write(b"mine")
        (root / "x").mkdir()
        (root / "x" / "f").write_text("theirs")
        with pytest.raises(AlreadyExistsError):
            change.publish()
    with store.storage.change("x/t", tree=True) as change:
        with change.create("part") as file:
            file.write(b"mine")
        (root / "x" / "t").mkdir()
        (root / "x" / "t" / "part").write_text("theirs")
        with pytest.raises(AlreadyExistsError):
            change.publish()
    assert (root / "x" / "f").read_text() == (root / "x" / "t" / "part").read_text() == "theirs"
    assert left_behind(root) == []


def test_an_empty_directory_is_nothing(store: LocalInterface, root: Path) -> None:
    (root / "a" / "t" / "sub").mkdir(parents=True)
    assert not store.exists(T)
    with pytest.raises(NotFoundError):
        store.read(T)
    (root / "b" / "u").mkdir(parents=True)
    store.write(OLD, U, format="parquet")
    assert store.read(U).equals(OLD)


def test_filesystems_without_hard_links(store: LocalInterface, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    store.write(OLD, T, format="parquet")
    store.write(NEW, T, mode="append")
    assert store.read(T).num_rows == 6
    store.write_bytes(b"x", FileObject("f"))
    with pytest.raises(AlreadyExistsError):
        store.write_bytes(b"x", FileObject("f"))
    assert left_behind(root) == []


def test_unchanged_files_are_links_and_copies_are_not(store: LocalInterface, root: Path) -> None:
    store.write(OLD, T, format="parquet")
    (first,) = (root / "a" / "t").glob("*.parquet")
    inode = first.stat().st_ino
    store.write(NEW, T, mode="append")
    assert first.stat().st_ino == inode
    store.copy(T, U)
    assert (root / "b" / "u" / first.name).stat().st_ino != inode
    assert first.stat().st_nlink == 1


def test_power_losses(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fsync every new file and every directory is flushed before it is published, and the parent afterwards."""
    flushed: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (flushed.append(os.readlink(f"/proc/self/fd/{file}")), real(file)))
    LocalInterface(root).write(OLD, T, format="parquet")
    assert flushed == []
    LocalInterface(root, fsync=True).write(OLD, T, mode="append")
    names = [path.rsplit("/", 1)[1] for path in flushed]
    assert sum(name.endswith(".parquet") for name in names) == 1
    assert "_dao_log.jsonl" in names
    assert names[-1] == "a"
