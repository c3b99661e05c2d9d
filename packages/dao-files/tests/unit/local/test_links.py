"""Nothing leads out of the root: neither links in the store's own folder, nor directories exchanged for links."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest

from dao.data_object import DirectoryObject, FileObject, TableObject
from dao.errors import DaoError, PermissionDeniedError
from dao_files import LocalInterface
from dao_files._local import exchange, storage
from dao_files._local.handles import Folder
from dao_files._local.walk import real_key

T, F = TableObject("a/t", format="csv"), FileObject("a/f.txt")
INSIDE, OUTSIDE = [{"v": "inside"}], [{"v": "outside"}]

ACTIONS: dict[str, Callable[[LocalInterface], object]] = {
    "exists": lambda s: s.exists(F),
    "list": lambda s: list(s.list(DirectoryObject("a"))),
    "read": lambda s: s.read(T, format="csv"),
    "read bytes": lambda s: s.read_bytes(F, into="bytes"),
    "write": lambda s: s.write(INSIDE, T, format="csv", mode="overwrite"),
    "append": lambda s: s.write(INSIDE, T, format="csv", mode="append"),
    "write bytes": lambda s: s.write_bytes(b"inside", F, mode="overwrite"),
    "upsert": lambda s: s.upsert(INSIDE, T, keys="v", format="csv"),
    "delete": lambda s: s.delete(F),
    "copy": lambda s: s.copy(F, FileObject("a/g.txt"), mode="overwrite"),
    "move": lambda s: s.move(F, FileObject("a/g.txt"), mode="overwrite"),
    "read a missing one": lambda s: s.exists(FileObject("a/none")),
}


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """What somebody else has beside the root: the same names, other contents."""
    outside = LocalInterface(tmp_path / "victim")
    outside.write(OUTSIDE, TableObject("t"), format="csv")
    outside.write_bytes(b"outside", FileObject("f.txt"))
    for folder in ("0" * 32, "staging", "locks", "intents"):
        (tmp_path / "victim" / folder).mkdir()
    (tmp_path / "victim" / ("0" * 32) / "x").write_text("precious")
    return tmp_path / "victim"


@pytest.fixture
def filled(store: LocalInterface) -> LocalInterface:
    store.write(INSIDE, T, format="csv")
    store.write_bytes(b"inside", F)
    return store


def everything(folder: Path) -> dict[str, object]:
    """All below a folder: contents of files, modes of directories."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.stat().st_mode
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("which", [".dao", ".dao/staging", ".dao/locks", ".dao/intents"])
def test_the_own_folder_is_never_a_link(
    filled: LocalInterface, root: Path, victim: Path, which: str, action: str, publishing_way: str
) -> None:
    if (root / which).exists():
        (root / which).rename(root / "aside")
    (root / which).symlink_to(victim)
    before = everything(victim)
    refused = ""
    try:
        ACTIONS[action](filled)
    except PermissionDeniedError as error:
        refused = str(error)
    assert everything(victim) == before
    if action in ("write", "delete", "move") and which in (".dao", ".dao/staging", ".dao/locks"):
        assert which in refused
        assert "remove the link" in refused


def test_things_that_others_put_into_staging_stay(filled: LocalInterface, root: Path) -> None:
    staging = root / ".dao" / "staging"
    (staging / "theirs").mkdir()
    (staging / "theirs" / "x").write_text("x")
    (staging / ("0" * 32)).symlink_to(root / "a")
    filled.write(INSIDE, T, mode="overwrite", format="csv")
    assert (staging / "theirs" / "x").read_text() == "x"
    assert filled.read(T, format="csv").to_pylist() == INSIDE


@pytest.mark.parametrize("action", ACTIONS)
def test_a_directory_becomes_a_link_between_check_and_use(
    filled: LocalInterface, root: Path, victim: Path, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time a key has been looked up and found to be free of links, its folder is exchanged for one."""
    before = everything(victim)

    def looked_up(top: Folder, key: str) -> str:
        found = real_key(top, key)
        if (root / "a").is_dir() and not (root / "a").is_symlink():
            (root / "a").rename(root / "aside")
            (root / "a").symlink_to(victim)
        return found

    monkeypatch.setattr(storage, "real_key", looked_up)
    with pytest.raises(PermissionDeniedError, match="link"):
        ACTIONS[action](filled)
    assert everything(victim) == before


def test_a_file_becomes_a_link_after_the_snapshot(filled: LocalInterface, root: Path, victim: Path) -> None:
    (root / "a" / "t" / "link.csv").symlink_to(root / "a" / "f.txt")
    snapshot = filled.storage.snapshot("a/t")
    for name in [Path(info.key).name for info in snapshot.files]:
        (root / "a" / "t" / name).unlink()
        (root / "a" / "t" / name).symlink_to(victim / "f.txt")
    for info in snapshot.files:
        if info.key.endswith("link.csv"):
            assert snapshot.open(info.key).read() == b"inside", "where a link led is what was found at first"
        else:
            with pytest.raises(OSError, match="symbolic links"):
                snapshot.open(info.key)
    (root / "a" / "f.txt").unlink()
    (root / "a" / "f.txt").symlink_to(victim / "f.txt")
    with pytest.raises(OSError, match="symbolic links"):
        snapshot.open("a/t/link.csv")


@pytest.fixture(params=["a", ".dao", ".dao/staging", ".dao/locks"])
def swapping(request: pytest.FixtureRequest, filled: LocalInterface, root: Path, victim: Path) -> Iterator[None]:
    """A thread that exchanges a folder for a link that leads out, and back, all the time."""
    if exchange._swapper() is None:
        pytest.skip("this system can't swap names")
    stop = threading.Event()
    (root / "evil").symlink_to(victim)
    above, _, name = request.param.rpartition("/")

    def swap() -> None:
        with Folder.at(str(root)) as top, top.folder(above) as parent:
            while not stop.is_set():
                exchange.exchange((parent.handle, name), (top.handle, "evil"))

    thread = threading.Thread(target=swap)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.usefixtures("swapping")
def test_folders_that_become_links_all_the_time(filled: LocalInterface, victim: Path) -> None:
    before = everything(victim)
    done = 0
    for number in count():
        if number >= 150 and done:  # on a busy machine the links may be in the way of the first 150
            break
        with suppress(OSError):  # PermissionDeniedError is one
            if number % 3 == 0:
                assert filled.read_bytes(F, into="bytes") == b"inside"
            elif number % 3 == 1:
                filled.write_bytes(b"inside", F, mode="overwrite")
            else:
                assert filled.read(T, format="csv").to_pylist() == INSIDE
            done += 1
    assert everything(victim) == before


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    LocalInterface(tmp_path / "link").write(pa.table({"v": ["x"]}), T, format="csv")
    assert LocalInterface(tmp_path / "real").count(T, format="csv") == 1
    (tmp_path / "dangling").symlink_to(tmp_path / "not yet")
    LocalInterface(tmp_path / "dangling").write_bytes(b"x", F)
    assert (tmp_path / "not yet" / "a" / "f.txt").read_bytes() == b"x"


def test_nested_more_deeply_than_can_be_listed(store: LocalInterface, root: Path) -> None:
    store.write_bytes(b"x", FileObject("x"))
    deep = Folder.at(str(root))
    for _ in range(300):
        deep = deep.folder("d", make=True)
    with pytest.raises(DaoError, match="levels of directories"):
        list(store.list(DirectoryObject("all", key="")))
