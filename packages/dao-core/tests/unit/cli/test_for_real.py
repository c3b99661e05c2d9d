"""The command on a real store in a folder: a file is copied into a table, looked at, counted and read out again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

CATALOG = {
    "bronze": {
        "interface": "local",
        "options": {"root": "data/bronze"},
        "objects": {
            "planes": {"type": "file", "suffix": ".csv", "format": "csv"},
            "notes": {"type": "file", "suffix": ".txt"},
            "fleet": {
                "type": "file",
                "key": "planes.csv",
                "format": "csv",
                "schema": {"tailnum": "string", "year": "int64", "seats": "int64"},
            },
        },
    },
    "silver": {
        "interface": "local",
        "options": {"root": "data/silver"},
        "objects": {
            "planes": {"type": "table", "format": "parquet", "partition_by": ["year"]},
            "notes": {"type": "file"},
        },
    },
    "scratch": {"interface": "memory"},
}
CSV = "tailnum,year,seats\nN10156,2004,55\nN102UW,1998,182\nN103US,1998,182\n"


@pytest.fixture(autouse=True)
def data(folder: Path) -> Path:
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    place = folder / "data"
    (place / "bronze").mkdir(parents=True)
    (place / "bronze" / "planes.csv").write_text(CSV)
    (place / "bronze" / "notes.txt").write_bytes(b"\x00\xffas they are")
    return place


def files(data: Path) -> list[str]:
    return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())


def test_a_file_becomes_a_table(run: Run) -> None:
    assert "inserted 3 rows" in run("copy", "bronze.planes", "silver.planes").stdout
    assert "silver.planes" in run("copy", "bronze.planes", "silver.planes", status=1).stderr  # it is there already
    run("copy", "bronze.planes", "silver.planes", "--mode", "overwrite", "--where", "seats > 100")
    assert run("count", "silver.planes").stdout == "2\n"
    assert run("count", "silver.planes", "--where", "tailnum = 'N103US'").stdout == "1\n"
    columns = json.loads(run("schema", "silver.planes", "--json").stdout)["columns"]
    assert {column["name"] for column in columns} == {"tailnum", "year", "seats"}
    arguments = ["--where", "tailnum = 'N102UW'", "--columns", "seats,tailnum", "--json"]
    assert json.loads(run("read", "silver.planes", *arguments).stdout) == {"seats": 182, "tailnum": "N102UW"}
    head = run("head", "silver.planes", "-n", "1").stdout.splitlines()
    assert len(head) == 3


def test_a_profile(run: Run) -> None:
    shown = run("profile", "bronze.planes", "--where", "seats > 100").stdout.splitlines()
    assert shown[0] == "bronze.planes: 2 rows, 3 columns"
    assert shown[2].split() == ["tailnum", "string", "0", "2", "N102UW", "N103US"]
    found = json.loads(run("profile", "bronze.planes", "--columns", "seats", "--json").stdout)
    assert found["columns"][0]["histogram"]["counts"][-1] == 2
    assert {key: found["columns"][0][key] for key in ("name", "nulls", "distinct", "min", "max")} == {
        "name": "seats", "nulls": 0, "distinct": 2, "min": 55, "max": 182,
    }  # fmt: skip
    assert "option" in run("profile", "bronze.planes", "--arg", "versoin=1", status=1).stderr


def test_files_are_listed_and_copied_as_bytes(run: Run) -> None:
    keys = [json.loads(line)["key"] for line in run("ls", "bronze", "--json").stdout.splitlines()]
    assert sorted(keys) == ["notes.txt", "planes.csv"]
    run("copy", "bronze.notes", "silver.notes")
    assert run("read", "silver.notes", "--into", "bytes").stdout_bytes == b"\x00\xffas they are"


def test_what_is_not_there_is_said(run: Run) -> None:
    told = run("head", "silver.planes", status=1).stderr
    assert told.startswith("error: ")
    assert "silver.planes" in told
    assert "Traceback" not in told


def test_explain_touches_nothing(run: Run, data: Path) -> None:
    before = files(data)
    for arguments in (
        ["read", "silver.planes", "--arg", "where=seats > 1"],
        ["write", "silver.planes", "--arg", "mode=overwrite"],
        ["write", "silver.notes"],
        ["copy", "bronze.planes", "silver.planes"],
        ["list", "silver"],
    ):
        assert run("explain", *arguments).stdout
    assert files(data) == before


@pytest.mark.parametrize("flags", [(), ("--write",)])
def test_the_doctor_finds_nothing_and_leaves_nothing(run: Run, data: Path, flags: tuple[str, ...]) -> None:
    before = files(data)
    found = json.loads(run("doctor", "--json", *flags).stdout)
    assert found["ok"] is True
    stores = [finding for finding in found["findings"] if finding["area"] == "stores"]
    assert {finding["subject"] for finding in stores} == {"bronze", "silver", "scratch"}
    if flags:
        assert sum("is writable" in finding["message"] for finding in stores) == 3
    assert files(data) == before


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_pipe_that_breaks_off_replaces_nothing(format: str, run: Run, data: Path) -> None:
    run("copy", "bronze.planes", "silver.planes")
    bad = CSV + "N104UW,1999,200\n" * 100_000 + "N1,2000,many\n"
    (data / "bronze" / "planes.csv").write_text(bad)
    broken = run("read", "bronze.fleet", "--into", format, status=1).stdout_bytes
    for piped in (broken, b""):
        run("write", "silver.planes", "--format", format, "--mode", "overwrite", status=1, stdin=piped)
    assert run("count", "silver.planes").stdout == "3\n"


def test_a_read_takes_what_else_a_read_takes(run: Run, data: Path) -> None:
    (data / "bronze" / "planes.csv").write_text(CSV.replace(",", ";"))
    assert run("read", "bronze.planes", "--arg", "delimiter=;").stdout == CSV
    assert "version" in run("read", "bronze.planes", "--arg", "version=1", status=1).stderr
    assert "there is an option --limit" in run("read", "bronze.planes", "--arg", "limit=1", status=2).stderr
