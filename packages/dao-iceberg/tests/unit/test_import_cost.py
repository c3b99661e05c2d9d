"""Importing dao_iceberg, loading its plugin and making its stores import no driver, though all are here."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

DRIVERS = {"boto3", "numpy", "obstore", "pandas", "pyarrow", "pyiceberg", "sqlalchemy", "sqlglot"}

MAKE_A_STORE = """
from dao import DataStore
store = DataStore("lake", "iceberg", options={options!r})
store.interface, repr(store), repr(store.interface)
"""
USE_A_CATALOG = """
from dao import DataAccessObject
objects = {"users": {"type": "iceberg", "partition_by": ["country"]}, "orders": {"type": "s3.iceberg"}}
dao = DataAccessObject({"silver": {"interface": "iceberg", "options": {"root": "silver"}, "objects": objects}})
assert dao.catalog
"""


def modules_after(code: str) -> set[str]:
    """The names in sys.modules of a new process that ran `code`."""
    report = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code + report], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao_iceberg", id="import dao_iceberg"),
        pytest.param("import dao_iceberg._plugin", id="the plugin"),
        pytest.param(
            "import dao_iceberg; [getattr(dao_iceberg, name) for name in dao_iceberg.__all__]", id="public names"
        ),
        pytest.param(MAKE_A_STORE.format(options={"root": "lake"}), id="an interface"),
        pytest.param(USE_A_CATALOG, id="a catalog"),
    ],
)
def test_no_driver_is_imported(code: str) -> None:
    assert not modules_after(code) & DRIVERS


def test_the_check_would_notice() -> None:
    assert {"pyiceberg", "pyarrow"} <= modules_after("import pyiceberg.catalog, pyarrow") & DRIVERS
