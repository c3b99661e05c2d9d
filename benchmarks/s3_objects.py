"""How each library reads and writes many small objects, and one large one: every function prepares, and gives back what
is timed, which returns the number of bytes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from s3_place import BIG_BYTES, BUCKET, PIECE, SMALL, SMALL_BYTES, TASKS, THREADS, Place

Run = Callable[[], int]
CONTENT = os.urandom(SMALL_BYTES)
KEYS = [f"small/{number:05d}.bin" for number in range(SMALL)]
BIG = "big.bin"


def _in_threads(one: Callable[[str], int]) -> Run:
    pool = ThreadPoolExecutor(THREADS)
    return lambda: sum(pool.map(one, KEYS))


def _in_tasks(one: Callable[[str], Awaitable[int]]) -> Run:
    """A loop of its own that stays, so that connections do too."""
    loop = asyncio.new_event_loop()

    async def all_of_them() -> int:
        free = asyncio.Semaphore(TASKS)

        async def limited(key: str) -> int:
            async with free:
                return await one(key)

        return sum(await asyncio.gather(*map(limited, KEYS)))

    return lambda: loop.run_until_complete(all_of_them())


def _written(key: str, who: str) -> str:
    return f"written-{who}/{key}"


def get_dao(place: Place, interface: str) -> Run:
    from dao import FileObject

    dao, store = place.dao(), place.dao_store(interface)
    return _in_threads(lambda key: len(dao.read(FileObject(key, store), into="bytes")))


def put_dao(place: Place, interface: str) -> Run:
    from dao import FileObject

    dao, store = place.dao(), place.dao_store(interface)

    def one(key: str) -> int:
        return int(dao.write(CONTENT, FileObject(_written(key, interface), store), mode="overwrite").bytes)

    return _in_threads(one)


def get_dao_async(place: Place, interface: str) -> Run:
    from dao import AsyncDataAccessObject, DataStoreRegistry, FileObject

    dao, store = AsyncDataAccessObject(registry=DataStoreRegistry()), place.dao_store(interface)

    async def one(key: str) -> int:
        return len(await dao.read(FileObject(key, store), into="bytes"))

    return _in_tasks(one)


def put_dao_async(place: Place, interface: str) -> Run:
    from dao import AsyncDataAccessObject, DataStoreRegistry, FileObject

    dao, store = AsyncDataAccessObject(registry=DataStoreRegistry()), place.dao_store(interface)

    async def one(key: str) -> int:
        target = FileObject(_written(key, f"{interface}-async"), store)
        return int((await dao.write(CONTENT, target, mode="overwrite")).bytes or 0)

    return _in_tasks(one)


def get_boto3(place: Place) -> Run:
    client = place.boto3(THREADS)
    return _in_threads(lambda key: len(client.get_object(Bucket=BUCKET, Key=key)["Body"].read()))


def put_boto3(place: Place) -> Run:
    client = place.boto3(THREADS)

    def one(key: str) -> int:
        client.put_object(Bucket=BUCKET, Key=_written(key, "boto3"), Body=CONTENT)
        return SMALL_BYTES

    return _in_threads(one)


def _aiobotocore(place: Place) -> tuple[asyncio.AbstractEventLoop, Any]:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    loop = asyncio.new_event_loop()
    made = get_session().create_client("s3", config=AioConfig(max_pool_connections=TASKS), **place.boto3_arguments)
    return loop, loop.run_until_complete(AsyncExitStack().enter_async_context(made))


def _with_client(place: Place, one: Callable[[Any, str], Awaitable[int]]) -> Run:
    loop, client = _aiobotocore(place)

    async def all_of_them() -> int:
        free = asyncio.Semaphore(TASKS)

        async def limited(key: str) -> int:
            async with free:
                return await one(client, key)

        return sum(await asyncio.gather(*map(limited, KEYS)))

    return lambda: loop.run_until_complete(all_of_them())


def get_aiobotocore(place: Place) -> Run:
    async def one(client: Any, key: str) -> int:
        found = await client.get_object(Bucket=BUCKET, Key=key)
        async with found["Body"] as body:
            return len(await body.read())

    return _with_client(place, one)


def put_aiobotocore(place: Place) -> Run:
    async def one(client: Any, key: str) -> int:
        await client.put_object(Bucket=BUCKET, Key=_written(key, "aiobotocore"), Body=CONTENT)
        return SMALL_BYTES

    return _with_client(place, one)


def get_s3fs(place: Place) -> Run:
    system, paths = place.s3fs(), [f"{BUCKET}/{key}" for key in KEYS]
    return lambda: sum(map(len, system.cat(paths).values()))


def put_s3fs(place: Place) -> Run:
    system = place.s3fs()
    contents = {f"{BUCKET}/{_written(key, 's3fs')}": CONTENT for key in KEYS}

    def run() -> int:
        system.pipe(contents)
        return SMALL * SMALL_BYTES

    return run


def get_obstore(place: Place) -> Run:
    import obstore

    store = place.obstore()
    return _in_threads(lambda key: len(obstore.get(store, key).bytes()))


def put_obstore(place: Place) -> Run:
    import obstore

    store = place.obstore()

    def one(key: str) -> int:
        obstore.put(store, _written(key, "obstore"), CONTENT, use_multipart=False)
        return SMALL_BYTES

    return _in_threads(one)


def get_obstore_async(place: Place) -> Run:
    import obstore

    store = place.obstore()

    async def one(key: str) -> int:
        return len(await (await obstore.get_async(store, key)).bytes_async())

    return _in_tasks(one)


def put_obstore_async(place: Place) -> Run:
    import obstore

    store = place.obstore()

    async def one(key: str) -> int:
        await obstore.put_async(store, _written(key, "obstore-async"), CONTENT, use_multipart=False)
        return SMALL_BYTES

    return _in_tasks(one)


def get_pyarrow(place: Place) -> Run:
    system = place.pyarrow()

    def one(key: str) -> int:
        with system.open_input_file(f"{BUCKET}/{key}") as file:
            return len(file.read())

    return _in_threads(one)


def put_pyarrow(place: Place) -> Run:
    system = place.pyarrow()

    def one(key: str) -> int:
        with system.open_output_stream(f"{BUCKET}/{_written(key, 'pyarrow')}") as file:
            file.write(CONTENT)
        return SMALL_BYTES

    return _in_threads(one)


def _read_on(file: Any) -> int:
    total = 0
    while piece := file.read(PIECE):
        total += len(piece)
    return total


def _dao_with_a_client(place: Place, interface: str) -> tuple[Any, Any]:
    """DAO makes its client with the first request; the others have made theirs when the time begins."""
    from dao import FileObject

    dao, store = place.dao(), place.dao_store(interface)
    dao.exists(FileObject("none", store))
    return dao, store


def down_dao(place: Place, interface: str) -> Run:
    from dao import FileObject

    dao, store = _dao_with_a_client(place, interface)
    source = FileObject(BIG, store)

    def run() -> int:
        with dao.read_stream(source, into="bytes") as file:
            return _read_on(file)

    return run


def up_dao(place: Place, interface: str) -> Run:
    from dao import FileObject

    dao, store = _dao_with_a_client(place, interface)
    target = FileObject(_written(BIG, interface), store)
    source = Path(os.environ["DAO_BENCH_BIG"])
    return lambda: int(dao.write(source, target, mode="overwrite").bytes)


def down_boto3(place: Place) -> Run:
    client = place.boto3()
    return lambda: _read_on(client.get_object(Bucket=BUCKET, Key=BIG)["Body"])


def down_boto3_threads(place: Place) -> Run:
    """boto3's own download manager, which fetches ranges in threads, into nothing."""
    client = place.boto3()

    def run() -> int:
        with open(os.devnull, "wb") as nothing:
            client.download_fileobj(BUCKET, BIG, nothing)
        return BIG_BYTES

    return run


def up_boto3(place: Place) -> Run:
    """boto3's own upload manager, which uploads parts in threads."""
    client, source = place.boto3(), os.environ["DAO_BENCH_BIG"]
    return lambda: _all(client.upload_file(source, BUCKET, _written(BIG, "boto3")))


def down_s3fs(place: Place) -> Run:
    system = place.s3fs()

    def run() -> int:
        with system.open(f"{BUCKET}/{BIG}", "rb") as file:
            return _read_on(file)

    return run


def up_s3fs(place: Place) -> Run:
    system, source = place.s3fs(), os.environ["DAO_BENCH_BIG"]
    return lambda: _all(system.put_file(source, f"{BUCKET}/{_written(BIG, 's3fs')}"))


def down_obstore(place: Place) -> Run:
    import obstore

    store = place.obstore()
    return lambda: sum(map(len, obstore.get(store, BIG).stream(min_chunk_size=PIECE)))


def up_obstore(place: Place) -> Run:
    import obstore

    store, source = place.obstore(), Path(os.environ["DAO_BENCH_BIG"])
    return lambda: _all(obstore.put(store, _written(BIG, "obstore"), source))


def down_pyarrow(place: Place) -> Run:
    system = place.pyarrow()

    def run() -> int:
        with system.open_input_stream(f"{BUCKET}/{BIG}") as file:
            return _read_on(file)

    return run


def up_pyarrow(place: Place) -> Run:
    system, source = place.pyarrow(), os.environ["DAO_BENCH_BIG"]

    def run() -> int:
        with open(source, "rb") as file, system.open_output_stream(f"{BUCKET}/{_written(BIG, 'pyarrow')}") as target:
            while piece := file.read(PIECE):
                target.write(piece)
        return BIG_BYTES

    return run


def _all(_done: Any) -> int:
    return BIG_BYTES
