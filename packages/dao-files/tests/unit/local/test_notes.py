"""Notes, locks and staged things that somebody else wrote: nothing moves by them, and nothing waits for them."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from dao.data_object import FileObject, TableObject
from dao.errors import PermissionDeniedError, StoreError
from dao.testing._malformed import malformed, misshapen
from dao_files import LocalInterface
from dao_files._local.locks import name_of

T = TableObject("t", format="csv")


@pytest.fixture
def place(store: LocalInterface, root: Path) -> Path:
    """Where the note of the missing table ``t`` would be."""
    store.write_bytes(b"other", FileObject("other"))
    (root.parent / "private_key").write_text("k")
    (root / "link").symlink_to(root.parent)
    (root / ".dao" / "intents").mkdir()
    return root / ".dao" / "intents" / name_of("t")


def call_all(store: LocalInterface) -> None:
    assert not store.exists(T)
    store.write([{"a": 1}], T, format="csv", mode="append")
    store.delete(T)


def test_no_content_is_taken_for_a_note(store: LocalInterface, root: Path, place: Path) -> None:
    right = {"key": "t", "path": "t", "new": ".dao/staging/" + "0" * 32}
    for content in (*malformed(), *misshapen(right), b" " * (1 << 17)):
        place.write_bytes(content)
        call_all(store)
        place.unlink(missing_ok=True)
    assert sorted(os.listdir(root)) == [".dao", "link", "other"]


@pytest.mark.parametrize(
    ("key", "path", "new"),
    [
        ("t", "../stolen", "../private_key"),
        ("t", "t", "../private_key"),
        ("t", "t", "/etc/hostname"),
        ("t", "t", "link/private_key"),
        ("t", "t", "link"),
        ("t", "t", ".dao/locks"),
        ("t", "t", ".dao/staging/../../../private_key"),
        ("t", "t", ".dao/staging/x"),
        ("t", "t", ".dao/intents/" + name_of("t")),
        ("t", "other/t", "other"),
        ("other", "other", "t"),
        ("t", "t", "t/below"),
        ("t", "t", "a/../../private_key"),
    ],
)
def test_a_forged_note_moves_nothing(
    store: LocalInterface, root: Path, place: Path, key: str, path: str, new: str
) -> None:
    place.write_text(json.dumps({"key": key, "path": path, "new": new}))
    before = sorted(str(path) for path in (*root.parent.glob("*"), *root.glob("*")))
    store.exists(T)
    assert sorted(str(path) for path in (*root.parent.glob("*"), *root.glob("*"))) == before
    assert (root.parent / "private_key").read_text() == "k"


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        cwd = os.getcwd()
        os.chdir(path.parent)  # a socket's path must be short
        try:
            one.bind(path.name)
        finally:
            os.chdir(cwd)


THINGS: dict[str, Callable[[Path], object]] = {
    "directory": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
    "socket": bound,
    "link": lambda path: path.symlink_to("/etc/hostname"),
    "dangling link": lambda path: path.symlink_to("/nowhere/at/all"),
    "device": lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)),
}


@pytest.fixture(params=THINGS)
def put(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    """Puts something that is no file into a place."""
    if request.param == "device" and os.geteuid() != 0:
        pytest.skip("only root makes devices")
    return THINGS[request.param]


def test_what_is_no_file_is_no_note(store: LocalInterface, place: Path, put: Callable[[Path], object]) -> None:
    put(place)
    call_all(store)


def test_what_is_no_file_is_no_lock(
    store: LocalInterface, root: Path, place: Path, put: Callable[[Path], object]
) -> None:
    put(root / ".dao" / "locks" / name_of("t"))
    with pytest.raises((StoreError, OSError)) as caught:
        store.write([{"a": 1}], T, format="csv")
    translated = store.translate_error(caught.value) or caught.value
    assert isinstance(translated, StoreError)
    assert name_of("t") in str(translated)
    assert not os.path.lexists("/nowhere")


@pytest.mark.parametrize("folder", [".dao", ".dao/locks", ".dao/staging", ".dao/intents"])
def test_what_is_no_folder_is_refused(
    store: LocalInterface, root: Path, folder: str, put: Callable[[Path], object], publishing_way: str
) -> None:
    store.write([{"a": 1}], T, format="csv")
    if put is THINGS["directory"]:
        pytest.skip("a directory is what belongs there")
    if (root / folder).exists():
        (root / folder).rename(root / "aside")
    put(root / folder)
    assert store.read(T, format="csv").to_pylist() == [{"a": 1}]
    assert not store.exists(FileObject("none"))
    if folder == ".dao/intents" and publishing_way == "swap":
        return  # nothing is noted
    with pytest.raises(StoreError, match="remove") as caught:
        store.write([{"a": 2}], T, format="csv", mode="overwrite")
    assert folder in str(caught.value)


def test_something_else_among_the_staged(store: LocalInterface, root: Path, put: Callable[[Path], object]) -> None:
    store.write_bytes(b"x", FileObject("x"))
    put(root / ".dao" / "staging" / ("0" * 32))
    store.write([{"a": 1}], T, format="csv")
    assert store.read(T, format="csv").to_pylist() == [{"a": 1}]


def test_the_log_of_a_table_is_no_pipe(store: LocalInterface, root: Path, put: Callable[[Path], object]) -> None:
    store.write([{"a": 1}], T, format="csv")
    (root / "t" / "_dao_log.jsonl").unlink()
    put(root / "t" / "_dao_log.jsonl")
    with suppress(PermissionDeniedError):  # a link that leads out
        assert store.read(T, format="csv").to_pylist() == [{"a": 1}]
