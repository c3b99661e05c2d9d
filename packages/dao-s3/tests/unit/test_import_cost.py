"""Importing dao_s3, loading its plugin and making its interfaces and stores import no driver, though all are here."""

from __future__ import annotations

import pytest

from dao.testing import modules_after

DRIVERS = {"awscrt", "boto3", "botocore", "numpy", "obstore", "pandas", "pyarrow", "s3transfer", "sqlglot"}

MAKE_A_STORE = """
from dao import DataStore
store = DataStore("lake", {interface!r}, options={options!r})
store.interface, repr(store), repr(store.interface)
"""
USE_A_CATALOG = """
from dao import DataAccessObject
options = {"bucket": "lake", "prefix": "raw", "access_key_id": "someone", "secret_access_key": "hidden"}
objects = {"users": {"type": "s3.table", "format": "parquet"}, "note": {"type": "s3.file"}}
dao = DataAccessObject({"raw": {"interface": "s3", "options": options, "objects": objects}})
assert dao.catalog
"""
LOGIN = {"access_key_id": "someone", "secret_access_key": "hidden"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao_s3", id="import dao_s3"),
        pytest.param("import dao_s3._plugin", id="the plugin"),
        pytest.param("import dao_s3; [getattr(dao_s3, name) for name in dao_s3.__all__]", id="every public name"),
        pytest.param(
            MAKE_A_STORE.format(interface="s3", options={"bucket": "lake", **LOGIN}), id="an interface on boto3"
        ),
        pytest.param(
            MAKE_A_STORE.format(interface="s3.obstore", options={"bucket": "lake", **LOGIN}),
            id="an interface on obstore",
        ),
        pytest.param(USE_A_CATALOG, id="a catalog"),
    ],
)
def test_no_driver_is_imported(code: str) -> None:
    assert not modules_after(code) & DRIVERS


def test_the_check_would_notice() -> None:
    assert {"boto3", "obstore", "pyarrow"} <= modules_after("import boto3, obstore, pyarrow") & DRIVERS
