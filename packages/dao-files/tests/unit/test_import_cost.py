"""Importing what reads and writes files imports no pandas, which pyarrow does to make an array of a list."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["formats", "_actions.merging", "_actions.upsert", "_actions.reading", "manifest"])
def test_no_pandas_is_imported(module: str) -> None:
    code = f"import sys, dao.tables, dao_files.{module}; import dao.tables._nets; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], timeout=60).returncode == 0
