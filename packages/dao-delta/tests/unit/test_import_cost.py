"""Importing dao_delta, loading its plugin and making its stores import no driver, though all are here."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from dao import DataAccessObject, DataStore, TableObject
from dao.testing import modules_after

DRIVERS = {"arro3", "boto3", "deltalake", "numpy", "obstore", "pandas", "pyarrow", "sqlglot"}

MAKE_A_STORE = """
from dao import DataStore
store = DataStore("lake", "delta", options={options!r})
store.interface, repr(store), repr(store.interface)
"""
USE_A_CATALOG = """
from dao import DataAccessObject
objects = {"users": {"type": "delta", "partition_by": ["country"]}, "orders": {"type": "s3.delta"}}
dao = DataAccessObject({"silver": {"interface": "delta", "options": {"root": "silver"}, "objects": objects}})
assert dao.catalog
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao_delta", id="import dao_delta"),
        pytest.param("import dao_delta._plugin", id="the plugin"),
        pytest.param("import dao_delta; [getattr(dao_delta, name) for name in dao_delta.__all__]", id="public names"),
        pytest.param(MAKE_A_STORE.format(options={"root": "lake"}), id="an interface"),
        pytest.param(USE_A_CATALOG, id="a catalog"),
    ],
)
def test_no_driver_is_imported(code: str) -> None:
    assert not modules_after(code) & DRIVERS


READ = """
from dao import DataAccessObject, DataStore, TableObject
dao, store = DataAccessObject(), DataStore("lake", "delta", options={{"root": {root!r}}})
items = TableObject("items", store)
{call}
"""


@pytest.mark.parametrize(
    "call",
    ["dao.read(items)", "[*dao.read_stream(items)]", "dao.count(items)", "dao.read_changes(items, since=0)"],
)
@pytest.mark.parametrize("writer", ["dao", "deltalake"])
def test_a_first_read_imports_no_pandas(writer: str, call: str, tmp_path: Path) -> None:
    """pyarrow does for each scalar that it makes, which takes longer than all else."""
    items = TableObject("items", DataStore("lake", "delta", options={"root": str(tmp_path)}))
    for day in (1, 2):
        rows = pa.table({"day": [date(2026, 1, day)], "kind": ["a"], "at": [datetime(2026, 1, day)]})
        if writer == "dao":
            DataAccessObject().write(rows, items, mode="append", partition_by=["day", "kind"] if day == 1 else None)
        else:
            write_deltalake(tmp_path / "items", rows, mode="append", partition_by=["day", "kind"])
    assert "pandas" not in modules_after(READ.format(root=str(tmp_path), call=call))


def test_the_check_would_notice() -> None:
    assert {"deltalake", "pyarrow"} <= modules_after("import deltalake, pyarrow") & DRIVERS
