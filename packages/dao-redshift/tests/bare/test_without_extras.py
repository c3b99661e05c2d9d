"""What the package does without its extras."""

from __future__ import annotations

from dao.testing import modules_after


def test_importing_it_imports_no_driver():
    drivers = {"adbc_driver_manager", "pyarrow", "redshift_connector", "sqlglot"}
    assert not modules_after("import dao_redshift, dao_redshift._plugin") & drivers
