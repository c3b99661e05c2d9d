"""Many at once on one store: threads, asyncio tasks, processes that fork; and what a thousand failures leave behind."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic, sampled

from dao import AsyncDataAccessObject, DataAccessObject, DataStore, DataStoreRegistry, TransientError
from dao.testing import FaultPlan
from dao.testing._conformance.processes import KEPT, open_files, running_threads
from dao_s3 import S3FileObject, S3TableObject
from s3.looking import leftovers
from s3.stores import INTERFACES, options_of, store_of

THREADS, TASKS, FAILURES = 16, 200, 1000

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(params=INTERFACES)
def store(request: pytest.FixtureRequest, object_server: ObjectServer, bucket: str) -> Iterator[DataStore]:
    """A store without the proxy, which would be what takes long."""
    with store_of(request.param, object_server, bucket) as store:
        yield store


def test_sixteen_threads_share_a_store(store: DataStore, object_server: ObjectServer, bucket: str) -> None:
    dao = DataAccessObject(registry=DataStoreRegistry([store]))
    log = S3TableObject("log", store, format="parquet")
    dao.write([{"thread": -1, "step": 0}], log)
    started = threading.Barrier(THREADS)

    def work(thread: int) -> None:
        started.wait(30)
        for step in range(5):
            file = S3FileObject(f"{thread}/{step}.bin", store)
            content = bytes([thread, step]) * 50_000
            dao.write(content, file)
            assert dao.read(file, into="bytes") == content
            assert len(list(dao.list(S3FileObject("any", store, key=f"{thread}")))) == step + 1
        dao.write([{"thread": thread, "step": step}], log, mode="append")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert sorted(dao.read(log)["thread"].to_pylist()) == list(range(-1, THREADS))
    assert dao.count(log) == THREADS + 1
    assert list(leftovers(object_server, bucket)) == []


def test_two_hundred_tasks_share_a_store(store: DataStore) -> None:
    async def one(dao: AsyncDataAccessObject, number: int) -> bool:
        file = S3FileObject(f"{number}.bin", store)
        content = number.to_bytes(2, "big") * 10_000
        await dao.write(content, file)
        assert await dao.exists(file)
        found = await dao.read(file, into="bytes")
        if number % 2:
            await dao.delete(file)
        return bool(found == content)

    async def everything() -> list[bool]:
        dao = AsyncDataAccessObject(registry=DataStoreRegistry([store]))
        return await asyncio.gather(*(one(dao, number) for number in range(TASKS)))

    assert asyncio.run(everything()) == [True] * TASKS
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        assert len(list(dao.list(store))) == TASKS // 2


@pytest.mark.parametrize("interface", INTERFACES)
@sampled([Toxic.RESET, Toxic.SLOW_DOWN, Toxic.CUT], quick=[Toxic.RESET])
def test_a_thousand_failures_leave_nothing(
    interface: str,
    toxic: Toxic,
    proxied: ObjectServer,
    object_server: ObjectServer,
    proxy: FaultProxy,
    bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = store_of(interface, proxied, bucket, retry={"attempts": 1})
    file, table = S3FileObject("note.bin", store), S3TableObject("people", store, format="parquet")
    content = bytes(200_000)
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        dao.write(content, file)
        dao.write([{"id": 1}], table)

        def fail(number: int) -> None:
            with pytest.raises(TransientError):
                (
                    lambda: dao.read(file, into="bytes"),
                    lambda: dao.write(content, file, mode="overwrite"),
                    lambda: dao.read(table),
                    lambda: dao.write([{"id": 2}], table, mode="append"),
                )[number % 4]()

        def fail_often(count: int) -> None:
            with proxy.under(FaultPlan(at=1, onwards=True), toxic), ThreadPoolExecutor(4) as pool:
                list(pool.map(fail, range(count)))
            gc.collect()

        fail_often(40)
        files, threads = open_files(), running_threads()
        fail_often(FAILURES)
        assert open_files() <= files + KEPT, f"open files and sockets grew from {files} to {open_files()}"
        assert running_threads() <= threads + KEPT, f"threads grew from {threads} to {running_threads()}"
        assert list(tmp_path.iterdir()) == []
        assert dao.read(file, into="bytes") == content
        assert dao.read(table)["id"].to_pylist() == [1]
    assert list(leftovers(object_server, bucket)) == []


FORKING = """
import json, os, sys, threading

from dao import DaoError, DataAccessObject, DataStore, DataStoreRegistry
from dao_s3 import S3FileObject, S3TableObject

interface, options = json.loads(sys.argv[1])
store = DataStore("lake", interface, options=options)
dao = DataAccessObject(registry=DataStoreRegistry([store]))
note, table = S3FileObject("note.bin", store), S3TableObject("people", store, format="csv")
dao.write(b"before", note)
dao.write([{"id": 1}], table)
assert dao.read(table)["id"].to_pylist() == [1]


def use(name):
    file = S3FileObject(name, store)
    dao.write(name.encode(), file)
    assert dao.read(file, into="bytes") == name.encode()
    assert dao.read(note, into="bytes") == b"before"
    assert dao.read(table)["id"].to_pylist() == [1]


child = os.fork()
if not child:
    try:
        use("child")
    except DaoError as error:
        print(f"the child was told: {error}", flush=True)
        os._exit(3)
    os._exit(0)
use("parent")
_, status = os.waitpid(child, 0)
use("afterwards")
print("child ended with", os.waitstatus_to_exitcode(status))
dao.close()
"""


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_fork_goes_on_with_the_store(
    interface: str, object_server: ObjectServer, bucket: str, tmp_path: Path
) -> None:
    argument = json.dumps([interface, options_of(object_server, bucket)])
    done = subprocess.run(
        [sys.executable, "-P", "-W", "ignore::DeprecationWarning", "-c", FORKING, argument],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "child ended with 0" in done.stdout, done.stdout + done.stderr
