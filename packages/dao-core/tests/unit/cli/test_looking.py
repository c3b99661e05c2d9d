"""The commands that look: stores, objects, ls, head, schema, count, explain, plugins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import Result

from dao import DataAccessObject
from dao.errors import NotFoundError
from dao.results import FileInfo, TableInfo

Run = Callable[..., Result]

pytestmark = pytest.mark.usefixtures("catalog")


def test_stores(run: Run) -> None:
    lines = run("stores").stdout.splitlines()
    assert lines[0].split() == ["store", "interfaces", "objects", "name", "patterns"]
    assert lines[1].split() == ["bronze", "Shelf", "2", "sales_{region}"]
    assert json.loads(run("stores", "--json").stdout)[0] == {
        "name": "bronze",
        "interfaces": ["Shelf"],
        "objects": 2,
        "patterns": ["sales_{region}"],
    }


def test_objects(run: Run) -> None:
    told = run("objects").stdout
    assert "bronze.flights  table  parquet  flights" in told
    assert "what flew" in told
    assert "bronze.sales_{region} stands for every object" in told


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("silver", ["silver.flights"]),
        ("*.flights", ["bronze.flights", "silver.flights"]),
        ("bronze.plane?", ["bronze.planes"]),
        ("flights", []),
    ],
)
def test_objects_that_fit(run: Run, pattern: str, expected: list[str]) -> None:
    found = json.loads(run("objects", pattern, "--json").stdout)
    assert [entry["name"] for entry in found] == expected


def test_one_object_that_cant_be_used_does_not_hide_the_others(run: Run, folder, catalog: dict) -> None:
    catalog["silver"]["objects"]["bad"] = {"prefix": "${env:NOT_SET_ANYWHERE}"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    found = {entry["name"]: entry for entry in json.loads(run("objects", "--json").stdout)}
    assert "NOT_SET_ANYWHERE" in found["silver.bad"]["problem"]
    assert found["silver.flights"]["problem"] is None
    assert set(found["silver.flights"]) == {"name", "type", "key", "format", "description", "problem"}


def test_ls(run: Run) -> None:
    lines = run("ls", "bronze.flights").stdout.splitlines()
    assert lines[1] == "      1,234,567  2026-01-02 03:04:05  flights/1.csv"
    assert lines[-1] == "3 files, 3.7 MB"
    records = [json.loads(line) for line in run("ls", "bronze", "--json").stdout.splitlines()]
    assert records[2] == {
        "key": "root/2.csv",
        "size": 2469134,
        "modified": "2026-01-02T03:04:05+00:00",
        "etag": None,
        "version": None,
    }


def listed(monkeypatch: pytest.MonkeyPatch, infos: Iterator[Any]) -> None:
    monkeypatch.setattr(DataAccessObject, "list", lambda self, name: infos)


def test_ls_has_no_columns_for_what_the_store_says_of_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for infos, lines in (
        ([TableInfo("a"), TableInfo("b")], ["a", "b", "2 tables"]),
        ([FileInfo("a"), FileInfo("b", 7)], ["                 a", "              7  b", "2 files, 7 B"]),
        ([TableInfo("a", modified=when), TableInfo("b")], ["2026-01-02 03:04:05  a", f"{'':19}  b", "2 tables"]),
        ([FileInfo("a", 0, when)], [f"{0:>15}  2026-01-02 03:04:05  a", "1 file, 0 B"]),
        ([], ["nothing"]),
    ):
        listed(monkeypatch, iter(infos))
        assert run("ls", "bronze").stdout.splitlines() == lines


def test_ls_writes_a_long_listing_as_it_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def infos(count: int = 1001) -> Iterator[FileInfo]:
        yield from (FileInfo(f"k{number}") for number in range(count))
        yield FileInfo("late", 7)
        raise NotFoundError("the rest is gone")

    listed(monkeypatch, infos())
    lines = run("ls", "bronze", status=1).stdout.splitlines()
    assert (len(lines), lines[0], lines[1000], lines[1001]) == (1002, "k0", "k1000", "              7  late")
    listed(monkeypatch, infos(1))
    assert run("ls", "bronze", status=1).stdout.splitlines() == ["                 k0", "              7  late"]


def test_head(run: Run) -> None:
    assert run("head", "bronze.flights").stdout.splitlines() == [
        "carrier  delay   share",
        "string   int64  double",
        "UA          15     0.5",
        "AA        null     nan",
        "DL          -3    2.25",
    ]
    assert len(run("head", "bronze.flights", "-n", "1").stdout.splitlines()) == 3
    assert run("head", "bronze.flights", "-n", "0").stdout.splitlines()[-1] == "no rows"


def test_head_for_machines(run: Run) -> None:
    lines = run("head", "bronze.flights", "--json", "-n", "2", "--columns", "share, carrier").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"share": 0.5, "carrier": "UA"}, {"share": None, "carrier": "AA"}]


def test_what_an_interface_cant_do_is_never_ignored(run: Run) -> None:
    told = run("head", "bronze.flights", "--where", "delay > 0", status=1).stderr
    assert "takes no 'where'" in told
    assert "where" in told


def test_schema(run: Run) -> None:
    assert run("schema", "bronze.flights").stdout.splitlines()[1:] == [
        "carrier  string",
        "delay    int64",
        "share    double",
    ]
    found = json.loads(run("schema", "bronze.flights", "--json").stdout)
    assert found["columns"][1] == {"name": "delay", "type": "int64", "nullable": True}


def test_count(run: Run) -> None:
    assert run("count", "bronze.flights", "--where", "delay > 0").stdout == "336776\n"
    assert json.loads(run("count", "bronze.flights", "--json").stdout) == {"name": "bronze.flights", "rows": 336776}


def test_explain_check(run: Run) -> None:
    assert run("explain", "read", "bronze.flights", "--check").stdout == ""
    told = run("explain", "read", "bronze.flights", "--arg", "colums=1", "--check", status=1).stderr
    assert "did you mean 'columns'?" in told


def test_explain(run: Run) -> None:
    told = run("explain", "read", "bronze.flights", "--arg", 'columns=["carrier"]').stdout
    assert told.startswith("read bronze.flights\n")
    assert "Shelf.read" in told
    (step,) = json.loads(run("explain", "write", "silver.flights", "--arg", "mode=append", "--json").stdout)["steps"]
    assert step["route"] == "Shelf.write"
    known = {"action", "data_object", "key", "interface", "route", "place", "details", "filled", "considered"}
    assert set(step) == {*known, "ignores_limit"}


def test_explain_a_copy(run: Run) -> None:
    found = json.loads(run("explain", "copy", "bronze.flights", "silver.flights", "--json").stdout)
    assert [step["action"] for step in found["steps"]] == ["read", "write"]
    assert "two stores" in found["note"]
    assert "TARGET" in run("explain", "copy", "bronze.flights", status=2).stderr


def test_explain_says_what_would_not_work(run: Run) -> None:
    assert "did you mean 'columns'?" in run("explain", "read", "bronze.flights", "-a", "colums=a", status=1).stderr
    assert "NAME=VALUE" in run("explain", "read", "bronze.flights", "-a", "columns", status=2).stderr
