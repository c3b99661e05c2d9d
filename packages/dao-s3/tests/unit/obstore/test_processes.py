"""Forks and threads. A request in a forked process would wait for ever, so each of these runs under an alarm."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dao.errors import StoreError
from dao_s3._interface_obstore import S3ObstoreInterface
from dao_s3._obstore.transport import ObstoreTransport

SECONDS = 30


def in_a_fork(work: Callable[[], object]) -> int:
    """The exit status of a forked process that does some work: 0 if it is done, 1 if it raises."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("options", ["s3", "memory"], indirect=True)
def test_a_fork_after_use_goes_on(transport: ObstoreTransport) -> None:
    transport.put("key", b"hello")

    def work() -> None:
        assert bytes(transport.get("key")) == b"hello"
        assert b"".join(transport.chunks("key")) == b"hello"
        assert [stat.key for stat in transport.list("")] == ["key"]
        assert transport.head("key").size == 5
        transport.put("other", b"", if_absent=True)
        writer = transport.writer("large")
        writer.write(bytes(6 << 20))
        writer.close()
        transport.delete(["other"])

    assert in_a_fork(work) == 0
    assert bytes(transport.get("key")) == b"hello"
    assert transport.scheme == "memory" or transport.head("large").size == 6 << 20


def test_a_fork_before_use_is_a_process_like_any(tmp_path: Path, s3_options: dict[str, Any]) -> None:
    code = f"""
import os, signal
from dao.secrets import Secret
from dao_s3 import S3ObstoreInterface
interface = S3ObstoreInterface(url={s3_options["url"]!r}, region="us-east-1", endpoint={s3_options["endpoint"]!r},
                               access_key_id=Secret("key"), secret_access_key=Secret("secret"))
transport = interface._make_transport()
if os.fork() == 0:
    signal.alarm({SECONDS})
    transport.put("key", b"from the child")
    import sys
    os._exit("boto3" in sys.modules)  # the other driver was not needed
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
print(bytes(transport.get("key")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("b'from the child'\n", "")


def test_a_fork_that_cannot_go_on_says_so(make: Any, tmp_path: Path) -> None:
    folder = make(url=tmp_path.as_uri())
    folder.put("key", b"")

    def work() -> None:
        for transport in (folder, make(url="http://127.0.0.1:9")):
            with pytest.raises(StoreError, match="forked"):
                transport.get("key")

    assert in_a_fork(work) == 0


_READS = """
import pickle, sys
interface = pickle.load(sys.stdin.buffer)
sys.stdout.buffer.write(bytes(interface.storage.transport.get("key")))
"""


@pytest.mark.parametrize("options", ["s3", "file"], indirect=True)
def test_another_process_has_a_store_of_its_own(interface: S3ObstoreInterface) -> None:
    interface.storage.transport.put("key", b"hello")
    command = [sys.executable, "-c", _READS]
    done = subprocess.run(command, input=pickle.dumps(interface), capture_output=True, timeout=60, check=False)
    if interface.storage.transport.scheme == "file":
        assert (done.returncode, done.stdout) == (0, b"hello"), done.stderr
    else:
        assert done.returncode != 0
        assert b"does not travel" in done.stderr  # a secret that was given as it is, not as a reference


def test_threads_share_one_store(transport: ObstoreTransport) -> None:
    def work(number: int) -> bytes:
        transport.put(f"k{number}", b"%d" % number)
        return bytes(transport.get(f"k{number}"))

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(work, range(64)))
    assert found == [b"%d" % number for number in range(64)]


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)  # moto's condition is no atomic one
def test_of_many_creators_one_wins(transport: ObstoreTransport) -> None:
    def work(number: int) -> int:
        try:
            transport.put("key", b"%d" % number, if_absent=True)
        except StoreError:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(work, range(16))) == 1


@pytest.mark.parametrize("options", ["memory", "file"], indirect=True)
def test_of_many_changers_none_is_lost(transport: ObstoreTransport) -> None:
    transport.put("key", b"0")

    def until_beaten(number: int) -> int:
        won = 0
        for _ in range(20):
            try:
                old = transport.head("key")
                value = int(bytes(transport.get("key", etag=old.etag)))
                transport.put("key", b"%d" % (value + 1), if_match=old.etag)
                won += 1
            except StoreError:
                continue
        return won

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(until_beaten, range(8)))
    assert won > 0
    assert bytes(transport.get("key")) == b"%d" % won
