from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import DataError, PermissionDeniedError
from dao.file_set import FileSet, SourceFile
from dao_files import FilesInterface, LocalInterface
from dao_files._storage.keys import is_hidden
from dao_files.storage import check_key

BAD = [
    "",
    "/etc/passwd",
    "..",
    "a/../../b",
    "a/..",
    "./a",
    "a/%2e%2E/b",
    "a//b",
    "a/",
    "a\\b",
    "a\0b",
    ".dao",
    ".dao/staging/x",
    "a/.dao/x",
    ".DAO/locks",
    "\ud800",
]


@pytest.mark.parametrize("key", BAD)
def test_keys_that_leave_the_root_or_enter_its_own_folder_are_refused(key: str) -> None:
    with pytest.raises(DataError):
        check_key(key)


def test_a_single_dot_is_said_to_be_left_out() -> None:
    with pytest.raises(DataError, match=r"'\.' names no file or folder: leave it out"):
        check_key("./a")


@pytest.mark.parametrize("key", ["a", "a/b.csv", "a/..b/c", "ä/日本/x", "a b/c=d%2Fe", ".hidden/x", "_x"])
def test_other_keys_stay_exactly_as_they_are(key: str) -> None:
    assert check_key(key) == key


@given(st.text(alphabet=st.sampled_from("a./\\%2eE\0~")))
def test_no_accepted_key_resolves_outside_the_root(key: str) -> None:
    try:
        check_key(key)
    except DataError:
        return
    assert os.path.normpath(f"/root/{key}") == f"/root/{key}"


@pytest.mark.parametrize("key", [key for key in BAD if key])
def test_every_route_refuses_them_before_it_touches_the_store(store: FilesInterface, key: str) -> None:
    bad, good = DataObject("x", key=key), FileObject("good.bin")
    calls = [
        lambda: store.read(bad, format="csv"),
        lambda: store.read_bytes(good, into="bytes", path=key),
        lambda: store.write_bytes(b"x", bad),
        lambda: store.write_bytes(b"x", good, path=key),
        lambda: store.write([{"a": 1}], TableObject("t", key=key), format="parquet"),
        lambda: store.upsert([{"a": 1}], TableObject("t", key=key), keys="a", format="parquet"),
        lambda: store.delete(bad),
        lambda: store.copy(good, bad),
        lambda: store.move(good, bad),
        lambda: store.exists(bad),
        lambda: store.list(bad),
    ]
    for call in calls:
        with pytest.raises(DataError):
            call()
    if isinstance(store, LocalInterface):
        assert not os.path.exists(store.root)


@pytest.mark.parametrize("key", ["t/_dao_log.jsonl", "t/_DAO_LOG.JSONL", "t/_dao_log.jsonl/below", "_dao_log.jsonl"])
def test_the_log_of_a_table_is_read_but_not_changed(store: FilesInterface, key: str) -> None:
    table, file, log = TableObject("t"), FileObject("f.bin"), FileObject("log", key=key)
    store.write([{"id": 1}], table, format="csv")
    store.write_bytes(b"x", file)
    calls = [
        lambda: store.write_bytes(b"x", file, path=key, mode="overwrite"),
        lambda: store.write([{"id": 2}], log, format="csv", mode="overwrite"),
        lambda: store.delete(file, path=key),
        lambda: store.copy(file, log, mode="overwrite"),
        lambda: store.move(log, FileObject("g.bin")),
        lambda: store.write_files(FileSet([SourceFile(key, lambda: io.BytesIO(b"x"), 1)]), DirectoryObject("d")),
    ]
    for call in calls:
        with pytest.raises(DataError, match=f"{re.escape(repr(key))} can't be changed: .* is the log of a table"):
            call()
    assert b'"version"' in store.read_bytes(file, into="bytes", path="t/_dao_log.jsonl")
    assert store.read(table).to_pylist() == [{"id": 1}]


def test_a_path_is_a_place_in_the_store_or_its_uri(store: FilesInterface) -> None:
    users = DataObject("users", format="csv")
    store.write_bytes(b"a\n1\n", users, path="users/2025/ü b.csv")
    uri = f"{store.storage.uri}/users/2025/%C3%BC%20b.csv"
    assert store.read_bytes(users, into="bytes", path=uri) == b"a\n1\n"
    assert store.read(users, path="users/2025/ü b.csv", format="csv").to_pylist() == [{"a": 1}]


@pytest.mark.parametrize("path", ["file:///etc/passwd", "s3://bucket/x", "https://x/y", "memory2://x", "file://host/x"])
def test_a_path_of_another_store_is_refused(store: FilesInterface, path: str) -> None:
    with pytest.raises(DataError, match="not in this store"):
        store.write_bytes(b"x", FileObject("x"), path=path)


def test_a_uri_that_climbs_out_is_refused(store: FilesInterface) -> None:
    for climb in ("..", "%2e%2e", "a/%2E./.."):
        with pytest.raises(DataError):
            store.write_bytes(b"x", FileObject("x"), path=f"{store.storage.uri}/{climb}/x")


def test_hidden_names() -> None:
    assert [path for path in ("a/b", "_a/b", ".a", "a/_b", "_d=1/x", "a/.b/c") if is_hidden(path)] == [
        "_a/b",
        ".a",
        "a/_b",
        "a/.b/c",
    ]


class TestLinks:
    """Symbolic links are followed inside the root and nowhere else."""

    @pytest.fixture
    def local(self, tmp_path: Path) -> LocalInterface:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret.csv").write_text("a\n1\n")
        root = tmp_path / "root"
        (root / "t").mkdir(parents=True)
        return LocalInterface(root)

    def test_out_of_the_root(self, local: LocalInterface, tmp_path: Path) -> None:
        (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
        (tmp_path / "root" / "t" / "x.csv").symlink_to(tmp_path / "outside" / "secret.csv")
        secret = DataObject("s", key="link/secret.csv", format="csv")
        for call in (
            lambda: local.read(secret),
            lambda: local.read_bytes(secret, into="bytes"),
            lambda: local.write_bytes(b"x", secret, mode="overwrite"),
            lambda: local.write_bytes(b"x", DataObject("s", key="link/new.csv")),
            lambda: local.delete(secret),
            lambda: local.read(TableObject("t"), format="csv"),
            lambda: local.write([{"a": 1}], TableObject("t"), format="csv", mode="append"),
        ):
            with pytest.raises(PermissionDeniedError):
                call()
        assert (tmp_path / "outside" / "secret.csv").read_text() == "a\n1\n"

    def test_out_of_the_root_is_not_listed(self, local: LocalInterface, tmp_path: Path) -> None:
        (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
        (tmp_path / "root" / "t" / "a.csv").symlink_to(tmp_path / "outside" / "secret.csv")
        assert not local.exists(TableObject("t")), "there is nothing that can be read"
        local.write_bytes(b"a\n2\n", FileObject("t/b.csv"))
        assert [info.key for info in local.list(DirectoryObject("all", key=""))] == ["t/b.csv"]
        assert [info.key for info in local.list(TableObject("t"))] == ["t/b.csv"]
        with pytest.raises(PermissionDeniedError):
            local.read(TableObject("t"), format="csv")

    def test_into_the_own_folder(self, local: LocalInterface, tmp_path: Path) -> None:
        local.write_bytes(b"x", FileObject("x"))
        (tmp_path / "root" / "own").symlink_to(tmp_path / "root" / ".dao")
        with pytest.raises(PermissionDeniedError):
            local.write_bytes(b"x", DataObject("s", key="own/staging/x"))

    def test_inside_the_root(self, local: LocalInterface, tmp_path: Path) -> None:
        (tmp_path / "root" / "real").mkdir()
        (tmp_path / "root" / "real" / "a.csv").write_text("a\n1\n")
        (tmp_path / "root" / "alias").symlink_to(tmp_path / "root" / "real")
        (tmp_path / "root" / "t" / "b.csv").symlink_to(tmp_path / "root" / "real" / "a.csv")
        assert local.read(TableObject("t"), format="csv").to_pylist() == [{"a": 1}]
        local.write([{"a": 2}], TableObject("alias"), format="csv", mode="append")
        assert local.read(TableObject("real"), format="csv").to_pylist() == [{"a": 1}, {"a": 2}]
        assert (tmp_path / "root" / "alias").is_symlink()

    def test_round_in_a_circle(self, local: LocalInterface, tmp_path: Path) -> None:
        (tmp_path / "root" / "t" / "again").symlink_to(tmp_path / "root" / "t")
        with pytest.raises(Exception, match="symbolic link"):
            local.read(TableObject("t"), format="csv")
