"""Where the public conformance data is: DAO_CONFORMANCE_DATA, else ../shared/conformance beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpora(repository: Path) -> Path:
    """The folder with csv-spectrum, json-test-suite and parquet-testing; skips where there is none."""
    named = os.environ.get("DAO_CONFORMANCE_DATA")
    folder = Path(named) if named else repository.parent / "shared" / "conformance"
    if not folder.is_dir():
        pytest.skip(f"no conformance data at {folder}; DAO_CONFORMANCE_DATA names its folder")
    return folder
