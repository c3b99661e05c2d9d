"""Work that is done once: files opened, the log read, options made, threads started, functions called."""

from __future__ import annotations

import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao_files._actions import log as log_module
from dao_files._actions import options as options_module
from dao_files._local.snapshot import FolderSnapshot
from dao_files.formats._near import is_near
from dao_files.formats._parquet_options import ParquetOptions
from dao_files.formats._parquet_source import open_source

ROWS = 1_000
COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>")
CHANGED = pa.table({"id": [3, 5_000], "carrier": ["z", "z"], "dep_delay": [1.0, 2.0]})


def flights(rows: int = ROWS, padding: int = 0) -> pa.Table:
    random = Random(7)
    carriers = [random.randbytes(padding).hex() if padding else "ab"[number % 2] for number in range(rows)]
    return pa.table({"id": range(rows), "carrier": carriers, "dep_delay": [float(n % 40) for n in range(rows)]})


class Place:
    """A table in a folder."""

    def __init__(self, root: Path) -> None:
        store = DataStore("lake", "local", options={"root": str(root)})
        self.dao = DataAccessObject(registry=DataStoreRegistry([store]))
        self.table = TableObject("flights", store, format="parquet")
        self.write(flights())

    def write(self, rows: pa.Table) -> None:
        self.dao.write(rows, self.table, mode="overwrite")

    def read(self) -> pa.Table:
        return self.dao.read(self.table, columns=["carrier"], where="dep_delay > 15")

    def upsert(self) -> Any:
        return self.dao.upsert(CHANGED, self.table, keys="id")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def calls() -> Iterator[Counter[str]]:
    """Counts the calls of functions that are written in dao's packages by module, in all threads."""
    found: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_globals.get("__name__", "")
        # attrs generates the others; from Python 3.12 on a comprehension is no call
        is_function = not frame.f_code.co_filename.startswith("<") and frame.f_code.co_name not in COMPREHENSIONS
        if event == "call" and is_function and name.partition(".")[0] in ("dao", "dao_files"):
            found[name] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # typeshed lacks None


@contextmanager
def opens(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Counts how often each file is opened to be read."""
    found: Counter[str] = Counter()
    descriptor = FolderSnapshot.descriptor

    def counted(self: FolderSnapshot, key: str) -> int:
        found[key] += 1
        return descriptor(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(FolderSnapshot, "descriptor", counted)
        yield found


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    started: list[str] = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: (started.append(self.name), start(self))[1])
    return started


def test_a_small_read_calls_few_functions(place: Place) -> None:
    place.read()
    with calls() as found:
        assert place.read().num_rows == 600
    assert sum(found.values()) <= 435, found.most_common(12)


def test_a_small_upsert_calls_few_functions(place: Place) -> None:
    place.upsert()
    place.write(flights())
    with calls() as found:
        assert place.upsert().rows_updated == 1
    assert sum(found.values()) <= 1_090, found.most_common(12)


@pytest.mark.parametrize("padding", [0, 300], ids=["small", "large"])
@pytest.mark.parametrize("action", [Place.read, Place.upsert])
def test_every_file_and_the_log_are_opened_once(
    action: Callable[[Place], Any], padding: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(flights(ROWS, padding))
    with opens(monkeypatch) as found:
        action(place)
    assert sorted(found.values()) == [1, 1], found


@pytest.mark.parametrize("where", [None, "dep_delay > 15"])
def test_one_small_file_is_opened_by_one_reader(
    where: str | None, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[object] = []
    open_reader = pq.ParquetFile.__init__

    def counted(self: pq.ParquetFile, *given: Any, **options: Any) -> None:
        readers.append(self)
        open_reader(self, *given, **options)

    monkeypatch.setattr(pq.ParquetFile, "__init__", counted)
    assert place.dao.read(place.table, where=where).num_rows == (ROWS if where is None else 600)
    assert len(readers) == 1


@pytest.mark.parametrize("action", [Place.read, Place.upsert, lambda place: place.dao.read(place.table)])
def test_one_small_file_starts_no_thread(action: Callable[[Place], Any], place: Place, threads: list[str]) -> None:
    action(place)
    assert threads == []


def test_options_are_made_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    build = options_module._build_options
    monkeypatch.setattr(options_module, "_build_options", lambda *given: (made.append(given[2]), build(*given))[1])
    place.read()
    place.table.get("format")
    first = len(made)
    place.read()
    assert len(made) == first <= 1, "the object is the same"
    assert place.dao.read(place.table, checksums=True).num_rows == ROWS
    assert made[first:] == [{"checksums": True}], "a call's own are made once"
    other = place.table.replace(checksums=True)
    assert place.dao.read(other).num_rows == ROWS
    assert len(made) == first + 2, "another object has its own"


def test_options_of_objects_that_are_gone_are_forgotten(place: Place) -> None:
    before = len(options_module._options_cache)
    place.dao.read(place.table.replace(checksums=True))
    assert len(options_module._options_cache) <= before + 1


def test_a_read_looks_at_the_newest_line_of_the_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        place.dao.write(CHANGED, place.table, mode="append")
    parsed: list[str] = []
    parse = log_module.parse_object
    monkeypatch.setattr(log_module, "parse_object", lambda line: (parsed.append(line), parse(line))[1])
    place.read()
    assert len(parsed) == 1
    assert len(place.dao.history(place.table)) == 4 + 0 * len(parsed)


@pytest.mark.parametrize("interface", ["local", "memory"])
def test_files_of_local_and_memory_stores_are_read_by_arrow(interface: str, tmp_path: Path) -> None:
    options = {"root": str(tmp_path)} if interface == "local" else {}
    store = DataStore("near", interface, options=options)
    dao = DataAccessObject(registry=DataStoreRegistry([store]))
    table = TableObject("t", store, format="parquet")
    dao.write(flights(ROWS, 300), table)
    snapshot = store.built(0).storage.snapshot("t")
    filesystem = snapshot.filesystem()
    assert is_near(filesystem)
    (key,) = [info.key for info in snapshot.files if info.key.endswith(".parquet")]
    source = open_source(key, filesystem, ParquetOptions())
    assert source.near
    assert source.footer.stays_open
    with source.opened() as parquet:
        assert parquet.read().num_rows == ROWS


def test_an_object_that_outlives_the_module_is_forgotten_without_a_word(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    other = place.table.replace(checksums=True)
    place.dao.read(other)
    monkeypatch.setattr(options_module, "_options_cache", None)  # as at the interpreter's end
    del other
    gc.collect()
    assert lost == []
