"""Parquet behind a network: which requests are made for it, how many at a time, and what comes of their errors."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from dao.errors import ConflictError, DaoError, StoreError
from dao.memory import Budget
from dao.tables import Selection
from dao_files.formats import _parquet_source as parquet_source
from dao_files.formats import close_reader, get_format

PARQUET = get_format("parquet")
ROWS, GROUP = 40_000, 10_000


class Request(io.BytesIO):
    """A file of which every read is a request."""

    def __init__(self, far: Far, path: str) -> None:
        super().__init__(Path(path).read_bytes())
        self._far = far
        self._path = path

    def read(self, size: int | None = -1, /) -> bytes:
        start = self.tell()
        self._far.asked(self._path, start, size or 0)
        return super().read(size)


class Far(fs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """Local files as from afar: Arrow reads them through Python."""

    def __init__(self, *, remembering: bool = True) -> None:
        self.requests: list[tuple[str, int, int]] = []
        self.failing_from: int | None = None
        self._lock = threading.Lock()
        if remembering:
            self.remembered: dict[Any, Any] = {}

    def asked(self, path: str, start: int, size: int) -> None:
        with self._lock:
            self.requests.append((path, start, size))
            if self.failing_from is not None and len(self.requests) > self.failing_from:
                raise ConflictError("it is another one now")

    def open_input_file(self, path: str) -> pa.NativeFile:
        return pa.PythonFile(Request(self, path), mode="r")

    open_input_stream = open_input_file

    def get_type_name(self) -> str:
        return "far"

    def _unused(self, *arguments: object) -> Any:
        raise NotImplementedError

    get_file_info = get_file_info_selector = create_dir = delete_dir = delete_dir_contents = _unused
    delete_root_dir_contents = delete_file = move = copy_file = _unused
    open_output_stream = open_append_stream = normalize_path = _unused


@pytest.fixture
def far() -> Far:
    return Far()


@pytest.fixture
def table() -> pa.Table:
    names = [None if number % 5 == 0 else f"name-{number}" for number in range(ROWS)]
    numbers = pa.array(range(ROWS))
    return pa.table({"id": numbers, "name": names, "padding": [f"{n:0100}" for n in range(ROWS)], "last": numbers})


@pytest.fixture
def path(tmp_path: Path, table: pa.Table) -> str:
    target = tmp_path / "far.parquet"
    plain = {"compression": "none", "use_dictionary": False, "data_page_size": 20_000}
    pq.write_table(table, target, row_group_size=GROUP, **plain)
    return str(target)


def read(far: Far, *paths: str, **selection: Any) -> pa.Table:
    return PARQUET.read_table(paths, fs.PyFileSystem(far), selection=Selection(**selection))


def stream(far: Far, *paths: str, **selection: Any) -> pa.Table:
    return PARQUET.scan(paths, fs.PyFileSystem(far), selection=Selection(**selection)).read_all()


@pytest.mark.parametrize("way", [read, stream])
def test_the_footer_is_asked_for_once(way: Any, far: Far, path: str, table: pa.Table) -> None:
    filesystem = fs.PyFileSystem(far)
    PARQUET.infer_schema([path], filesystem)
    assert PARQUET.count([path], filesystem) == ROWS
    assert len(far.requests) == 1
    assert way(far, path, where="id >= 5").equals(table.slice(5))
    size = Path(path).stat().st_size
    assert sum(start + asked >= size - 8 for _, start, asked in far.requests) == 1


def test_a_filesystem_that_remembers_nothing_is_asked_anew(path: str) -> None:
    far = Far(remembering=False)
    filesystem = fs.PyFileSystem(far)
    assert PARQUET.count([path], filesystem) == PARQUET.count([path], filesystem) == ROWS
    assert len(far.requests) == 2


@pytest.mark.parametrize("way", [read, stream])
def test_a_small_file_is_one_request(way: Any, far: Far, tmp_path: Path, table: pa.Table) -> None:
    paths = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for number, path in enumerate(paths):
        pq.write_table(table.slice(number * 100, 100), path, row_group_size=40)
    assert way(far, *paths).equals(table.slice(0, 300))
    assert way(far, *paths, columns=["last"], where="id >= 150")["last"].to_pylist() == list(range(150, 300))
    assert len(far.requests) == len(paths)


def test_small_files_are_held_within_bounds(
    far: Far, tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for number, path in enumerate(paths):
        pq.write_table(table.slice(number * 100, 100), path)
    monkeypatch.setattr(parquet_source, "_CACHED_BYTES", 2 * Path(paths[0]).stat().st_size + 100)
    assert read(far, *paths).equals(table.slice(0, 300))
    assert len(far.requests) == 4, "the third file is asked for again"
    assert read(Far(remembering=False), *paths).equals(table.slice(0, 300))


@pytest.mark.parametrize("way", [read, stream])
def test_only_the_wanted_columns_of_wanted_row_groups_are_fetched(way: Any, far: Far, path: str) -> None:
    found = way(far, path, columns=["name"], where=f"id >= {GROUP} AND id < {GROUP + 7}")
    assert found["name"].to_pylist() == [None if n % 5 == 0 else f"name-{n}" for n in range(GROUP, GROUP + 7)]
    group = pq.read_metadata(path).row_group(1)
    begins = [group.column(place).data_page_offset for place in range(4)]
    (_, start, asked) = far.requests[-1]
    assert len(far.requests) == 2, "the footer, and id and name at once"
    assert start == begins[0]
    assert start + asked == begins[2], "the padding is not fetched"


def test_columns_apart_are_fetched_apart(far: Far, path: str) -> None:
    assert read(far, path, columns=["id", "last"]).num_rows == ROWS
    assert len(far.requests) == 1 + 2 * ROWS // GROUP


def test_large_ranges_are_cut(far: Far, path: str, table: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_source, "_REQUEST", 100_000)
    assert read(far, path).equals(table)
    assert max(asked for _, _, asked in far.requests[1:]) == 100_000


@pytest.mark.parametrize("way", [read, stream])
def test_what_was_not_fetched_is_read_when_it_is_needed(
    way: Any, far: Far, path: str, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if the footer said that the chunks were elsewhere: Arrow goes by its own reading of it.
    monkeypatch.setattr(parquet_source.ParquetSource, "_column_ranges", lambda self, index, columns: [(0, 4)])
    assert way(far, path).equals(table)


def test_row_groups_too_large_to_be_held_are_streamed_in_pieces(
    far: Far, path: str, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dao_files.formats import _parquet as parquet

    monkeypatch.setattr("dao.memory.USUAL", Budget(fetched=200_000))
    monkeypatch.setattr(parquet, "_REMOTE_BUFFER", 50_000)
    assert stream(far, path).equals(table)
    assert max(asked for _, _, asked in far.requests[1:]) < 60_000, "a buffer, or a page that is larger"


@pytest.mark.parametrize("way", [read, stream])
@pytest.mark.parametrize("requests", range(4))
def test_errors_keep_their_type_and_name_the_file(way: Any, requests: int, far: Far, path: str) -> None:
    far.failing_from = requests
    with pytest.raises(ConflictError, match="it is another one now") as caught:
        way(far, path, columns=["id", "last"])
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "where", [None, "id IN (3, 9999, 10000)", "name IS NULL", "id < 0", "name = 'name-12' OR id = 39999"]
)
def test_many_files_near_and_far_give_the_same(where: str | None, far: Far, tmp_path: Path, table: pa.Table) -> None:
    paths = []
    for number in range(7):
        paths.append(str(tmp_path / f"part-{number}.parquet"))
        pq.write_table(table.slice(number * 5000, 5000), paths[-1], row_group_size=2000)
    near = PARQUET.read_table(paths, fs.LocalFileSystem(), selection=Selection(where=where))
    assert read(far, *paths, where=where).equals(near)
    assert stream(far, *paths, where=where).equals(near)


def test_a_damaged_footer_is_an_error(far: Far, path: str) -> None:
    content = bytearray(Path(path).read_bytes())
    length = int.from_bytes(content[-8:-4], "little")
    for place in range(len(content) - 8 - length, len(content), 97):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        other = Path(path).with_name(f"damaged-{place}.parquet")
        other.write_bytes(damaged)
        try:
            read(far, str(other), columns=["id"])
        except DaoError as error:
            assert str(other) in str(error)  # noqa: PT017 - some damage changes nothing that is read


def test_a_file_that_is_cut_is_an_error(far: Far, path: str) -> None:
    content = Path(path).read_bytes()
    for size in (0, 1, 7, 8, 12, len(content) // 2, len(content) - 1):
        Path(path).write_bytes(content[:size])
        far.remembered.clear()
        with pytest.raises(StoreError, match=path):
            read(far, path)


@pytest.fixture
def _no_threads_stay() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.usefixtures("_no_threads_stay")
def test_no_thread_stays_behind(far: Far, path: str) -> None:
    read(far, path)
    reader = PARQUET.scan([path], fs.PyFileSystem(far), selection=Selection(batch_size=100))
    reader.read_next_batch()
    close_reader(reader)
    far.failing_from = 0
    with pytest.raises(ConflictError):
        read(far, path)
