"""A table of a format that is more than files is left alone by what knows files alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dao.data_object import DirectoryObject, TableObject
from dao.errors import UnsupportedError
from dao.interface import TableFormat
from dao_files import FilesInterface
from dao_files._actions import places


class LakeTable(TableObject):
    type_name = "lake.table"
    table_format = "lake"


class _Plugins:
    table_format_names = frozenset({"lake", "parquet"})

    def table_format(self, name: str) -> TableFormat:
        return TableFormat(name)


CALLS: dict[str, Callable[[FilesInterface, Any], object]] = {
    "write": lambda store, it: store.write([{"id": 1}], it, mode="append"),
    "write_bytes": lambda store, it: store.write_bytes(b"x", it),
    "read": lambda store, it: store.read(it),
    "delete": lambda store, it: store.delete(it),
    "list": lambda store, it: store.list(it),
    "exists": lambda store, it: store.exists(it),
    "copy": lambda store, it: store.copy(it, TableObject("copy")),
    "copy to it": lambda store, it: store.copy(TableObject("plain"), it),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_it_is_refused(
    store: FilesInterface, call: Callable[[FilesInterface, Any], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "default_plugins", _Plugins)
    store.write([{"id": 1}], TableObject("plain"))
    for it in (LakeTable("orders"), LakeTable("orders", format="parquet"), TableObject("orders", format="lake")):
        with pytest.raises(UnsupportedError, match="of the format 'lake', which is more than files"):
            call(store, it)
    assert [info.key.split("/")[0] for info in store.list(DirectoryObject("all", key=""))] == ["plain"]


def test_a_format_of_files_is_one_whoever_claims_it(store: FilesInterface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "default_plugins", _Plugins)
    table = TableObject("orders", format="parquet")
    store.write([{"id": 1}], table)
    assert store.read(table)["id"].to_pylist() == [1]
