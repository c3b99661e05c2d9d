"""What only its owner may read stays so when it is changed, and at every moment of the change."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dao.data_object import FileObject, TableObject
from dao_files import LocalInterface
from dao_files._local import publishing
from dao_files._local.protection import Protection, without_group

T, U = TableObject("t", format="csv"), TableObject("u", format="csv")
F, G = FileObject("f.txt"), FileObject("g.txt")
ROWS = [{"id": 1, "day": "mo"}, {"id": 2, "day": "tu"}]
MORE = [{"id": 2, "day": "we"}, {"id": 3, "day": "mo"}]

TABLE_CHANGES: dict[str, Callable[[LocalInterface], object]] = {
    "append": lambda s: s.write(MORE, T, mode="append", format="csv"),
    "overwrite": lambda s: s.write(MORE, T, mode="overwrite", format="csv"),
    "overwrite partitions": lambda s: s.write(MORE, T, mode="overwrite_partitions", format="csv"),
    "upsert": lambda s: s.upsert(MORE, T, keys="id", format="csv"),
    "delete rows": lambda s: s.delete(T, where="id = 1", format="csv"),
    "copy onto": lambda s: s.copy(U, T, mode="overwrite"),
    "move onto": lambda s: s.move(U, T, mode="overwrite"),
}
FILE_CHANGES: dict[str, Callable[[LocalInterface], object]] = {
    "append": lambda s: s.write_bytes(b"2", F, mode="append"),
    "overwrite": lambda s: s.write_bytes(b"2", F, mode="overwrite"),
    "copy onto": lambda s: s.copy(G, F, mode="overwrite"),
    "move onto": lambda s: s.move(G, F, mode="overwrite"),
}


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def filled(store: LocalInterface) -> LocalInterface:
    for table in (T, U):
        store.write(ROWS, table, format="csv", partition_by="day")
    for file in (F, G):
        store.write_bytes(b"1", file)
    return store


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(table: Path) -> tuple[set[int], set[int]]:
    """Those of the directories and of the files of a table."""
    below = [table, *table.rglob("*")]
    return {mode(path) for path in below if path.is_dir()}, {mode(path) for path in below if path.is_file()}


def set_modes(table: Path, folders: int, files: int) -> None:
    for path in (table, *table.rglob("*")):
        path.chmod(folders if path.is_dir() else files)


def test_what_is_new_follows_the_umask(filled: LocalInterface, root: Path) -> None:
    assert modes(root / "t") == ({0o755}, {0o644})
    assert mode(root / "f.txt") == 0o644
    os.umask(0o027)
    filled.write(ROWS, TableObject("deep/v"), format="csv", partition_by="day")
    filled.write_bytes(b"", FileObject("deep/f"))
    assert modes(root / "deep") == ({0o750}, {0o640})


@pytest.mark.parametrize("change", TABLE_CHANGES)
@pytest.mark.parametrize(("folders", "files"), [(0o700, 0o600), (0o2770, 0o660), (0o755, 0o600), (0o750, 0o440)])
def test_a_table_keeps_its_modes(
    filled: LocalInterface, root: Path, change: str, folders: int, files: int, publishing_way: str
) -> None:
    set_modes(root / "t", folders, files)
    TABLE_CHANGES[change](filled)
    found = modes(root / "t")
    if change == "move onto":  # what is moved is the source itself: it loses what the target didn't allow
        assert all(mode & ~folders == 0 for mode in {mode(root / "t")})
        assert all(mode & ~files == 0 for mode in found[1])
    else:
        assert found == ({folders}, {files})


@pytest.mark.parametrize("change", FILE_CHANGES)
@pytest.mark.parametrize("files", [0o600, 0o640, 0o664, 0o444])
def test_a_file_keeps_its_mode(filled: LocalInterface, root: Path, change: str, files: int) -> None:
    (root / "f.txt").chmod(files)
    FILE_CHANGES[change](filled)
    assert mode(root / "f.txt") == (files & 0o644 if change == "move onto" else files)


def test_a_new_file_allows_no_more_than_all_others(filled: LocalInterface, root: Path) -> None:
    first, *_ = sorted((root / "t").rglob("*.csv"))
    first.chmod(0o600)
    filled.write(MORE, T, mode="append", format="csv")
    new = {path for path in (root / "t").rglob("*") if path.is_file() and mode(path) == 0o600}
    assert len(new) == 4, "the one, two of two partitions, and the log"


def test_each_folder_of_a_table_keeps_its_own_mode(filled: LocalInterface, root: Path) -> None:
    (root / "t" / "day=mo").chmod(0o700)
    for change in ("append", "upsert", "delete rows"):
        TABLE_CHANGES[change](filled)
        assert mode(root / "t" / "day=mo") == 0o700
        assert mode(root / "t" / "day=tu") == mode(root / "t") == 0o755


def test_a_stream_keeps_the_mode(filled: LocalInterface, root: Path) -> None:
    set_modes(root / "t", 0o700, 0o600)
    filled.write(filled.read_stream(U, format="csv"), T, mode="overwrite", format="csv")
    assert modes(root / "t") == ({0o700}, {0o600})


def test_a_copy_is_as_private_as_the_original(filled: LocalInterface, root: Path) -> None:
    set_modes(root / "t", 0o700, 0o600)
    (root / "f.txt").chmod(0o600)
    filled.copy(T, TableObject("copied"))
    filled.copy(F, FileObject("copied.txt"))
    assert mode(root / "copied") == 0o700
    assert modes(root / "copied")[1] - {0o600} <= {0o644}, "only the log is new"
    assert mode(root / "copied.txt") == 0o600


def test_the_own_folder_is_for_those_who_may_write(filled: LocalInterface, root: Path) -> None:
    own = (root / ".dao", root / ".dao" / "staging", root / ".dao" / "locks")
    for wanted, given in ((0o700, 0o755), (0o2770, 0o2775), (0o700, 0o700), (0o1777, 0o1777)):
        root.chmod(given)
        filled.write_bytes(b"2", F, mode="overwrite")
        assert {mode(path) for path in own} == {wanted}


def test_nobody_else_can_read_what_is_prepared(
    filled: LocalInterface, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as there is anything in it, and until the last moment."""
    set_modes(root / "t", 0o700, 0o600)
    (root / "f.txt").chmod(0o600)
    with filled.storage.change("t", tree=True) as change, change.create("x.csv") as file:
        file.write(b"secret")
        assert {mode(path) for path in (root / ".dao" / "staging").iterdir()} == {0o700}
    with filled.storage.change("f.txt", tree=False) as change, change.create("") as file:
        file.write(b"secret")
        assert {mode(path) for path in (root / ".dao" / "staging").iterdir()} == {0o600}
    published: list[int] = []
    real = publishing.OwnPlace.replace

    def replace(own: publishing.OwnPlace, key: str, new: str) -> str:
        published.append(mode(root / new))
        return real(own, key, new)

    monkeypatch.setattr(publishing.OwnPlace, "replace", replace)
    filled.write(MORE, T, mode="append", format="csv")
    filled.write_bytes(b"2", F, mode="overwrite")
    assert published == [0o700, 0o600]


def test_below_a_setgid_directory(filled: LocalInterface, root: Path) -> None:
    (root / "shared").mkdir()
    (root / "shared").chmod(0o2775)
    if os.geteuid() == 0:
        os.chown(root / "shared", -1, 4321)
        (root / "shared").chmod(0o2775)
    group = (root / "shared").stat().st_gid
    filled.write(ROWS, TableObject("shared/t"), format="csv", partition_by="day")
    filled.write_bytes(b"", FileObject("shared/f"))
    assert {path.stat().st_gid for path in (root / "shared").rglob("*")} == {group}
    assert modes(root / "shared")[0] == {0o2775, 0o2755}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_and_group_are_kept(filled: LocalInterface, root: Path) -> None:
    for path in (root / "t", *(root / "t").rglob("*"), root / "f.txt"):
        os.chown(path, 1234, 4321)
        path.chmod(0o750 if path.is_dir() else 0o640)
    for change in ("append", "upsert", "overwrite"):
        TABLE_CHANGES[change](filled)
        found = {(path.stat().st_uid, path.stat().st_gid) for path in (root / "t", *(root / "t").rglob("*"))}
        assert found == {(1234, 4321)}
    for change in ("append", "overwrite", "copy onto"):
        FILE_CHANGES[change](filled)
        assert ((root / "f.txt").stat().st_uid, (root / "f.txt").stat().st_gid) == (1234, 4321)
    assert modes(root / "t") == ({0o750}, {0o640})


def test_where_the_group_can_t_be_kept_it_gains_nothing(
    filled: LocalInterface, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (root / "f.txt").chmod(0o664)
    monkeypatch.setattr("dao_files._local.protection.os.fchown", refuse)
    like = Protection(0o664, uid=os.geteuid() + 1, gid=os.getegid() + 1)
    with (root / "f.txt").open() as file:
        like.give(file.fileno())
    assert mode(root / "f.txt") == 0o644
    assert [without_group(bits) for bits in (0o640, 0o664, 0o2775, 0o777, 0o060)] == [0o600, 0o644, 0o755, 0o777, 0]


def test_a_write_protected_table_can_be_replaced_and_swept(filled: LocalInterface, root: Path) -> None:
    set_modes(root / "t", 0o555, 0o444)
    filled.write(MORE, T, mode="overwrite", format="csv")
    assert mode(root / "t") == 0o555
    assert list((root / ".dao" / "staging").iterdir()) == []
    set_modes(root / "t", 0o755, 0o644)


def test_an_access_control_list_gives_no_group_rights(filled: LocalInterface, root: Path) -> None:
    """The list is not kept, so the group's bits, which are its mask, are no rights of the group."""
    entries = ((1, 6, -1), (2, 4, 1234), (4, 0, -1), (0x10, 4, -1), (0x20, 0, -1))  # user:1234:r, group::-, mask::r
    packed = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + bits.to_bytes(2, "little") + (who & 0xFFFFFFFF).to_bytes(4, "little")
        for tag, bits, who in entries
    )
    try:
        os.setxattr(root / "f.txt", "system.posix_acl_access", packed)
    except (AttributeError, OSError):
        pytest.skip("this filesystem has no access control lists")
    assert mode(root / "f.txt") == 0o640
    filled.write_bytes(b"2", F, mode="overwrite")
    assert mode(root / "f.txt") == 0o600
