"""Objects and tables on Azure: the same actions and results, with another URL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyarrow as pa
import pytest

from azure.azurite import BlobServer
from dao import AsyncDataAccessObject, DataAccessObject, DataStore
from dao.data_object import FileObject, TableObject
from dao.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UnsupportedError,
)
from dao_files.manifest._transport import ObjectSettings, Transport

pytestmark = pytest.mark.xdist_group("azure")  # one emulator for all of them

ROWS = pa.table({"id": [1, 2, 3], "country": ["DE", "FR", "DE"]})
LARGE = b"0123456789" * 2_000_000


@pytest.fixture
def transport(store: DataStore) -> Transport:
    found: Transport = store.interface.storage.transport  # type: ignore[attr-defined]
    return found


def test_a_catalog_needs_another_url_alone(blob_server: BlobServer, container: str) -> None:
    objects = {"pets": {"type": "table", "format": "parquet"}, "note": {"type": "file", "suffix": ".txt"}}
    options = blob_server.options(f"az://{container}/lake")
    with DataAccessObject({"box": {"interface": "s3.obstore", "options": options, "objects": objects}}) as dao:
        dao.write(ROWS, "box.pets", partition_by="country")
        dao.write(ROWS, "box.pets", mode="append")
        dao.upsert(pa.table({"id": [4], "country": ["IT"]}), "box.pets", keys="id")
        assert dao.count("box.pets") == 7
        assert dao.delete("box.pets", where="id = 3").rows_deleted == 2
        assert sorted(dao.read("box.pets", where="country <> 'DE'")["id"].to_pylist()) == [2, 2, 4]
        dao.write(ROWS, "box.pets", mode="overwrite")
        assert dao.read("box.pets").num_rows == 3
        assert all(info.key.startswith("pets/") for info in dao.list("box.pets"))
        dao.write(b"hello", "box.note")
        assert dao.read("box.note", into="bytes") == b"hello"
        dao.delete("box.pets")
        assert not dao.exists("box.pets")


def test_single_objects(store: DataStore) -> None:
    dao, file = DataAccessObject(), FileObject("note", store)
    dao.write(b"one", file, metadata={"made-by": "tests"}, tags={"a": "b"}, content_type="text/x-test")
    with pytest.raises(AlreadyExistsError):
        dao.write(b"two", file)
    assert dao.write(b"two", file, mode="ignore").files == 0
    dao.write(b"two", file, mode="append")
    assert dao.read(file, into="bytes") == b"onetwo"
    assert dao.read(file, into="bytes", offset=2, length=3) == b"etw"
    assert dao.read(file, into="bytes", offset=99) == b""
    dao.copy(file, FileObject("copy", store))
    assert dao.read(FileObject("copy", store), into="bytes") == b"onetwo"
    dao.move(FileObject("copy", store), FileObject("moved", store))
    assert [info.key for info in dao.list(FileObject("moved", store))] == ["moved"]
    assert not dao.exists(FileObject("copy", store))
    dao.delete(file)
    with pytest.raises(NotFoundError):
        dao.read(file, into="bytes")


def test_metadata_is_kept(transport: Transport) -> None:
    settings = ObjectSettings(metadata={"made-by": "tests", "2nd": "x"}, content_type="text/x-test")
    transport.put("key", b"", settings=settings)
    found = transport.head("key")
    assert (found.metadata, found.facts["content_type"]) == (settings.metadata, "text/x-test")


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=len)
def test_streams(store: DataStore, tmp_path: Path, content: bytes) -> None:
    dao, file = DataAccessObject(), FileObject("stream", store)
    source = tmp_path / "source"
    source.write_bytes(content)
    dao.write(source, file)
    with pytest.raises(AlreadyExistsError):
        dao.write(source, file)
    dao.write(source, file, mode="overwrite")
    assert dao.read(file, into="bytes") == content
    with dao.read_stream(file, into="bytes") as stream:
        assert stream.read() == content


@pytest.mark.parametrize("content", [b"small", LARGE], ids=len)
def test_conditions_hold(transport: Transport, content: bytes) -> None:
    first = transport.put("key", b"first")
    for how in ({"if_absent": True}, {"if_match": first.etag}):
        writer = transport.writer("key", **how)  # type: ignore[arg-type]
        writer.write(content)
        transport.put("key", b"faster")
        with pytest.raises(ConflictError):
            writer.close()
        writer.abort()
    assert bytes(transport.get("key")) == b"faster"
    with pytest.raises(ConflictError):
        transport.get("key", etag=first.etag)
    transport.copy("key", "copy", if_absent=True)
    with pytest.raises(ConflictError):
        transport.copy("key", "copy", if_absent=True)


def test_an_upload_that_is_given_up_leaves_nothing(transport: Transport) -> None:
    writer = transport.writer("key")
    writer.write(LARGE)
    writer.abort()
    assert list(transport.list("")) == []


KEYS = ["a b", "a%2eb", "a+b#c?d=e&f", "e\u0301", "\u00e9", "x/y", "x-y/z", "\uffee", "\U0001f600"]


def test_keys_are_exact_and_sorted(transport: Transport) -> None:
    for key in KEYS:
        transport.put(key, key.encode())
    assert [stat.key for stat in transport.list("")] == sorted(KEYS)
    assert [bytes(transport.get(key)) for key in KEYS] == [key.encode() for key in KEYS]
    assert [stat.key for stat in transport.list("x")] == ["x-y/z", "x/y"]
    assert [stat.key for stat in transport.list("", after="x/y")] == ["\u00e9", "\uffee", "\U0001f600"]
    assert list(transport.folders("x")[0]) == ["x-y/", "x/"]
    transport.delete([*KEYS, "missing"])
    assert list(transport.list("")) == []


@pytest.mark.parametrize("key", ["a\\b", "a./b", "a."])
def test_keys_of_which_azure_makes_others_are_refused(transport: Transport, key: str) -> None:
    with pytest.raises(UnsupportedError, match="another key"):
        transport.put(key, b"")


def test_hundreds_of_tasks(store: DataStore) -> None:
    async def one(dao: AsyncDataAccessObject, number: int) -> bool:
        file, content = FileObject(f"many/{number}", store), b"%d" % number * 1000
        await dao.write(content, file)
        same = await dao.read(file, into="bytes") == content
        await dao.delete(file)
        return same and not await dao.exists(file)

    async def work() -> list[bool]:
        dao = AsyncDataAccessObject()
        return await asyncio.gather(*(one(dao, number) for number in range(200)))

    assert asyncio.run(work()) == [True] * 200


def test_signed_urls(blob_server: BlobServer, container: str) -> None:
    store = DataStore("box", "s3.obstore", options=blob_server.options(f"az://{container}"))
    dao, file = DataAccessObject(), FileObject("note", store)
    dao.write(b"hello", file)
    with urlopen(dao.run("presign", file, expires=60)) as answer:
        assert answer.read() == b"hello"
    with pytest.raises(UnsupportedError, match="signatures"):
        store.interface.storage.transport.presign(  # type: ignore[attr-defined]
            "a b", method="GET", expires=timedelta(minutes=1)
        )


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"url": "az://no-such-container"}, NotFoundError),
        ({"store_secrets": {"account_key": "d3Jvbmc="}}, PermissionDeniedError),
    ],
)
def test_refusals(blob_server: BlobServer, container: str, change: dict[str, Any], kind: type[Exception]) -> None:
    options = {**blob_server.options(f"az://{container}"), **change}
    store = DataStore("box", "s3.obstore", options=options)
    with pytest.raises(kind) as caught:
        DataAccessObject().write(b"", FileObject("note", store))
    assert blob_server.key not in str(caught.value)


def test_what_azure_does_not_tell_is_refused(transport: Transport) -> None:
    for ask in (lambda: transport.versions("key"), transport.open_uploads):
        with pytest.raises(UnsupportedError, match="on S3"):
            ask()


def test_tables_have_one_winner(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("pets", store, format="parquet")
    dao.write(ROWS, table)

    async def work() -> list[object]:
        awaited = AsyncDataAccessObject()
        return await asyncio.gather(*(awaited.write(ROWS, table, mode="append") for _ in range(8)))

    asyncio.run(work())
    assert dao.count(table) == 27
