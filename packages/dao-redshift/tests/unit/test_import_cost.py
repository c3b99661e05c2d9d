"""Importing dao_redshift and loading its plugin imports no driver, though all are here."""

from __future__ import annotations

import pytest

from dao.testing import modules_after

DRIVERS = {"adbc_driver_manager", "boto3", "numpy", "obstore", "pandas", "pyarrow", "redshift_connector", "sqlglot"}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import dao_redshift", id="import dao_redshift"),
        pytest.param("import dao_redshift._plugin", id="the plugin"),
        pytest.param("import dao_redshift as d; [getattr(d, name) for name in d.__all__]", id="public names"),
    ],
)
def test_no_driver_is_imported(code: str) -> None:
    assert not modules_after(code) & DRIVERS
