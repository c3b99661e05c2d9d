"""Importing dao_sql and loading its plugin imports no driver, though all are here."""

from __future__ import annotations

import pytest

from dao.testing import modules_after

DRIVERS = {"adbc_driver_manager", "boto3", "numpy", "obstore", "pandas", "pyarrow", "redshift_connector", "sqlglot"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao_sql", id="import dao_sql"),
        pytest.param("import dao_sql._plugin", id="the plugin"),
        pytest.param("import dao_sql; dao_sql.SqlInterface", id="the base of interfaces"),
    ],
)
def test_no_driver_is_imported(code: str) -> None:
    assert not modules_after(code) & DRIVERS
