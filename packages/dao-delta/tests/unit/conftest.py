"""A store of Delta tables in a folder of its own for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, TableObject

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests


@pytest.fixture
def lake(tmp_path):
    return DataStore("lake", "delta", options={"root": str(tmp_path / "lake")})


@pytest.fixture
def dao():
    return DataAccessObject()


@pytest.fixture
def table(lake):
    return TableObject("orders", lake)


@pytest.fixture
def path(tmp_path):
    """The folder of the table."""
    return str(tmp_path / "lake" / "orders")


@pytest.fixture
def files_read(monkeypatch):
    """The data files that are opened, by what is read of them: ``(key, columns)``, None for all columns."""
    from dao_delta._snapshots.stored import StoredFiles

    seen = []
    read = StoredFiles.read

    def noted(self, file, names=None):
        seen.append((file.key, None if names is None else tuple(names)))
        return read(self, file, names)

    monkeypatch.setattr(StoredFiles, "read", noted)
    return seen
