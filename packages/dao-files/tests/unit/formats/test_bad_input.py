"""Damaged files and bombs: always a DaoError that names the file, never a crash, a hang or unbounded memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from format_files import LOCAL, save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao.errors import DaoError, StoreError
from dao.testing import positions
from dao_files.formats import FORMATS, get_format

BINARY = ["arrow", "arrow_stream", "avro", "orc", "parquet"]
TABLE = pa.table({"id": list(range(50)), "name": [f"n{i}" for i in range(50)], "l": [[i] for i in range(50)]})

# Reads each file twice: whole, and as a stream. What a damaged file gives must be an error or rows, not the end.
READ = """
import sys
from pyarrow import fs
from dao_files.formats import get_format
from dao.errors import DaoError
form, local = get_format(sys.argv[1]), fs.LocalFileSystem()
for path in sys.argv[2:]:
    for call in (form.read_table, lambda *a: form.scan(*a).read_all(), form.count, lambda p, f: form.metadata(p[0], f)):
        try:
            call([path], local)
        except DaoError as error:
            assert path in str(error), error
print("done")
"""


def run(format: str, paths: list[str], timeout: int = 100) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ, format, *paths], capture_output=True, text=True, timeout=timeout, check=False
    )
    assert done.stdout == "done\n", f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}"


@pytest.mark.parametrize("format", BINARY)
def test_every_truncation_is_an_error(format: str, tmp_path: Path) -> None:
    whole = Path(save(TABLE, tmp_path / "whole", format)).read_bytes()
    cut = tmp_path / "cut"
    for size in sorted({0, 1, 4, 8, 12, *range(0, len(whole) - 9, max(len(whole) // 60, 1))}):
        cut.write_bytes(whole[:size])
        try:
            found = get_format(format).scan([str(cut)], LOCAL).read_all()
        except DaoError as error:
            assert str(cut) in str(error)  # noqa: PT017 - some lengths are no error
        else:  # a stream and an Avro file may end between two batches
            assert format in {"arrow_stream", "avro"}
            assert found.num_rows == 0


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_flipped_bytes_end_no_process(format: str, tmp_path: Path) -> None:
    table = TABLE.select(["id", "name"]) if format == "csv" else TABLE
    whole = Path(save(table, tmp_path / "whole", format)).read_bytes()
    paths = []
    for place in (position - 1 for position in positions(len(whole), most=40)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path = tmp_path / f"flipped-{place}"
        path.write_bytes(damaged)
        paths.append(str(path))
    run(format, paths)


@pytest.mark.parametrize("format", sorted(FORMATS))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60))
def test_any_bytes(format: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    try:
        get_format(format).scan([str(path)], LOCAL).read_all()
    except DaoError as error:
        assert str(path) in str(error)  # noqa: PT017 - some bytes are no error


@pytest.mark.parametrize("suffix", [".gz", ".zst", ".bz2", ".xz", ".lz4"])
def test_cut_compressed_files_are_errors(suffix: str, tmp_path: Path) -> None:
    import random

    rows = pa.table({"a": [random.Random(i).random() for i in range(5000)]})
    path = Path(save(rows, tmp_path / f"t.ndjson{suffix}"))
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:size])
        if size == 0 and suffix != ".xz":
            continue  # an empty file is an empty stream to these codecs
        with pytest.raises(StoreError, match=str(path)):
            get_format("ndjson").scan([str(path)], LOCAL).read_all()


BOMB = """
import sys
from pyarrow import fs
from dao_files.formats import get_format
from dao.errors import DaoError
form, local = get_format(sys.argv[1]), fs.LocalFileSystem()
rows = 0
try:
    for batch in form.scan([sys.argv[2]], local):
        rows += batch.num_rows
except DaoError as error:
    assert "max_record_bytes" in str(error) or "only white space" in str(error), error
# not ru_maxrss: a child's begins with what its parent had
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(rows, peak // 1024)
"""


@pytest.mark.parametrize(
    ("format", "start", "unit", "rows"),
    [
        pytest.param("csv", b"a,b\n", b"1,22222\n", 1 << 26, marks=pytest.mark.slow),
        ("csv", b"", b"x" * 8, 0),  # one endless value
        ("ndjson", b"", b" " * 8, 0),
        ("json", b'["', b"x" * 8, 0),
        ("json", b"", b" " * 8, 0),
    ],
)
def test_gzip_bombs_are_streamed_or_stopped(format: str, start: bytes, unit: bytes, rows: int, tmp_path: Path) -> None:
    path = tmp_path / f"bomb.{format}.gz"
    member = gzip.compress(unit * (1 << 19), compresslevel=1)
    path.write_bytes(gzip.compress(start) + member * 128)  # 512 MiB
    done = subprocess.run(
        [sys.executable, "-c", BOMB, format, str(path)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found, peak = map(int, done.stdout.split())
    assert found == rows
    assert peak < 700
