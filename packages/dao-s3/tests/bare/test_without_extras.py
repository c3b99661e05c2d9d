"""dao-s3 with no library but those that it asks for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import dao_s3
from dao import AlreadyExistsError, DataAccessObject, DataStore, NotFoundError


@pytest.fixture
def access(tmp_path: Path) -> DataAccessObject:
    """A store of objects in a folder, by the driver that also speaks to S3."""
    objects = {"notes": {"type": "s3.file", "suffix": ".txt"}, "pets": {"type": "s3.table", "format": "parquet"}}
    options = {"url": tmp_path.as_uri()}
    return DataAccessObject({"here": {"interface": "s3.obstore", "options": options, "objects": objects}})


def test_the_environment_is_bare() -> None:
    for library in ["pandas", "numpy", "polars", "duckdb", "yaml", "click"]:
        assert importlib.util.find_spec(library) is None, f"{library} is installed: this tests nothing"


def test_every_public_name_is_there() -> None:
    for name in dao_s3.__all__:
        assert getattr(dao_s3, name) is not None


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
def test_an_interface_can_be_made(interface: str) -> None:
    store = DataStore("lake", interface, options={"bucket": "lake", "access_key_id": "a", "secret_access_key": "b"})
    assert "lake" in repr(store.interface)


def test_bytes_go_in_and_come_out(access: DataAccessObject) -> None:
    access.write(b"first", "here.notes")
    assert access.read("here.notes", into="bytes") == b"first"
    access.write(b"second", "here.notes", mode="overwrite")
    assert access.read("here.notes", into="bytes") == b"second"
    with pytest.raises(AlreadyExistsError):
        access.write(b"third", "here.notes")
    access.delete("here.notes")
    with pytest.raises(NotFoundError):
        access.read("here.notes", into="bytes")


def test_a_table_goes_in_and_comes_out(access: DataAccessObject) -> None:
    access.write([{"name": "Rex"}], "here.pets")
    assert access.read("here.pets", into="pylist", where="name LIKE 'R%'") == [{"name": "Rex"}]
