"""parquet-testing: what pyarrow reads is read the same, what is damaged is a DaoError, the bomb stays small."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import fs

from dao.errors import DaoError, DataError, StoreError
from dao_files.formats import get_format

LOCAL = fs.LocalFileSystem()
PARQUET = get_format("parquet")
BOMB = "large_string_map.brotli.parquet"
WRAPPED = "int96_from_spark.parquet"  # of a timestamp in the year -290308 pyarrow makes another one
SOUND_AMONG_BAD = "ARROW-GH-43605.parquet"
TOTAL_MIB = 600


def same(left: pa.Table, right: pa.Table) -> bool:
    """Equal schemas and values, NaN equal to NaN."""
    return bool(left.schema.equals(right.schema)) and (
        left.equals(right) or repr(left.to_pylist()) == repr(right.to_pylist())
    )


def test_everything_that_pyarrow_reads(corpora: Path) -> None:
    read, different = 0, []
    for path in sorted((corpora / "parquet-testing" / "data").glob("*.parquet")):
        if path.name == BOMB:
            continue
        try:
            with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
                expected = file.read()
        except (OSError, ValueError):
            with pytest.raises(DaoError):
                PARQUET.read_table([str(path)], LOCAL)
            continue
        if path.name == WRAPPED:
            with pytest.raises(DataError, match="INT96"):
                PARQUET.read_table([str(path)], LOCAL)
            continue
        read += 1
        whole = PARQUET.read_table([str(path)], LOCAL)
        streamed = PARQUET.scan([str(path)], LOCAL).read_all()
        for found in (whole, streamed):
            if not same(found, expected):
                different.append(path.name)
        assert PARQUET.count([str(path)], LOCAL) == expected.num_rows
        assert PARQUET.metadata(str(path), LOCAL)["rows"] == expected.num_rows
    assert different == []
    assert read >= 62


def test_shredded_variants(corpora: Path) -> None:
    files = sorted((corpora / "parquet-testing" / "shredded_variant").glob("*.parquet"))
    assert len(files) > 100
    for path in files:
        found = PARQUET.read_table([str(path)], LOCAL)
        assert repr(found.to_pylist()) == repr(pq.read_table(path).to_pylist()), path.name


def test_damaged_files_are_dao_errors_that_name_the_file(corpora: Path) -> None:
    for path in sorted((corpora / "parquet-testing" / "bad_data").glob("*.parquet")):
        for read in (PARQUET.read_table, lambda *a: PARQUET.scan(*a).read_all()):
            if path.name == SOUND_AMONG_BAD:
                assert read([str(path)], LOCAL).num_rows > 0
                continue
            with pytest.raises(StoreError, match=path.name.replace(".", r"\.")):
                read([str(path)], LOCAL)


def test_encrypted_files_are_dao_errors_and_end_no_process(corpora: Path) -> None:
    files = sorted(map(str, (corpora / "parquet-testing" / "data").glob("*.encrypted")))
    assert files
    code = """
import sys
from pyarrow import fs
from dao_files.formats import get_format
from dao.errors import DaoError
from dao.tables import Selection
form, local = get_format("parquet"), fs.LocalFileSystem()
for path in sys.argv[1:]:
    for call in (lambda: form.metadata(path, local), lambda: form.count([path], local)):
        try:
            call()
        except DaoError:
            pass
    for where in (None, "true"):
        try:
            form.read_table([path], local, selection=Selection(where=where))
        except DaoError:
            continue
        sys.exit(f"{path} was read without its key")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("call", ["read_table([path], local)", "scan([path], local).read_all()"])
def test_the_bomb_is_stopped_in_bounded_memory(corpora: Path, call: str) -> None:
    code = f"""
import sys
from pyarrow import fs
from dao_files.formats import get_format
from dao.errors import DaoError
path, local = sys.argv[1], fs.LocalFileSystem()
try:
    get_format("parquet").{call}
    sys.exit("it was read")
except DaoError as error:
    assert "max_decompression_ratio" in str(error), error
# not ru_maxrss: a child's begins with what its parent had
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak // 1024)
"""
    path = corpora / "parquet-testing" / "data" / BOMB
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) < TOTAL_MIB
