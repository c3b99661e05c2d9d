"""`import dao`, its door's names and every plugin module are cheap: no driver and no data library comes with them."""

from __future__ import annotations

import pytest

from dao.testing import modules_after

HEAVY = {
    *("boto3", "botocore", "deltalake", "obstore", "pyiceberg", "pyspark"),
    *("cattrs", "click", "duckdb", "fastavro", "hypothesis", "numpy", "pandas", "polars", "pyarrow", "pydantic"),
    *("pytest", "rich", "sqlglot", "yaml"),
}

LOAD_PLUGINS = """
from importlib.metadata import entry_points
loaded = [entry.load() for entry in entry_points(group="dao")]
assert loaded, "dao-core is not installed: its entry point is missing"
"""

USE_A_CATALOG = """
from dao import DataAccessObject
dao = DataAccessObject({"tmp": {"interface": "memory", "objects": {"pets": {"type": "table", "format": "parquet"}}}})
assert dao.catalog
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao", id="import dao"),
        pytest.param("from dao import DataAccessObject, AsyncDataAccessObject", id="the actions"),
        pytest.param("from dao import DataObject, DataStore, DataStoreRegistry, Catalog", id="stores and objects"),
        pytest.param("import dao; [getattr(dao, name) for name in dao.__all__]", id="every public name"),
        pytest.param("import dao._core.dao, dao.data_object, dao.data_store", id="the long import paths"),
        pytest.param(LOAD_PLUGINS, id="every plugin module"),
        pytest.param(USE_A_CATALOG, id="a catalog given as a dict"),
    ],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    assert not modules_after(code) & HEAVY


def test_the_door_itself_imports_next_to_nothing() -> None:
    assert {name for name in modules_after("import dao") if name.startswith("dao.")} == {"dao.lazy"}


def test_the_actions_import_what_a_call_needs_with_the_first_object() -> None:
    found = modules_after("from dao import DataAccessObject")
    late = {"dao.catalog", "dao.options", "dao.results", "dao.progress", "dao._core.execute", "dao.plugins"}
    assert not found & {*late, "datetime", "hashlib", "html", "logging", "pathlib", "uuid"}
    assert len({name for name in found if name.startswith("dao.")}) <= 13, "each costs as much as one of attrs"
    assert {*late} - {"dao.progress"} <= modules_after("from dao import DataAccessObject; DataAccessObject({})")


def test_the_check_would_notice() -> None:
    assert "pyarrow" in modules_after("import pyarrow") & HEAVY
