"""Keys are refused before anything is asked of the server, or are taken exactly as they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from attrs import frozen
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer

from dao import DataAccessObject, DataError, DataStore, DataStoreRegistry
from dao_s3 import S3DirectoryObject, S3FileObject, S3TableObject
from s3.looking import keys_in
from s3.stores import INTERFACES, store_of

REFUSED = {
    "parent": "../outside",
    "parent inside": "a/../b",
    "parent at the end": "a/..",
    "parent encoded": "a/%2e%2e/b",
    "parent half encoded": "a/.%2E/b",
    "dot": "a/./b",
    "empty part": "a//b",
    "two slashes first": "//a",
    "slash first": "/a",
    "NUL": "a\0b",
    "backslash": "a\\b",
    "parent by backslash": "..\\a",
    "half a character": "a\udcffb",
    "own folder": "a/.dao/manifest.json",
    "1,025 bytes": "/".join(["k" * 203] * 4 + ["k" * 205]),
    "1,028 bytes of 514 letters": "/".join(["é" * 100] * 5) + "é" * 10,
}
EXACT = {
    "encoded slash": "a%2fb",
    "encoded dots in a word": "a%2e%2eb",
    "percent": "100%",
    "dots in a word": "a..b/...",
    "composed": unicodedata.normalize("NFC", "é"),
    "decomposed": unicodedata.normalize("NFD", "é"),
    "space": " a b ",
    "plus and friends": "a+b?c#d&e=f;g:h@i,j!k$l'm(n)*",
    "upper case": "KEY",
    "lower case": "key",
    "another script": "日本語/🦆",
    "1,024 bytes": "/".join(["k" * 203] * 4 + ["k" * 204]),
}
PREFIX = "kit"
"""Counts too: a key has 1,024 bytes at most, `kit/` included."""


@frozen
class Place:
    """An empty store behind the proxy, and where it really is."""

    interface: str
    dao: DataAccessObject
    store: DataStore
    proxy: FaultProxy
    server: ObjectServer
    bucket: str


@pytest.fixture(params=INTERFACES)
def place(
    request: pytest.FixtureRequest, object_server: ObjectServer, proxied: ObjectServer, proxy: FaultProxy, bucket: str
) -> Iterator[Place]:
    store = store_of(request.param, proxied, bucket, prefix=PREFIX)
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        yield Place(request.param, dao, store, proxy, object_server, bucket)


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED.keys())
def test_refused_before_anything_is_asked(place: Place, key: str) -> None:
    dao, before = place.dao, place.proxy.requests
    file, table = S3FileObject("any", place.store, key=key), S3TableObject("any", place.store, key=key, format="csv")
    fine = S3FileObject("fine", place.store)
    calls = [
        lambda: dao.read(file, into="bytes"),
        lambda: dao.write(b"x", file, mode="overwrite"),
        lambda: dao.write(b"x", fine, path=key, mode="overwrite"),
        lambda: dao.read(fine, into="bytes", path=key),
        lambda: dao.delete(S3DirectoryObject("any", place.store, key=key)),
        lambda: dao.exists(file),
        lambda: list(dao.list(file)),
        lambda: dao.read(table),
        lambda: dao.write([{"a": 1}], table, mode="overwrite"),
        lambda: dao.run("presign", file),
    ]
    for call in calls:
        with pytest.raises(DataError):
            call()
    assert place.proxy.requests == before
    assert keys_in(place.server, place.bucket) == []


@pytest.mark.parametrize("key", EXACT.values(), ids=EXACT.keys())
def test_taken_exactly(place: Place, key: str) -> None:
    file = S3FileObject("any", place.store, key=key)
    place.dao.write(b"content", file)
    assert keys_in(place.server, place.bucket) == [f"{PREFIX}/{key}"]
    assert place.dao.read(file, into="bytes") == b"content"
    assert [info.key for info in place.dao.list(place.store)] == [key]
    place.dao.copy(file, S3FileObject("copy", place.store))
    assert place.dao.read(S3FileObject("copy", place.store), into="bytes") == b"content"
    place.dao.delete(file)
    assert keys_in(place.server, place.bucket) == [f"{PREFIX}/copy"]


def test_a_control_character_is_taken(place: Place) -> None:
    # A tab and not a new line, which moto's server finds no way to answer for.
    file = S3FileObject("any", place.store, key="a\tb")
    place.dao.write(b"content", file)
    assert keys_in(place.server, place.bucket) == [f"{PREFIX}/a\tb"]
    assert place.dao.read(file, into="bytes") == b"content"


def test_what_looks_alike_stays_apart(place: Place) -> None:
    alike = ["key", "KEY", EXACT["composed"], EXACT["decomposed"], "a%2fb", "a/b", "a%2Fb"]
    for number, key in enumerate(alike):
        place.dao.write(bytes([number]), S3FileObject("any", place.store, key=key))
    for number, key in enumerate(alike):
        assert place.dao.read(S3FileObject("any", place.store, key=key), into="bytes") == bytes([number])
    assert sorted(keys_in(place.server, place.bucket)) == sorted(f"{PREFIX}/{key}" for key in alike)


def test_a_beginning_is_no_folder(place: Place) -> None:
    for key in ("sales/2025.csv", "sales2/2025.csv", "sales.csv"):
        place.dao.write(b"x", S3FileObject("any", place.store, key=key))
    folder = S3DirectoryObject("sales", place.store)
    assert [info.key for info in place.dao.list(folder)] == ["sales/2025.csv"]
    place.dao.delete(folder)
    left = [key for key in keys_in(place.server, place.bucket) if not key.endswith(".dao/manifest.json")]
    assert sorted(left) == [f"{PREFIX}/sales.csv", f"{PREFIX}/sales2/2025.csv"]
