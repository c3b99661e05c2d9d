"""Keys are that table's and no other's, or are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from s3.looking import keys_in
from s3.stores import options_of
from services.minio import ObjectServer

from dao import DataAccessObject, DataError, DataStore
from dao_delta import DeltaObject

PREFIX = "pre fix é+%"
EXACT = {
    "percent": "100%",
    "percent before a letter": "a%zz",
    "percent before a digit": "a%2",
    "composed": unicodedata.normalize("NFC", "é"),
    "decomposed": unicodedata.normalize("NFD", "é"),
    "space": " a b ",
    "plus and friends": "a+b?c#d&e=f;g:h@i,j!k$l'm(n)*",
    "brackets and bars": '[a]{b}<c>|^`~"',
    "dots in a word": "a..b/...",
    "upper case": "KEY",
    "another script": "日本語/🦆",
}
REFUSED = {
    "encoded": "a%41",
    "encoded slash": "a%2fb",
    "control character": "a\tb",
    "parent": "../outside",
    "empty part": "a//b",
    "backslash": "a\\b",
    "NUL": "a\0b",
}


@pytest.fixture
def store(object_server: ObjectServer, bucket: str) -> Iterator[DataStore]:
    with DataStore("lake", "delta", options=options_of(object_server, bucket, prefix=PREFIX)) as store:
        yield store


@pytest.mark.parametrize("key", EXACT.values(), ids=EXACT.keys())
def test_taken_exactly(store: DataStore, object_server: ObjectServer, bucket: str, key: str) -> None:
    dao, table = DataAccessObject(), DeltaObject("any", store, key=key)
    odd = ["x y", "é%25 +#", "a/b=c"]
    dao.write([{"id": 0, "part": odd[0]}], table, partition_by="part")
    for number, part in enumerate(odd[1:], 1):
        dao.write([{"id": number, "part": part}], table, mode="append")
    assert {row["part"]: row["id"] for row in dao.read(table, into="pylist")} == dict(zip(odd, range(3), strict=True))
    assert dao.read(table, where="part = 'x y'")["id"].to_pylist() == [0]
    assert dao.run("checkpoint", table) is not None
    assert dao.count(table) == 3
    assert [info.key for info in dao.list(store)] == [key]
    assert all(found.startswith(f"{PREFIX}/{key}/") for found in keys_in(object_server, bucket))


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED.keys())
def test_refused(store: DataStore, object_server: ObjectServer, bucket: str, key: str) -> None:
    dao, table = DataAccessObject(), DeltaObject("any", store, key=key)
    calls = (
        lambda: dao.write([{"id": 1}], table),
        lambda: dao.read(table),
        lambda: dao.exists(table),
        lambda: dao.history(table),
        lambda: dao.delete(table),
    )
    for call in calls:
        with pytest.raises(DataError):
            call()
    assert keys_in(object_server, bucket) == []
