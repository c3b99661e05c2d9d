"""A manifest is read as what anybody may have written into its place."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dao import DataStore, TableObject
from dao.errors import DaoError, StoreError, UnsupportedError
from dao.testing._malformed import malformed, misshapen
from dao_files import FilesInterface, Storage
from dao_files.manifest import ManifestStorage
from dao_files.manifest._manifest import Busy, Gone, Manifest
from dao_files.testing import FaultyTransport

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RIGHT = Manifest(
    "c2",
    ("c1",),
    {"a.csv": "a.csv", "b.csv": ".dao/new/b.csv"},
    {"old.csv": Gone("e", NOW), "older.csv": Gone(None, None)},
    {"b.csv": Busy(NOW, "f")},
    b"{}\n",
)


def test_it_comes_back() -> None:
    assert Manifest.from_bytes(RIGHT.to_bytes(), "t") == RIGHT


@pytest.mark.parametrize("content", list(malformed()), ids=lambda content: repr(content[:20]))
def test_what_is_no_manifest_is_damaged(content: bytes) -> None:
    with pytest.raises(StoreError, match="'t' is damaged"):
        Manifest.from_bytes(content, "t")


def test_every_wrong_part_is_damaged_or_as_good_as_missing() -> None:
    refused = 0
    for content in misshapen(json.loads(RIGHT.to_bytes())):
        try:
            Manifest.from_bytes(content, "t").to_bytes()
        except (StoreError, UnsupportedError):
            refused += 1
    assert refused > 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"files": [["a.csv", "../b.csv"]]}, "names no file of this directory"),
        ({"files": [["a.csv", "/b.csv"]]}, "names no file of this directory"),
        ({"files": [[["a"], "a"]]}, "names no file"),
        ({"files": {"a": "b"}}, "files: found dict, expected list"),
        ({"files": "ab"}, "files: found str"),
        ({"recent": "ab"}, "recent: found str"),
        ({"busy": [["a", "2026-01-01T00:00:00", None]]}, "no time zone"),
        ({"gone": [["a", 1, None]]}, "gone: found an entry of another shape"),
        ({"log": 1}, "log: found int"),
        ({"commit": None}, "commit: found NoneType"),
        ({"dao_manifest": float("inf")}, "Infinity is no JSON"),
        ({"dao_manifest": True}, "dao_manifest: found bool"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], reason: str) -> None:
    content = json.dumps({**json.loads(RIGHT.to_bytes()), **change}).encode()
    with pytest.raises(StoreError, match=reason):
        Manifest.from_bytes(content, "t")


class OverFake(FilesInterface):
    def __init__(self) -> None:
        self._storage = ManifestStorage(FaultyTransport())

    @property
    def storage(self) -> Storage:
        return self._storage


def test_calls_on_a_table_with_a_damaged_manifest() -> None:
    interface = OverFake()
    table = TableObject("t", DataStore("lake", interface), format="csv")
    interface.write([{"a": 1}], table, format="csv")
    transport = interface.storage.transport
    for content in malformed():
        transport.put("t/.dao/manifest.json", content)
        for call in (
            lambda: interface.read(table, format="csv"),
            lambda: interface.exists(table),
            lambda: list(interface.list(table)),
            lambda: interface.write([{"a": 2}], table, format="csv", mode="append"),
            lambda: interface.delete(table),
        ):
            with pytest.raises(DaoError, match="damaged"):
                call()
