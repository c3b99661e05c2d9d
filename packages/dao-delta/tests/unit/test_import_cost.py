"""Importing dao_delta, loading its plugin and making its stores import no driver, though all are here."""

from __future__ import annotations

import pytest

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


def test_the_check_would_notice() -> None:
    assert {"deltalake", "pyarrow"} <= modules_after("import deltalake, pyarrow") & DRIVERS
