"""Nothing of Arrow's that holds a Python object outlives the call that used it; see dao_files.formats._near."""

from __future__ import annotations

import gc
import io
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from dao import DataAccessObject
from dao.errors import DaoError
from dao.tables import Selection
from dao_files.formats import close_reader, get_format
from dao_files.formats._near import copy_batch, is_near

BINARY = ("parquet", "arrow", "arrow_stream", "orc", "avro")
TABLE = pa.table({"number": [1, 2, None, 4], "text": ["a", None, "c", "d"]})


class Bytes(bytearray):
    """Bytes of Python's of which a test can see whether they are still held."""


class Spied(io.BytesIO):
    def __init__(self, content: bytes, given: list[weakref.ref[Bytes]]) -> None:
        super().__init__(content)
        self._given = given

    def read(self, size: int | None = -1, /) -> Any:
        found = Bytes(super().read(size))
        self._given.append(weakref.ref(found))
        return found


class Far(fs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """Files of Python's."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.given: list[weakref.ref[Bytes]] = []
        self.files: list[weakref.ref[Spied]] = []

    def open_input_file(self, path: str) -> pa.NativeFile:
        file = Spied(self.content, self.given)
        self.files.append(weakref.ref(file))
        return pa.PythonFile(file, mode="r")

    open_input_stream = open_input_file

    def held(self) -> int:
        """Files and bytes of Python's that somebody holds."""
        assert self.given, "nothing was read"
        return sum(one() is not None for one in (*self.given, *self.files))

    def get_type_name(self) -> str:
        return "far"

    def get_file_info(self, paths: list[str]) -> list[fs.FileInfo]:
        return [fs.FileInfo(path, fs.FileType.File, size=len(self.content)) for path in paths]

    def _unused(self, *arguments: object) -> Any:
        raise NotImplementedError

    get_file_info_selector = create_dir = delete_dir = delete_dir_contents = normalize_path = _unused
    delete_root_dir_contents = delete_file = move = copy_file = open_output_stream = open_append_stream = _unused


def content_of(name: str) -> bytes:
    sink = io.BytesIO()
    with get_format(name).writer(sink, TABLE.schema) as writer:
        for start in (0, 2):
            writer.write(TABLE.slice(start, 2).to_batches()[0])
            writer.flush()
    return sink.getvalue()


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("where", [None, "number > 1"])
def test_what_was_read_from_afar_holds_nothing_of_pythons(name: str, where: str | None) -> None:
    far = Far(content_of(name))
    form = get_format(name)
    table = form.read_table(["x"], fs.PyFileSystem(far), selection=Selection(where=where))
    assert table.num_rows == (4 if where is None else 2)
    assert far.held() == 0
    reader = form.scan(["x"], fs.PyFileSystem(far), selection=Selection(where=where, batch_size=1))
    batch = reader.read_next_batch()
    close_reader(reader)
    assert batch.num_rows == 1
    assert far.held() == 0, "a stream that was given up, one batch of it kept"


@pytest.mark.parametrize("name", ["parquet", "arrow", "orc"])
def test_what_failed_holds_nothing_of_pythons(name: str) -> None:
    content = content_of(name)
    middle = len(content) // 2
    far = Far(content[: middle - 40] + bytes(80) + content[middle + 40 :])
    with suppress(DaoError):
        get_format(name).read_table(["x"], fs.PyFileSystem(far))
    gc.collect()  # an error's traceback is a circle
    assert far.held() == 0


def test_a_copy_is_the_same_rows() -> None:
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16)))
    nested = pa.StructArray.from_arrays([uuids, pa.array(["a", "b"]).dictionary_encode()], ["id", "kind"])
    for array in (uuids, nested, pa.array(["view", None], pa.string_view())):
        batch = pa.record_batch([pa.concat_arrays([array, array])], ["x"]).slice(1, 2)
        assert copy_batch(batch).equals(batch)


@pytest.mark.parametrize("interface", ["local", "memory"])
def test_files_of_a_local_store_are_read_by_arrow(
    interface: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"options": {"root": str(tmp_path)}} if interface == "local" else {}
    file = {"type": "file", "key": "x.parquet"}
    dao = DataAccessObject({"s": {"interface": interface, **options, "objects": {"x": file}}})
    dao.write(content_of("parquet"), "s.x")  # as bytes of Python's
    storage = dao._store("s").interface.storage
    filesystem = storage.snapshot("x.parquet").filesystem()
    assert is_near(filesystem)
    opened = filesystem.handler.open_input_file("x.parquet")
    assert isinstance(opened, pa.OSFile if interface == "local" else pa.BufferReader)
    monkeypatch.setattr(pa, "PythonFile", None)
    for _ in range(2):
        assert dao.read("s.x").equals(TABLE)
        assert dao.read_stream("s.x").read_all().equals(TABLE)


def test_a_memory_store_holds_what_arrow_reads_in_memory_of_arrows() -> None:
    file = {"type": "file", "key": "x.parquet"}
    dao = DataAccessObject({"s": {"interface": "memory", "objects": {"x": file}}})
    content = content_of("parquet")
    dao.write(content, "s.x")
    for made in (lambda storage: storage, lambda storage: pickle.loads(pickle.dumps(storage, protocol=5))):
        storage = made(dao._store("s").interface.storage)
        kept = storage.contents["x.parquet"].data
        read = storage.snapshot("x.parquet").filesystem().open_input_file("x.parquet").read_buffer()
        assert read.to_pybytes() == content
        assert read.address != pa.py_buffer(kept).address
        assert storage.contents["x.parquet"].data.address == read.address, "copied once"
        assert storage.snapshot("x.parquet").open("x.parquet").read() == content


# Arrow starts its threads when they are first used, and never ends them: where there are none, none got anything.
_ALONE = """
import os, sys, time
sys.path[:0] = sys.argv[1:]
import numpy as np, pyarrow as pa
from dao import DataAccessObject
from dao.arrow import filter_table
from dao.tables import Selection
from test_near import BINARY, Far, content_of, fs, get_format

def threads():
    return sum(not name_of(one).startswith("jemalloc") for one in os.listdir("/proc/self/task"))

def name_of(thread):
    try:
        return open(f"/proc/self/task/{thread}/comm").read()
    except OSError:
        return "jemalloc, or gone meanwhile"

before = threads()

def check(what):
    for _ in range(10_000):  # threads that were joined take a moment to be gone
        if threads() == before:
            return
        time.sleep(0.001)
    assert threads() == before, f"{threads()} threads after {what}, {before} before"

for name in BINARY:
    filesystem = fs.PyFileSystem(Far(content_of(name)))
    get_format(name).read_table(["x"], filesystem, selection=Selection(where="number > 1"))
    check(name)
    for batch in get_format(name).scan(["x"], filesystem, selection=Selection(batch_size=1)):
        break
    del batch
    check(f"a stream of {name} that was given up")
numbers = pa.table({"a": np.arange(100_000), "b": np.arange(100_000)})
assert filter_table(numbers, "a > 5 AND b < 10").num_rows == 4
check("a filter")
dao = DataAccessObject({"m": {"interface": "memory", "objects": {"t": {"type": "table", "format": "parquet"}}}})
dao.write(numbers, "m.t")
dao.upsert(numbers.slice(50_000), "m.t", keys=["a", "b"])
dao.delete("m.t", where="a < 10")
assert dao.read("m.t", where="b < 20").num_rows == 10
check("an upsert")
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux tells a process of its threads so")
def test_no_thread_of_arrows_works_on_what_may_be_pythons() -> None:
    done = subprocess.run([sys.executable, "-c", _ALONE, str(Path(__file__).parent)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("alone", [True, False])
def test_shares_of_columns_are_put_together_again(alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dao_files.formats import _parquet_group as parquet_group

    monkeypatch.setattr(parquet_group, "_LARGE", 0 if alone else 1 << 60)
    names = [f"c{place}" for place in range(7)]
    table = pa.table({name: pa.array([place, None, 5]) for place, name in enumerate(names)})
    pq.write_table(table, tmp_path / "x.parquet")
    read: Callable[..., pa.Table] = get_format("parquet").read_table
    for columns in (None, names[::-1], ["c3"], ["c5", "c1"]):
        found = read([str(tmp_path / "x.parquet")], fs.LocalFileSystem(), selection=Selection(columns))
        assert found.equals(table if columns is None else table.select(columns))
        found = read([str(tmp_path / "x.parquet")], fs.LocalFileSystem(), selection=Selection(columns, "c2 = 5"))
        assert found.equals((table if columns is None else table.select(columns)).slice(2))
