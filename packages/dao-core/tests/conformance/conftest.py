"""The lakes beside the tests are imported by their names, also where pytest looks for examples in their docstrings."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

sys.path.insert(0, str(Path(__file__).parent))

from incremental_lakes import Lake, orders


@pytest.fixture
def bronze() -> Lake:
    return Lake()


@pytest.fixture
def silver() -> Lake:
    return Lake()


@pytest.fixture
def source(bronze: Lake) -> TableObject:
    return TableObject("orders", DataStore("bronze", bronze))


@pytest.fixture
def target(silver: Lake) -> TableObject:
    return TableObject("orders", DataStore("silver", silver))


@pytest.fixture
def dao(source: TableObject, target: TableObject) -> DataAccessObject:
    made = DataAccessObject(registry=DataStoreRegistry([source.data_store, target.data_store]))
    made.write(orders({1: "a", 2: "b", 3: "c"}), source)
    return made
