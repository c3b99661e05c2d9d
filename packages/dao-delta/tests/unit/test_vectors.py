"""Tables with deletion vectors, which Spark writes: what is hidden stays hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from delta_vectors import hide, with_vectors
from deltalake import DeltaTable

from dao import DataAccessObject, TableObject

DAO = DataAccessObject()


def paths(path: str) -> list[str]:
    """The data files by their smallest id."""
    files = pa.table(DeltaTable(path).get_add_actions(flatten=True))
    return [row["path"] for row in sorted(files.to_pylist(), key=lambda row: row["min.id"])]


def ids(table: TableObject, **arguments: Any) -> list[int]:
    return sorted(DAO.read(table, columns=["id"], **arguments)["id"].to_pylist())


@pytest.fixture(params=[True, False], ids=["in the log", "in files"])
def hidden(request: pytest.FixtureRequest, table: TableObject, path: str) -> TableObject:
    """A table of the ids 0 to 5 and 10 to 15 in two files, of which 1, 3 and 11 are hidden."""
    for begin in (0, 10):
        rows = pa.table({"id": pa.array(range(begin, begin + 6)), "v": ["old"] * 6})
        DAO.write(rows, table, mode="append")
    with_vectors(path)
    first, second = paths(path)
    hide(path, {first: [1], second: [1]}, inline=request.param)
    hide(path, {first: [1, 3]}, inline=request.param)
    assert ids(table) == [0, 2, 4, 5, 10, 12, 13, 14, 15]
    return table


def test_vacuum_keeps_the_vectors(hidden: TableObject, path: str) -> None:
    before = ids(hidden)
    DAO.write(pa.table({"id": [20], "v": ["x"]}), hidden, mode="append")
    DAO.run("compact", hidden)
    DAO.run("restore", hidden, version=4)
    kept = sorted(Path(path).rglob("*.bin"))
    DAO.run("vacuum", hidden, older_than=0, dry_run=False)
    assert sorted(Path(path).rglob("*.bin")) == kept
    assert ids(hidden) == before
