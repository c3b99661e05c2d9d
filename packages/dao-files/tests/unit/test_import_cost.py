"""Importing what reads and writes files imports no pandas, which pyarrow does to make an array of a list."""

from __future__ import annotations

import pytest

from dao.testing import modules_after


@pytest.mark.parametrize("module", ["formats", "_actions.merging", "_actions.upsert", "_actions.reading", "manifest"])
def test_no_pandas_is_imported(module: str) -> None:
    code = f"import dao.tables, dao_files.{module}, dao.tables._nets"
    assert "pandas" not in modules_after(code)


def test_the_check_would_notice() -> None:
    assert "pandas" in modules_after("import pyarrow; pyarrow.array([1])")
