"""`--dry-run` of the command counts what the action does then, in stores of every kind, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dao import DataAccessObject
from dao._cli.app import dao as command

STORES = {
    "local": {"root": "files"},
    "delta": {"root": "delta"},
    "iceberg": {"root": "iceberg"},
    "sqlite": {"database": "tables.db"},
}
CSV = "id,name\n1,Ada\n2,Linus\n3,Grace\n"
NEWER = "id,name\n3,Grace H.\n4,Barbara\n"


@pytest.fixture
def dao(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataAccessObject]:
    monkeypatch.chdir(tmp_path)
    people = {"people": {"type": "table", "keys": ["id"]}}
    catalog = {name: {"interface": name, "options": options, "objects": people} for name, options in STORES.items()}
    Path("catalog.json").write_text(json.dumps(catalog))
    Path("people.csv").write_text(CSV)
    Path("newer.csv").write_text(NEWER)
    with DataAccessObject("catalog.json") as made:
        yield made


def run(*arguments: str) -> dict[str, int | None]:
    done = CliRunner().invoke(command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    return {name: found[name] for name in ("rows_inserted", "rows_updated", "rows_deleted")}


def rows(dao: DataAccessObject, name: str) -> list[dict[str, object]]:
    return dao.read(name, into="pylist") if dao.exists(name) else []


@pytest.mark.parametrize("store", STORES)
def test_what_is_counted_is_what_is_done(dao: DataAccessObject, store: str) -> None:
    name = f"{store}.people"
    calls = [
        ["write", name, "people.csv"],
        ["write", name, "newer.csv", "--mode", "append", "--read-arg", "where=id = 4"],
        ["upsert", name, "newer.csv"],
        ["delete", name, "--where", "id < 3"],
        ["write", name, "people.csv", "--mode", "overwrite"],
        ["delete", name, "--all"],
    ]
    for call in calls:
        if call[0] == "upsert" and dao.capabilities(name).absence("upsert"):
            continue
        before = rows(dao, name)
        counted = run(*call, "--dry-run")
        assert rows(dao, name) == before
        done = run(*call)
        known = {what: count for what, count in counted.items() if count is not None and done[what] is not None}
        assert known == {what: done[what] for what in known}, call
        gained = (counted["rows_inserted"] or 0) - (counted["rows_deleted"] or 0)
        assert len(rows(dao, name)) == len(before) + gained, call
