"""The commands that change what is stored: write, upsert, delete, move, and history, which tells of it."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import fields
from click.testing import Result

from dao.results import WriteResult

Run = Callable[..., Result]
OnTerminal = Callable[..., tuple[int, str]]

CATALOG = {
    "bronze": {
        "interface": "local",
        "options": {"root": "data/bronze"},
        "objects": {"planes": {"type": "file", "suffix": ".csv", "format": "csv"}, "notes": {"type": "file"}},
    },
    "silver": {
        "interface": "local",
        "options": {"root": "data/silver"},
        "objects": {
            "planes": {"type": "table", "format": "parquet", "keys": ["tailnum"]},
            "older": {"type": "table", "format": "parquet"},
        },
    },
}
CSV = "tailnum,year,seats\nN10156,2004,55\nN102UW,1998,182\nN103US,1999,182\n"
NEWER = "tailnum,year,seats\nN10156,2010,56\nN999,2010,7\n"


@pytest.fixture(autouse=True)
def place(folder: Path) -> Path:
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    (folder / "planes.csv").write_text(CSV)
    (folder / "newer.csv").write_text(NEWER)
    return folder


@pytest.fixture
def planes(run: Run) -> None:
    run("write", "silver.planes", "planes.csv")


def rows(run: Run, name: str = "silver.planes") -> dict[str, int]:
    found = [json.loads(line) for line in run("read", name, "--json").stdout.splitlines()]
    return {row["tailnum"]: row["seats"] for row in found}


def stored(folder: Path) -> dict[str, bytes]:
    found = (path for path in (folder / "data").rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found}


def test_a_file_s_name_says_what_it_is(run: Run, place: Path) -> None:
    assert "inserted 3 rows" in run("write", "silver.planes", "planes.csv").stdout
    (place / "newer.csv.gz").write_bytes(gzip.compress(NEWER.encode()))
    run("write", "silver.planes", "newer.csv.gz", "--mode", "overwrite")
    assert rows(run) == {"N10156": 56, "N999": 7}


def test_rows_come_from_standard_input(run: Run) -> None:
    written = run("write", "silver.planes", "--format", "csv", "--json", stdin=CSV).stdout
    assert json.loads(written)["rows_inserted"] == 3
    line = '{"tailnum": "N1", "year": 2000, "seats": 1}\n'
    run("write", "silver.planes", "-", "--format", "ndjson", "--mode", "append", stdin=line)
    assert rows(run)["N1"] == 1
    assert len(rows(run)) == 4


@pytest.mark.usefixtures("planes")
def test_what_one_command_reads_the_other_writes(run: Run) -> None:
    piped = run("read", "silver.planes", "--into", "parquet").stdout_bytes
    run("write", "silver.older", "--format", "parquet", stdin=piped)
    assert rows(run, "silver.older") == rows(run)


def test_how_a_file_is_read(run: Run, place: Path) -> None:
    (place / "german.txt").write_text(CSV.replace(",", ";"))
    options = ["--format", "csv", "--read-arg", "delimiter=;", "--read-arg", "where=seats > 100"]
    run("write", "silver.planes", "german.txt", *options)
    assert rows(run) == {"N102UW": 182, "N103US": 182}


def test_what_else_the_store_takes(run: Run, place: Path) -> None:
    run("write", "silver.older", "planes.csv", "--arg", 'partition_by=["year"]')
    assert {path.parent.name for path in (place / "data" / "silver" / "older").rglob("*.parquet")} == {
        "year=1998", "year=1999", "year=2004",
    }  # fmt: skip
    refused = run("write", "silver.planes", "planes.csv", "--arg", "partition_py=year", status=1).stderr
    assert "partition_by" in refused


def test_bytes_are_stored_as_they_are(run: Run, place: Path) -> None:
    run("write", "bronze.notes", "planes.csv")
    assert (place / "data" / "bronze" / "notes").read_text() == CSV
    run("write", "bronze.notes", "--mode", "overwrite", stdin=b"\x00\xff")
    assert (place / "data" / "bronze" / "notes").read_bytes() == b"\x00\xff"
    run("write", "bronze.planes", "newer.csv", "--format", "bytes")
    assert (place / "data" / "bronze" / "planes.csv").read_text() == NEWER


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["write", "silver.planes"], "--format"),
        (["write", "silver.planes", "catalog"], "does not exist"),
        (["write", "bronze.notes", "planes.csv", "--read-arg", "limit=1"], "bytes have none"),
        (["write", "silver.planes", "planes.csv", "--arg", "limit"], "NAME=VALUE"),
        (["upsert", "silver.planes"], "--format"),
        (["delete", "silver.planes"], "--all"),
        (["delete", "silver.planes", "--all", "--where", "true"], "either --where"),
    ],
    ids=" ".join,
)
def test_wrong_command_lines(run: Run, arguments: list[str], told: str) -> None:
    assert told in run(*arguments, status=2, stdin="").stderr


def test_a_name_that_says_no_format(run: Run, place: Path) -> None:
    (place / "planes.xyz").write_text(CSV)
    assert "'planes.xyz' doesn't say its format" in run("write", "silver.planes", "planes.xyz", status=2).stderr
    told = run("write", "silver.planes", "planes.xyz", "--format", "csw", status=1).stderr
    assert "did you mean 'csv'" in told


@pytest.mark.usefixtures("planes")
def test_an_upsert_takes_the_keys_of_the_catalog_or_its_own(run: Run) -> None:
    told = json.loads(run("upsert", "silver.planes", "newer.csv", "--json").stdout)
    assert (told["rows_inserted"], told["rows_updated"]) == (1, 1)
    assert rows(run)["N10156"] == 56
    run("upsert", "silver.planes", "planes.csv", "--keys", "tailnum", "--order-by", "year")
    assert rows(run)["N10156"] == 56  # the arrival is older
    assert "keys" in run("upsert", "silver.older", "newer.csv", status=1).stderr


@pytest.mark.usefixtures("planes")
def test_a_delete(run: Run) -> None:
    assert "deleted 1 row" in run("delete", "silver.planes", "--where", "year = 2004").stdout
    assert set(rows(run)) == {"N102UW", "N103US"}
    run("delete", "silver.planes", "--all")
    assert "silver.planes" in run("count", "silver.planes", status=1).stderr
    assert "is not there" in run("delete", "silver.planes", "--all", status=1).stderr


@pytest.mark.usefixtures("planes")
def test_a_move(run: Run) -> None:
    run("move", "silver.planes", "silver.older")
    assert len(rows(run, "silver.older")) == 3
    assert "silver.planes" in run("move", "silver.planes", "silver.older", status=1).stderr


@pytest.mark.usefixtures("planes")
def test_history(run: Run) -> None:
    run("upsert", "silver.planes", "newer.csv")
    versions = json.loads(run("history", "silver.planes", "--json").stdout)
    assert [version["operation"] for version in versions] == ["upsert", "create"]
    assert set(versions[0]) == {"version", "timestamp", "operation", "details"}
    shown = run("history", "silver.planes", "-n", "1").stdout
    assert "upsert" in shown
    assert "create" not in shown
    assert shown.endswith("the newest 1 of 2 versions\n")


# What each says with --dry-run, what the result then is, and the last line of the text.
PREVIEWS = [
    (["write", "silver.older", "planes.csv"], {"rows_inserted": 3}, "would insert 3 rows"),
    (["write", "silver.planes", "newer.csv", "--mode", "append"], {"rows_inserted": 2}, "would insert 2 rows"),
    (
        ["write", "silver.planes", "newer.csv", "--mode", "overwrite"],
        {"rows_inserted": 2},
        "would insert 2 rows, delete 3 rows",
    ),
    (["write", "silver.planes", "newer.csv", "--mode", "ignore"], {"rows_inserted": 0}, "would insert 0 rows"),
    (
        ["upsert", "silver.planes", "newer.csv"],
        {"rows_inserted": 1, "rows_updated": 1},
        "would insert 1 row, update 1 row",
    ),
    (
        ["upsert", "silver.planes", "planes.csv", "--order-by", "seats"],
        {"rows_inserted": 0, "rows_updated": 3},
        "would insert 0 rows, update 3 rows",
    ),
    (["upsert", "silver.older", "newer.csv", "--keys", "tailnum"], {"rows_inserted": 2}, "would insert 2 rows, update"),
    (["delete", "silver.planes", "--where", "seats > 100"], {"rows_deleted": 2}, "would delete 2 rows"),
    (["delete", "silver.planes", "--all"], {"rows_deleted": 3}, "would delete 3 rows"),
    (["copy", "silver.planes", "silver.older", "--limit", "2"], {"rows_inserted": 2}, "would insert 2 rows"),
    (["move", "silver.planes", "silver.older"], {"rows_inserted": 3}, "would insert 3 rows"),
    (["write", "bronze.notes", "planes.csv"], {}, "would write 1 file, 66 B"),
    (["write", "bronze.planes", "planes.csv", "--mode", "ignore"], {}, "would insert 3 rows"),
]


@pytest.mark.usefixtures("planes")
@pytest.mark.parametrize(("arguments", "expected", "told"), PREVIEWS, ids=lambda given: " ".join(given)[:40])
def test_a_dry_run_counts_what_happens_then_and_changes_nothing(
    run: Run, place: Path, arguments: list[str], expected: dict[str, int], told: str
) -> None:
    before = stored(place)
    text = run(*arguments, "--dry-run").stdout
    found = json.loads(run(*arguments, "--dry-run", "--json").stdout)
    assert stored(place) == before
    assert text.splitlines()[-1] == "nothing was changed"
    assert text.splitlines()[-2].startswith(told)
    assert found["dry_run"] is True
    assert found["explanation"]["action"] == arguments[0]
    done = json.loads(run(*arguments, "--json").stdout)
    assert {name: found[name] for name in expected} == expected
    assert all(done[name] in (expected[name], None) for name in expected)  # a store may move files and count no rows


def about(error: dict[str, str]) -> str:
    """The action and the object that an error is about; of a copy, which is two actions, the object."""
    told = error["message"].partition(":")[0].partition(" by ")[0]
    return re.sub("^(copy|move|read_stream) ", "", told)


@pytest.mark.usefixtures("planes")
@pytest.mark.parametrize(
    "arguments",
    [
        ["write", "silver.planes", "newer.csv"],
        ["write", "silver.planes", "other.csv", "--mode", "append"],
        ["write", "silver.planes", "wrong.csv", "--mode", "append"],
        ["write", "silver.planes", "newer.csv", "--arg", "partition_py=x"],
        ["upsert", "silver.planes", "twice.csv"],
        ["upsert", "silver.planes", "null.csv"],
        ["upsert", "silver.planes", "other.csv"],
        ["upsert", "silver.older", "newer.csv"],
        ["upsert", "silver.planes", "newer.csv", "--keys", "tail"],
        ["delete", "silver.planes", "--where", "wings = 2"],
        ["delete", "silver.older", "--all"],
        ["move", "silver.older", "silver.planes"],
        ["copy", "silver.older", "bronze.planes"],
    ],
    ids=" ".join,
)
def test_a_dry_run_refuses_what_is_refused_then(run: Run, place: Path, arguments: list[str]) -> None:
    (place / "other.csv").write_text("tailnum,wings\nN1,2\n")
    (place / "wrong.csv").write_text("tailnum,year,seats\nN1,2000,many\n")
    (place / "twice.csv").write_text(CSV + "N10156,2005,56\n")
    (place / "null.csv").write_text("tailnum,year,seats\n,2005,56\n")
    before = stored(place)
    first = json.loads(run(*arguments, "--dry-run", "--json", status=1).stderr)
    then = json.loads(run(*arguments, "--json", status=1).stderr)
    assert first["error"] == then["error"]
    assert about(first) == about(then)
    assert stored(place) == before


def test_a_dry_run_of_an_incremental_copy_says_what_else_does_it(run: Run) -> None:
    told = run("copy", "silver.planes", "silver.older", "--incremental", "--dry-run", status=2).stderr
    assert "dao explain" in told


@pytest.mark.usefixtures("planes")
@pytest.mark.parametrize(("answer", "status", "left"), [("n\n", 1, 3), ("\n", 1, 3), ("y\n", 0, 1)])
def test_on_a_terminal_a_delete_asks_first(
    run: Run, on_terminal: OnTerminal, answer: str, status: int, left: int
) -> None:
    found, shown = on_terminal("delete", "silver.planes", "--where", "seats > 100", answer=answer)
    assert found == status
    assert "delete 2 rows of silver.planes? [y/N]: " in shown
    assert ("nothing was deleted" in shown) is (status == 1)
    assert len(rows(run)) == left


@pytest.mark.usefixtures("planes")
def test_on_a_terminal_a_delete_that_said_yes_does_not_ask(on_terminal: OnTerminal) -> None:
    status, shown = on_terminal("delete", "silver.planes", "--all", "--yes")
    assert (status, "[y/N]" in shown) == (0, False)


def test_on_a_terminal_a_write_without_a_file_does_not_wait_for_one(on_terminal: OnTerminal) -> None:
    status, shown = on_terminal("write", "silver.planes", "--format", "csv")
    assert status == 2
    assert "Give a FILE" in shown


NO_QUESTIONS = """
class Sink:
    def write(self, data, data_object, *, mode="error"): ...
    def delete(self, data_object): ...
"""


def test_a_dry_run_in_a_store_that_can_t_be_asked(run: Run, place: Path) -> None:
    (place / "no_questions.py").write_text(NO_QUESTIONS)
    (place / "catalog.json").write_text(
        '{"sink": {"interface": "no_questions:Sink", "objects": {"t": {"type": "table"}}}}'
    )
    assert "would insert 3 rows" in run("write", "sink.t", "planes.csv", "--mode", "overwrite", "--dry-run").stdout
    shown = run("delete", "sink.t", "--all", "--dry-run").stdout
    assert "would delete an amount that only doing it tells" in shown
    sys.modules.pop("no_questions")


@pytest.mark.parametrize("name", ["write", "upsert", "delete", "copy", "move"])
def test_the_help_names_every_key_of_a_result(run: Run, name: str) -> None:
    told = run(name, "--help").stdout.partition("Keys of --json")[2].partition("Example")[0]
    assert {field.name for field in fields(WriteResult)} <= set(re.findall(r"\w+", told))
