"""A catalog in a database that the options name, beside a folder of files."""

from __future__ import annotations

import pytest

from dao import DataAccessObject, DataStore
from dao.errors import ConfigError


def opened(tmp_path, uri, **more):
    options = {"root": str(tmp_path / "lake"), "uri": uri, **more}
    objects = {"items": {"type": "table"}}
    return DataAccessObject({"lake": {"interface": "iceberg", "options": options, "objects": objects}})


def test_a_file_of_sqlite_is_made_by_the_first_write(tmp_path):
    file = tmp_path / "catalogs" / "main.db"
    dao = opened(tmp_path, f"sqlite:///{file}")
    assert not dao.exists("lake.items")
    assert list(dao.list("lake")) == []
    assert not file.parent.exists()
    dao.write([{"id": 1}], "lake.items")
    assert file.exists()
    assert not (tmp_path / "lake" / ".dao").exists()
    again = opened(tmp_path, f"sqlite:///{file}")
    assert again.read("lake.items", into="pylist") == [{"id": 1}]
    assert [one.key for one in again.list("lake")] == ["items"]


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///:memory:", "sqlite:///main.db", "main.db", "nothing://here/x"])
def test_a_database_that_would_be_another_one_the_next_time_is_refused(tmp_path, uri):
    with pytest.raises(ConfigError, match="uri: found"):
        opened(tmp_path, uri).write([{"id": 1}], "lake.items")


@pytest.mark.parametrize("given", [{"token": "x"}, {"region": "eu"}, {"create": False}, {"namespace": "a/b"}])
def test_no_option_is_ignored_in_memory(given):
    assert DataStore("memory", "iceberg", options={"catalog": "memory"}).interface
    with pytest.raises(ConfigError, match=next(iter(given))):
        _ = DataStore("memory", "iceberg", options={"catalog": "memory", **given}).interface
