"""The tables of delta-rs: the stated rows, each version as its log counts it, typed errors where files are missing."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DaoError, NotFoundError, StoreError, UnsupportedError

DAO = DataAccessObject()
REFUSED = {
    "simple_table_features": StoreError,  # features of reader version 3 under another version
    "spark-shredded-variant-preview-delta": UnsupportedError,
}
WITHOUT_FILES = {
    "checkpoint_with_partitions", "checkpoints", "checkpoints_vacuumed", "latest_not_checkpointed",
    "spark-variant-stable-feature-checkpoint", "table-with-domain-metadata", "with_checkpoint_no_last_checkpoint",
}  # fmt: skip
DAMAGED_VERSIONS = {("delta-live-table", 0)}  # its metadata has no schema


@pytest.fixture(scope="module")
def store(corpora: Path) -> DataStore:
    """The folder of the tables."""
    return DataStore("delta-rs", "delta", options={"root": str(corpora / "delta-rs" / "data")})


def keys(corpora: Path) -> list[str]:
    root = corpora / "delta-rs" / "data"
    return sorted(str(log.parent.relative_to(root)) for log in root.rglob("_delta_log"))


def texts(column: pa.ChunkedArray) -> list[Any]:
    """Values, timestamps as the expected texts have them."""
    return [str(value) if hasattr(value, "year") else value for value in column.to_pylist()]


def test_stated_cases(corpora: Path, store: DataStore) -> None:
    cases = json.loads((corpora / "delta-rs" / "expected.json").read_text())
    assert len(cases) == 14
    for case in cases:
        table = TableObject(case["table"], store)
        found = DAO.read(table, **({} if case["version"] is None else {"version": case["version"]}))
        found.validate(full=True)
        if case["order_by"]:
            found = found.sort_by(case["order_by"])
        for name, values in case["expected"].items():
            assert texts(found[name]) == values, (case["table"], name)
        if case["rows"] is not None:
            assert found.num_rows == case["rows"] == DAO.count(table), case["table"]
        if case["latest_version"] is not None:
            assert DAO.history(table)[0].version == case["latest_version"]


def test_every_version_of_every_table(corpora: Path, store: DataStore) -> None:
    read = 0
    for key in keys(corpora):
        table = TableObject(key, store)
        if key in REFUSED:
            with pytest.raises(REFUSED[key]):
                DAO.read(table)
            continue
        versions = [version.version for version in DAO.history(table)]
        assert versions == sorted(versions, reverse=True), key
        for version in versions:
            if (key, version) in DAMAGED_VERSIONS:
                with pytest.raises(StoreError):
                    DAO.read(table, version=version)
            elif key in WITHOUT_FILES:
                with suppress(NotFoundError):  # versions before the first file have no rows
                    assert DAO.read(table, version=version).num_rows == 0
            else:
                found = DAO.read(table, version=version)
                found.validate(full=True)
                assert found.num_rows == DAO.count(table, version=version), (key, version)
                read += 1
    assert read > 150


def counted(rows: list[dict[str, Any]], names: list[str]) -> Counter[str]:
    return Counter(repr([row.get(name) for name in names]) for row in rows)


def test_changes_lead_from_every_version_to_the_next(corpora: Path, store: DataStore) -> None:
    """Feeds, differences, deletion vectors and removals of old writers."""
    steps = 0
    for key in keys(corpora):
        if key in REFUSED or key in WITHOUT_FILES:
            continue
        table = TableObject(key, store)
        versions = [
            version.version
            for version in reversed(DAO.history(table))
            if (key, version.version) not in DAMAGED_VERSIONS
        ]
        for since, until in pairwise(versions):
            old, new = (DAO.read(table, version=version) for version in (since, until))
            if set(old.column_names) - set(new.column_names):
                continue  # renamed
            now = counted(old.to_pylist(), new.column_names)
            for change in DAO.read_changes(table, since=since, until=until).to_pylist():
                sign = 1 if change["_change_type"] in ("insert", "update_after") else -1
                now[repr([change[name] for name in new.column_names])] += sign
            assert {row: count for row, count in now.items() if count} == counted(new.to_pylist(), new.column_names), (
                key
            )
            steps += 1
    assert steps > 90


def test_changes_are_those_of_the_feed(corpora: Path, store: DataStore) -> None:
    kinds = {"update_preimage": "update_before", "update_postimage": "update_after"}
    read = 0
    for key in keys(corpora):
        try:
            found = DAO.read_changes(TableObject(key, store))
        except DaoError:
            continue
        if found.schema.metadata[b"dao.changes"] != b"feed":
            continue
        oldest = DAO.history(TableObject(key, store))[-1].version
        feed = pa.table(DeltaTable(str(corpora / "delta-rs" / "data" / key)).load_cdf(starting_version=oldest))
        expected = [
            {
                **row,
                "_change_type": kinds.get(row["_change_type"], row["_change_type"]),
                "_version": row["_commit_version"],
            }
            for row in feed.to_pylist()
        ]
        names = [name for name in found.column_names if name != "_timestamp"]
        assert counted(found.to_pylist(), names) == counted(expected, names), key
        read += 1
    assert read >= 6


@pytest.mark.parametrize("key", ["table-with-dv-small", "table_with_deletion_logs", "cdf-table-with-cdc-and-dvs"])
def test_files_with_deletion_vectors_are_replaced(corpora: Path, tmp_path: Path, key: str) -> None:
    """By a delete and an upsert: the rows that Spark has deleted stay so, for deltalake too."""
    shutil.copytree(corpora / "delta-rs" / "data" / key, tmp_path / key)
    table = TableObject(key, DataStore("copied", "delta", options={"root": str(tmp_path)}))
    name = DAO.schema(table).names[0]
    rows = sorted(DAO.read(table).to_pylist(), key=repr)
    gone = rows.pop()
    assert DAO.delete(table, where=[(name, "=", gone[name])]).rows_deleted == 1
    assert DAO.upsert(pa.Table.from_pylist(rows[:2], DAO.schema(table)), table, keys=name).rows_updated == 2
    assert sorted(DAO.read(table).to_pylist(), key=repr) == rows
    assert DAO.write(DAO.schema(table).empty_table(), table, mode="overwrite").rows_deleted == len(rows)
    assert not pa.table(DeltaTable(str(tmp_path / key)).get_add_actions()).num_rows
