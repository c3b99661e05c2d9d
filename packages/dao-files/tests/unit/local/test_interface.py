from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore
from dao.data_object import DirectoryObject, FileObject, TableObject
from dao.errors import ConfigError, DataError, NotFoundError, PermissionDeniedError, StoreError
from dao_files import LocalInterface, MemoryInterface
from dao_files._storage.faults import translate

T = TableObject("t", format="parquet")
ROWS = pa.table({"n": [1, 2]})


def test_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert LocalInterface("~/data").root == str(tmp_path / "data")
    assert LocalInterface("data").root == LocalInterface(tmp_path / "data").root == str(tmp_path / "data")
    for wrong in ("", None, 3, b"x", "a\0b"):
        with pytest.raises(ConfigError, match="root"):
            LocalInterface(wrong)
    for timeout in (-1, "x", True):
        with pytest.raises(ConfigError, match="lock_timeout"):
            LocalInterface("x", lock_timeout=timeout)


def test_the_root_is_made_when_it_is_first_written_to(tmp_path: Path) -> None:
    store = LocalInterface(tmp_path / "deep" / "root")
    assert not store.exists(T)
    with pytest.raises(NotFoundError):
        store.read(T)
    assert not (tmp_path / "deep").exists()
    store.write(ROWS, T, format="parquet")
    assert store.read(T).equals(ROWS)


def test_the_root_is_not_made_if_that_is_not_wanted(tmp_path: Path) -> None:
    store = LocalInterface(tmp_path / "root", create=False)
    for call in (lambda: store.read(T), lambda: store.write(ROWS, T, format="parquet"), lambda: store.delete(T)):
        with pytest.raises(NotFoundError, match="create=False"):
            call()
    (tmp_path / "root").mkdir()
    store.write(ROWS, T, format="parquet")


def test_pickles(tmp_path: Path) -> None:
    local = pickle.loads(pickle.dumps(LocalInterface(tmp_path, lock_timeout=3)))
    local.write(ROWS, T, format="parquet")
    assert pickle.loads(pickle.dumps(local)).read(T).equals(ROWS)
    memory = MemoryInterface()
    memory.write(ROWS, T, format="parquet")
    memory.write_bytes(b"x", FileObject("f"))
    twin = pickle.loads(pickle.dumps(memory))
    twin.delete(FileObject("f"))
    assert twin.read(T).equals(ROWS)
    assert memory.exists(FileObject("f"))


def test_a_pickled_store_in_memory_takes_its_contents_along() -> None:
    store = DataStore("tmp", "memory")
    store.interface.write(ROWS, T, format="parquet")
    assert pickle.loads(pickle.dumps(store)).interface.read(T).equals(ROWS)


def test_memory_is_shared_not_copied() -> None:
    memory = MemoryInterface()
    content = bytes(1000)
    memory.write_bytes(content, FileObject("a"))
    memory.copy(FileObject("a"), FileObject("b"))
    contents = memory.storage.contents
    assert contents["a"].data is contents["b"].data
    memory.write(ROWS, T, format="arrow", compression=None)
    (file,) = memory.list(T)
    buffer = contents_buffer = memory.storage.contents[file.key].data
    found = memory.read(T).column("n").chunk(0).buffers()[1]
    assert contents_buffer.address <= found.address < buffer.address + buffer.size


def test_names(tmp_path: Path) -> None:
    store = LocalInterface(tmp_path)
    for name in ("ä", "a\u0308", "日本", "a b", "x=y", "%41", "🦆", "a\nb"):
        store.write_bytes(name.encode(), FileObject(f"d/{name}"))
    for name in ("ä", "a\u0308", "日本", "a b", "x=y", "%41", "🦆", "a\nb"):
        assert store.read_bytes(FileObject(f"d/{name}"), into="bytes") == name.encode()
    for long in ("x" * 256, "ü" * 128, "/".join(["d" * 200] * 30)):
        with pytest.raises((DataError, OSError)) as caught:
            store.write_bytes(b"", FileObject(long))
        told = translate(caught.value, store.storage) or caught.value
        assert isinstance(told, DataError)
        assert "too long" in str(told) or "more than 255" in str(told)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    dao = DataAccessObject({"s": {"interface": "local", "options": {"root": str(tmp_path)}}})
    with pytest.raises(PermissionDeniedError):
        dao.write(b"x", FileObject("x", dao.catalog.stores["s"]))


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("below", ["", "/sub"])
def test_a_root_that_is_no_folder(tmp_path: Path, below: str, create: bool) -> None:
    (tmp_path / "file").write_text("x")
    store = LocalInterface(f"{tmp_path}/file{below}", create=create)
    for call in (
        lambda: store.write(ROWS, T, format="parquet"),
        lambda: store.write_bytes(b"x", FileObject("x")),
        lambda: store.read(T),
        lambda: store.exists(T),
        lambda: list(store.list(DirectoryObject("d"))),
        lambda: list(store.list(DirectoryObject("all", key=""))),
        lambda: store.delete(T),
        lambda: store.move(T, TableObject("u")),
    ):
        with pytest.raises(StoreError, match=f"file{below}' is not a folder"):
            call()
    assert (tmp_path / "file").read_text() == "x"


NOBODY = """
import os, resource, sys
from dao import DataAccessObject
from dao.errors import PermissionDeniedError, TransientError
root = sys.argv[1]
def made(root):
    options = {"interface": "local", "options": {"root": root}, "objects": {"f": {"type": "file"}}}
    return DataAccessObject({"l": options})
def refused(call, kind, place):
    try:
        call()
    except kind as error:
        assert place in str(error), error
    else:
        raise AssertionError("nothing was raised")
dao = made(root + "/open")
dao.write(b"x", "l.f")
os.chmod(root + "/open/f", 0)
os.mkdir(root + "/closed", 0)
os.mkdir(root + "/fixed", 0o555)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for call in (lambda: dao.read("l.f", into="bytes"), lambda: dao.write(b"y", "l.f", mode="overwrite")):
    refused(call, TransientError, "ulimit -n")
for file in held:
    os.close(file)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
refused(lambda: dao.read("l.f", into="bytes"), PermissionDeniedError, "/open/f'")
refused(lambda: made(root + "/fixed").write(b"x", "l.f"), PermissionDeniedError, "/fixed/.dao'")
for call in (
    lambda dao: dao.write(b"x", "l.f"),
    lambda dao: dao.read("l.f", into="bytes"),
    lambda dao: dao.exists("l.f"),
    lambda dao: list(dao.list("l.f")),
    lambda dao: dao.delete("l.f"),
):
    refused(lambda: call(made(root + "/closed")), PermissionDeniedError, "/closed")
"""


def test_a_process_without_rights_or_descriptors(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):  # pytest's own are for root alone
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)
    subprocess.run([sys.executable, "-c", NOBODY, str(tmp_path)], check=True, timeout=240)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(28, "No space left on device"), StoreError),
        (PermissionError(13, "Permission denied"), PermissionDeniedError),
        (NotADirectoryError(20, "Not a directory"), DataError),
        (OSError(36, "File name too long"), DataError),
        (OSError(30, "Read-only file system"), PermissionDeniedError),
        (OSError("without a number"), StoreError),
        (pa.ArrowInvalid("no"), DataError),
        (pa.ArrowNotImplementedError("no"), NotImplementedError),
        (pa.ArrowException("no"), StoreError),
        (MemoryError(), StoreError),
    ],
)
def test_errors_are_translated(store: LocalInterface, error: Exception, kind: type[Exception]) -> None:
    assert isinstance(store.translate_error(error), kind)


def test_bugs_are_not(store: LocalInterface) -> None:
    assert store.translate_error(ZeroDivisionError()) is None


def test_bytes_need_no_arrow(tmp_path: Path) -> None:
    program = f"""
import sys
class Refuse:
    def find_spec(self, name, *_):
        if name.split(".")[0] in ("pyarrow", "sqlglot", "numpy", "pandas"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
from dao_files import LocalInterface, MemoryInterface
from dao.data_object import FileObject, DirectoryObject
from dao.file_set import FileSet, SourceFile
import io
for store in (LocalInterface({str(tmp_path)!r}), MemoryInterface()):
    store.write(b"x", FileObject("a"))
    store.write(io.BytesIO(b"y"), FileObject("a"), mode="append")
    assert store.read_bytes(FileObject("a"), into="bytes") == b"xy"
    assert store.read_stream_bytes(FileObject("a"), into="bytes").read() == b"xy"
    store.write_files(FileSet([SourceFile("b", lambda: io.BytesIO(b"z"))]), DirectoryObject("d"))
    store.copy(DirectoryObject("d"), DirectoryObject("e"))
    store.move(FileObject("a"), FileObject("c"))
    assert [i.key for i in store.list(DirectoryObject("x", key=""))] == ["c", "d/b", "e/b"]
    assert store.history(DirectoryObject("d"))[0].version == 1
    assert store.exists(FileObject("c"))
    store.delete(FileObject("c"))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_class_is_looked_at_without_arrow() -> None:
    program = "import sys, dao_files._local.interface, dao_files._plugin; assert 'pyarrow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
