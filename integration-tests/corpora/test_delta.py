"""The tables of delta-rs: the stated rows, each version as its log counts it, typed errors where files are missing."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import NotFoundError, StoreError, UnsupportedError

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
