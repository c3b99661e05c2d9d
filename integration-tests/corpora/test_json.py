"""JSONTestSuite: y_ files are accepted, n_ files refused with a DaoError, none crashes or hangs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

READ_ALL = """
import sys
from pyarrow import fs
from dao_files.formats import get_format
from dao.errors import DaoError
for path in sys.argv[2:]:
    try:
        get_format(sys.argv[1]).read_table([path], fs.LocalFileSystem())
        print("accepted", path, flush=True)
    except DaoError:
        print("refused", path, flush=True)
"""


def outcomes(format: str, files: list[str]) -> dict[str, str]:
    """What became of each file, read in a process of its own so that a crash is seen as one."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, format, *files], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-300:]}{done.stderr[-2000:]}"
    lines = (line.split(" ", 1) for line in done.stdout.splitlines())
    return {Path(path).name: outcome for outcome, path in lines}


def test_documents(corpora: Path) -> None:
    files = sorted(map(str, (corpora / "json-test-suite" / "test_parsing").glob("*.json")))
    assert len(files) > 300
    found = outcomes("json", files)
    assert len(found) == len(files)
    refused = [name for name, outcome in found.items() if name.startswith("y_") and outcome != "accepted"]
    # The suite lets parsers take one value of a key that comes twice; here it is an error, as a value would be lost.
    assert sorted(refused) == ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]
    assert [name for name, outcome in found.items() if name.startswith("n_") and outcome != "refused"] == []


@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_the_same_files_never_crash_another_reader(corpora: Path, format: str) -> None:
    files = sorted(map(str, (corpora / "json-test-suite").rglob("*.json")))
    assert len(outcomes(format, files)) == len(files)
