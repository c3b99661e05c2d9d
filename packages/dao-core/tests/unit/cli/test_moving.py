"""The commands that move data: read and copy."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import Result

Run = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("catalog")

CSV = "carrier,delay\nUA,15\nAA,\nDL,-3\n"


def test_read_writes_csv_by_default(run: Run) -> None:
    assert run("read", "bronze.flights", "--columns", "carrier,delay").stdout.replace('"', "") == CSV


def test_read_into_json(run: Run) -> None:
    expected = [{"carrier": "UA"}, {"carrier": "AA"}]
    arguments = ("read", "bronze.flights", "--columns", "carrier", "--limit", "2")
    assert json.loads(run(*arguments, "--into", "json").stdout) == expected
    for flags in (["--into", "ndjson"], ["--json"]):
        lines = run(*arguments, *flags).stdout.splitlines()
        assert [json.loads(line) for line in lines] == expected


def test_the_file_s_name_says_the_format(run: Run, folder: Path) -> None:
    run("read", "bronze.flights", "-o", "out.parquet")
    assert pq.read_table(folder / "out.parquet").column("delay").to_pylist() == [15, None, -3]
    run("read", "bronze.flights", "-o", "out.ndjson", "--columns", "delay")
    assert json.loads((folder / "out.ndjson").read_text().splitlines()[0]) == {"delay": 15}


def test_the_file_s_name_wins_over_json_and_says_the_compression(run: Run, folder: Path) -> None:
    run("--json", "read", "bronze.flights", "-o", "out.csv.gz", "--columns", "carrier,delay")
    assert gzip.decompress((folder / "out.csv.gz").read_bytes()).decode().replace('"', "") == CSV


def test_parquet_goes_to_a_pipe_too(run: Run, folder: Path) -> None:
    content = run("read", "bronze.flights", "--into", "parquet").stdout_bytes
    (folder / "piped.parquet").write_bytes(content)
    assert pq.read_table(folder / "piped.parquet").num_rows == 3


def test_bytes_go_as_they_are(run: Run) -> None:
    assert run("read", "bronze.planes", "--into", "bytes").stdout_bytes == b"raw bytes"
    assert "--into bytes has none" in run("read", "bronze.planes", "--into", "bytes", "--limit", "1", status=2).stderr


def test_a_read_that_breaks_off_leaves_the_file_as_it_was(run: Run, folder: Path, catalog: dict) -> None:
    catalog["bronze"]["options"] = {"fail": "midway"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    (folder / "out.csv").write_text("precious")
    assert "the line went dead" in run("read", "bronze.flights", "-o", "out.csv", "--overwrite", status=1).stderr
    assert (folder / "out.csv").read_text() == "precious"
    assert not list(folder.glob(".out.csv*"))


def test_a_file_that_is_there_is_replaced_where_that_is_asked_for(run: Run, folder: Path) -> None:
    (folder / "out.csv").write_text("precious")
    arguments = ("read", "bronze.flights", "--columns", "carrier,delay", "-o", "out.csv")
    assert "'out.csv' is there already: --overwrite replaces it" in run(*arguments, status=1).stderr
    assert (folder / "out.csv").read_text() == "precious"
    run(*arguments, "--overwrite")
    assert (folder / "out.csv").read_text().replace('"', "") == CSV


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.avro"])
def test_a_file_s_name_that_says_no_format_is_none_of_csv(run: Run, folder: Path, name: str) -> None:
    assert "add it" in run("read", "bronze.flights", "-o", name, status=2).stderr
    run("read", "bronze.flights", "-o", name, "--into", "csv")


def test_a_file_that_cant_be_written_is_said(run: Run) -> None:
    assert "can't write 'nowhere/out.csv'" in run("read", "bronze.flights", "-o", "nowhere/out.csv", status=1).stderr


def test_copy(run: Run) -> None:
    done = run("copy", "bronze.flights", "silver.flights", "--mode", "append")
    assert done.stdout == "WriteResult(inserted 3 rows in 1 file, by Shelf)\n"
    assert done.stderr == ""  # no screen, no bar
    assert sys.modules["shelf"].WRITTEN == [("silver.flights", "append")]


def test_copy_for_machines(run: Run) -> None:
    found = json.loads(run("copy", "bronze.flights", "silver.flights", "--json").stdout)
    assert found["rows_inserted"] == 3
    assert found["interface"] == "Shelf"
    assert found["version_after"] is None


def test_a_mode_that_does_not_exist_is_a_usage_error(run: Run) -> None:
    assert (
        "overwrite_partitions" in run("copy", "bronze.flights", "silver.flights", "--mode", "truncate", status=2).stderr
    )
