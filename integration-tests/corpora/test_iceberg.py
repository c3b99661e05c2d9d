"""Tables that Spark wrote, at every version, branch and tag: the rows that Spark reads of them.

`spark/make_iceberg_tables.py` makes them.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
import pytest
from spark.values import told

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import UnsupportedError

DAO = DataAccessObject()
ARCHIVE = Path(__file__).parent / "iceberg_tables.tar.xz"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, elsewhere than where Spark wrote them."""
    found = tmp_path_factory.mktemp("iceberg")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(found, filter="data")
    return found


@pytest.fixture(scope="module")
def store(folder: Path) -> DataStore:
    return DataStore("spark", "iceberg", options={"root": str(folder), "catalog": "hadoop"})


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What Spark reads of each table: now, of each version, of branches and tags."""
    found: dict[str, list[dict[str, Any]]] = json.loads((folder / "expected.json").read_text())
    return found


def chosen(state: dict[str, Any]) -> dict[str, Any]:
    """How a state is asked for."""
    return {name: state[name] for name in ("version", "branch", "tag") if name in state}


def rows_of(table: pa.Table) -> list[list[Any]]:
    """The rows as the expected ones are told."""
    columns = [[_told(value, one.type) for value in table[one.name].to_pylist()] for one in table.schema]
    return [list(row) for row in zip(*columns, strict=True)]


def _told(value: Any, kind: pa.DataType) -> Any:
    if value is not None and pt.is_map(kind):
        pairs = [[_told(key, kind.key_type), _told(one, kind.item_type)] for key, one in value]
        return {"map": sorted(pairs, key=repr)}
    if value is not None and pt.is_struct(kind):
        return {"struct": [[one.name, _told(value[one.name], one.type)] for one in kind]}
    if value is not None and pt.is_list(kind):
        return [_told(one, kind.value_type) for one in value]
    return told(value)


def test_every_state_of_every_table(store: DataStore, expected: dict[str, list[dict[str, Any]]]) -> None:
    assert {f"db/{key}" for key in expected} == {one.key for one in DAO.list(store)}
    read = 0
    for key, states in expected.items():
        table = TableObject(f"db/{key}", store)
        for state in states:
            found = DAO.read(table, **chosen(state))
            found.validate(full=True)
            assert found.column_names == state["columns"], (key, chosen(state))
            assert sorted(map(repr, rows_of(found))) == sorted(map(repr, state["rows"])), (key, chosen(state))
            assert DAO.count(table, **chosen(state)) == len(state["rows"])
            assert DAO.schema(table, **chosen(state)) == found.schema
            read += 1
    assert read > 65


def test_values_are_found(store: DataStore) -> None:
    """By the partitions and bounds that Spark noted, none is skipped that has them."""
    asked = 0
    for key in ("partitions_0", "partitions_1", "partitions_2", "specs_v1", "bounds", "names"):
        table = TableObject(f"db/{key}", store)
        rows = DAO.read(table)
        for name in rows.column_names:
            if pt.is_nested(rows.schema.field(name).type):
                continue
            values = rows[name].to_pylist()
            for value in {repr(one): one for one in values}.values():
                if isinstance(value, float) and value != value:
                    continue
                condition = f'"{name}" IS NULL' if value is None else [(name, "=", value)]
                assert DAO.count(table, where=condition) == values.count(value), (key, condition)
                asked += 1
                if value is not None and not isinstance(value, bool):
                    at_most = sum(one is not None and one <= value for one in values)
                    assert DAO.count(table, where=[(name, "<=", value)]) == at_most, (key, name, value)
    assert asked > 100


def test_changes_lead_from_every_version_to_the_next(store: DataStore, expected: dict[str, Any]) -> None:
    steps = 0
    for key in expected:
        table = TableObject(f"db/{key}", store)
        versions = [one.version for one in reversed(DAO.history(table))]
        now = DAO.schema(table)
        for since, until in pairwise(versions):
            old, new = (DAO.read(table, version=version) for version in (since, until))
            if old.schema != now or new.schema != now:
                continue  # changes have the columns of the newest version
            counts = Counter(map(repr, rows_of(old)))
            changes = DAO.read_changes(table, since=since, until=until)
            signs = [1 if one == "insert" else -1 for one in changes["_change_type"].to_pylist()]
            for sign, row in zip(signs, rows_of(changes.select(new.column_names)), strict=True):
                counts[repr(row)] += sign
            assert +counts == Counter(map(repr, rows_of(new))), (key, since, until)
            assert not -counts
            steps += 1
    assert steps > 15


def test_they_can_only_be_read(store: DataStore) -> None:
    with pytest.raises(UnsupportedError, match="read only"):
        DAO.write([{"id": 1, "p": 1}], TableObject("db/kept", store), mode="append")
