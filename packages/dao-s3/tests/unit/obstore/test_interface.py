"""The interface: the same results awaited and not, whichever kind of store it is."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest

from dao import AsyncDataAccessObject, DataAccessObject, DataObject, DataStore
from dao.data_object import DirectoryObject, FileObject, TableObject
from dao.errors import AlreadyExistsError, DaoError, DataError, NotFoundError
from dao.results import Listing
from dao_s3._obstore.client import Client

ROWS = pa.table({"id": [1, 2, 3], "name": ["a", "b", None]})


@pytest.fixture
def store(options: dict[str, Any]) -> Iterator[DataStore]:
    made = DataStore("box", "s3.obstore", options=options)
    yield made
    made.close()


def test_tables_of_every_store(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("pets", store, format="parquet")
    dao.write(ROWS, table)
    dao.write(ROWS, table, mode="append")
    dao.upsert(pa.table({"id": [3, 4], "name": ["c", "d"]}), table, keys="id")
    assert dao.count(table) == 7
    assert dao.delete(table, where="id = 3").rows_deleted == 2
    found = dao.read(table, where="id >= 2", columns=["name"])
    assert sorted(found["name"].to_pylist()) == ["b", "b", "d"]
    assert [version.operation for version in dao.history(table)] == ["delete", "upsert", "append", "create"]
    dao.delete(table)
    assert not dao.exists(table)


class Sync:
    """Actions as coroutines that are none: so that one test can ask either face."""

    def __init__(self) -> None:
        self._dao = DataAccessObject()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def act(*arguments: Any, **options: Any) -> Any:
            return getattr(self._dao, name)(*arguments, **options)

        return act


Call = Callable[[Any, DataStore], Any]


def on(name: str, **options: Any) -> Callable[[str], Call]:
    """A call of an action on an object that is there, or not."""

    def at(key: str) -> Call:
        return lambda dao, store: getattr(dao, name)(FileObject(key, store), **options)

    return at


def writing(content: bytes, **options: Any) -> Callable[[str], Call]:
    return lambda key: lambda dao, store: dao.write(content, FileObject(key, store), **options)


CALLS = {
    "read": on("read", into="bytes"),
    "read a part": on("read", into="bytes", offset=1, length=2),
    "read past the end": on("read", into="bytes", offset=99),
    "read nothing": on("read", into="bytes", length=0),
    "read backwards": on("read", into="bytes", offset=-1),
    "read elsewhere": on("read", into="bytes", path="folder/deep"),
    "read a folder": on("read", into="bytes", path="folder"),
    "read outside": on("read", into="bytes", path="../x"),
    "create": writing(b"new"),
    "create nothing": writing(b""),
    "overwrite": writing(b"new", mode="overwrite"),
    "append": writing(b"new", mode="append"),
    "ignore": writing(b"new", mode="ignore"),
    "partitions": writing(b"new", mode="overwrite_partitions"),
    "unknown mode": writing(b"new", mode="sideways"),
    "create elsewhere": writing(b"new", path="folder/other"),
    "exists": on("exists"),
    "exists elsewhere": on("exists", path="folder/deep"),
    "a folder exists": on("exists", path="folder"),
    "list": on("list"),
    "list elsewhere": on("list", path="folder/deep"),
    "list a folder": on("list", path="folder"),
    "delete": on("delete"),
    "delete elsewhere": on("delete", path="folder/deep"),
    "delete a folder": on("delete", path="folder"),
}


async def outcome(dao: Any, store: DataStore, call: Call) -> object:
    """What a call gives or raises, and what is in the store after it."""
    transport = store.interface.storage.transport  # type: ignore[attr-defined]
    transport.delete([stat.key for stat in transport.list("")])
    for key, content in (("there", b"hello"), ("folder/deep", b"deep")):
        transport.put(key, content)
    try:
        result = await call(dao, store)
        result = [(info.key, info.size) for info in result] if isinstance(result, Listing) else result
    except DaoError as error:
        result = (type(error), str(error))
    return result, {stat.key: bytes(transport.get(stat.key)) for stat in transport.list("")}


ASKED = [(call, key) for call in CALLS for key in ("there", "missing") if key == "there" or " " not in call]
"""A place of its own, or an argument that is wrong, is the same wherever the object is."""


@pytest.mark.parametrize(("name", "key"), ASKED)
def test_both_faces_are_alike(store: DataStore, name: str, key: str) -> None:
    call = CALLS[name]

    async def both() -> tuple[object, object]:
        awaited = AsyncDataAccessObject()
        return await outcome(Sync(), store, call(key)), await outcome(awaited, store, call(key))

    plain, awaited = asyncio.run(both())
    assert awaited == plain


@pytest.mark.parametrize("options", ["s3", "memory"], indirect=True)
def test_single_objects_are_awaited_natively(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        def refuse(*_: Any, **__: Any) -> None:
            raise AssertionError("a thread was asked for")

        monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)
        dao, file = AsyncDataAccessObject(), FileObject("key", store)
        await dao.write(b"hello", file)
        await dao.write(b"world", file, mode="ignore")
        with pytest.raises(AlreadyExistsError):
            await dao.write(b"world", file)
        assert await dao.read(file, into="bytes") == b"hello"
        assert await dao.exists(file)
        assert [info.key for info in await dao.list(file)] == ["key"]
        await dao.delete(file)
        assert not await dao.exists(file)

    asyncio.run(work())


async def round_trips(store: DataStore, count: int) -> list[bool]:
    """Write, read and delete as many objects at the same time; True for each that was what it should be."""
    dao = AsyncDataAccessObject()

    async def one(number: int) -> bool:
        file, content = FileObject(f"many/{number}", store), b"%d" % number * 1000
        await dao.write(content, file)
        same = await dao.read(file, into="bytes") == content
        await dao.delete(file)
        return same and not await dao.exists(file)

    return await asyncio.gather(*map(one, range(count)))


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)
def test_hundreds_of_tasks(store: DataStore) -> None:
    assert asyncio.run(round_trips(store, 200)) == [True] * 200


@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_tens_of_tasks_on_a_slow_server(store: DataStore) -> None:
    assert asyncio.run(round_trips(store, 20)) == [True] * 20


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)  # moto's condition is no atomic one
def test_of_many_tasks_one_creates(store: DataStore) -> None:
    async def one(dao: AsyncDataAccessObject, number: int) -> int:
        try:
            await dao.write(b"%d" % number, FileObject("key", store))
        except AlreadyExistsError:
            return 0
        return 1

    async def work() -> int:
        dao = AsyncDataAccessObject()
        return sum(await asyncio.gather(*(one(dao, number) for number in range(50))))

    assert asyncio.run(work()) == 1


@pytest.mark.parametrize("face", ["plain", "awaited"])
@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_a_lost_answer_to_a_creation_is_known(store: DataStore, stub: Any, face: str) -> None:
    stub.fail("PUT", "lose")
    dao: Any = Sync() if face == "plain" else AsyncDataAccessObject()

    async def work() -> object:
        return await dao.write(b"hello", FileObject("key", store))

    assert asyncio.run(work()).bytes == 5  # type: ignore[attr-defined]
    assert asyncio.run(dao.read(FileObject("key", store), into="bytes")) == b"hello"


@pytest.mark.parametrize("face", ["plain", "awaited"])
@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_a_meeting_that_is_no_conflict_is_tried_again(store: DataStore, stub: Any, face: str) -> None:
    stub.fail("PUT", "answer", status=409, code="ConditionalRequestConflict", times=2)
    dao: Any = Sync() if face == "plain" else AsyncDataAccessObject()
    assert asyncio.run(dao.write(b"hello", FileObject("key", store))).bytes == 5


@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_large_objects_are_awaited_in_pieces(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from dao_s3._obstore import reading

    monkeypatch.setattr(reading, "_LARGE", 1000)
    monkeypatch.setattr(reading, "_PIECE", 300)
    content = bytes(range(256)) * 10
    file = FileObject("key", store)

    async def work() -> tuple[bytes, bytes]:
        dao = AsyncDataAccessObject()
        await dao.write(content, file)
        return await dao.read(file, into="bytes"), await dao.read(file, into="bytes", offset=100, length=2000)

    assert asyncio.run(work()) == (content, content[100:2100])
    assert DataAccessObject().read(file, into="bytes") == content


@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_a_cancelled_write_is_seen_through(store: DataStore, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import obstore

    ended = asyncio.Event()
    put = obstore.put_async

    async def watched(*arguments: Any, **options: Any) -> Any:
        result = await put(*arguments, **options)
        ended.set()
        return result

    monkeypatch.setattr(obstore, "put_async", watched)

    async def work() -> None:
        task = asyncio.create_task(AsyncDataAccessObject().write(b"hello", FileObject("key", store)))
        while not stub.seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(work())


@pytest.mark.parametrize("options", ["s3"], indirect=True)
def test_versions_are_asked_of_the_other_driver(store: DataStore, client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    dao, file = DataAccessObject(), FileObject("key", store)
    for content in (b"one", b"two"):
        dao.write(content, file, mode="overwrite")
    newest, oldest = (version.version for version in dao.history(file))
    assert dao.read(file, into="bytes", version=oldest) == b"one"
    assert dao.read(file, into="bytes", version=newest) == b"two"
    assert store.interface.storage.transport.open_uploads() == []  # type: ignore[attr-defined]


def test_it_can_be_pickled(store: DataStore) -> None:
    DataAccessObject().write(b"hello", FileObject("key", store))
    copy = pickle.loads(pickle.dumps(store.interface))
    assert copy.storage.uri == store.interface.storage.uri  # type: ignore[attr-defined]


def test_one_store_is_made(store: DataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = Client._make
    monkeypatch.setattr(Client, "_make", lambda self: made.append(self) or make(self))  # type: ignore[func-returns-value]
    dao = DataAccessObject()
    dao.write(b"hello", FileObject("key", store))
    dao.read(FileObject("key", store), into="bytes")
    assert len(made) == 1


def test_bytes_do_not_go_to_directories(store: DataStore) -> None:
    directory: DataObject = DirectoryObject("folder", store)
    for dao in (Sync(), AsyncDataAccessObject()):
        with pytest.raises(DataError, match="directory"):
            asyncio.run(dao.write(b"", directory))
        with pytest.raises((DataError, NotFoundError)):
            asyncio.run(dao.read(directory, into="bytes"))
