"""``history``: numbers and times of versions as the log has them, and versions that it doesn't have any more."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import NotFoundError

DAO = DataAccessObject()


@pytest.fixture
def table(tmp_path: Path) -> TableObject:
    """A table of four commits."""
    made = TableObject("table", DataStore("lake", "delta", options={"root": str(tmp_path)}))
    for number in range(4):
        DAO.write(pa.table({"id": [number]}), made, mode="append")
    return made


def log(folder: Path) -> Path:
    return folder / "table" / "_delta_log"


def set_info(folder: Path, version: int, info: dict[str, Any] | None) -> None:
    file = log(folder) / f"{version:020d}.json"
    lines = [line for line in file.read_text().splitlines() if "commitInfo" not in line]
    file.write_text("\n".join([*([] if info is None else [json.dumps({"commitInfo": info})]), *lines]))


def numbers(table: TableObject) -> list[Any]:
    return [version.version for version in DAO.history(table)]


def test_a_commit_without_information_keeps_its_number(table: TableObject, tmp_path: Path) -> None:
    set_info(tmp_path, 2, None)
    found = DAO.history(table)
    assert [version.version for version in found] == [3, 2, 1, 0]
    assert found[1].operation is None
    assert found[1].timestamp == datetime.fromtimestamp((log(tmp_path) / f"{2:020d}.json").stat().st_mtime, UTC)


def test_times_are_in_utc_and_those_of_the_commit_where_it_has_them(table: TableObject, tmp_path: Path) -> None:
    set_info(tmp_path, 1, {"timestamp": 1_000, "operation": "WRITE", "operationParameters": {"mode": "Append"}})
    set_info(tmp_path, 2, {"timestamp": 5_000, "inCommitTimestamp": 2_001, "operation": "WRITE"})
    found = {version.version: version for version in DAO.history(table)}
    assert found[1].timestamp == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert found[1].details == {"mode": "Append"}
    assert found[2].timestamp == datetime(1970, 1, 1, 0, 0, 2, 1_000, tzinfo=UTC)
    assert DAO.count(table, as_of="1970-01-01T00:00:02") == 2
    assert DAO.count(table, as_of="1970-01-01T00:00:03") == 3


def test_versions_that_the_log_has_no_more(table: TableObject, tmp_path: Path) -> None:
    DeltaTable(str(tmp_path / "table"), version=2).create_checkpoint()
    (log(tmp_path) / f"{1:020d}.json").unlink()
    assert numbers(table) == [3, 2, 0]
    assert [DAO.count(table, version=version) for version in (3, 2, 0)] == [4, 3, 1]
    with pytest.raises(NotFoundError, match="does not have version 1 any more"):
        DAO.read(table, version=1)
    for version in (0, 2):
        (log(tmp_path) / f"{version:020d}.json").unlink()
    assert numbers(table) == [3, 2]
    assert DAO.history(table)[1].timestamp is None
    with pytest.raises(NotFoundError, match="the oldest that it has is 2"):
        DAO.read(table, version=0)


@pytest.mark.parametrize("version", [4, 2**70, -1])
def test_versions_that_never_were(table: TableObject, version: Any) -> None:
    with pytest.raises(NotFoundError, match="there is no version"):
        DAO.read(table, version=version)
