"""A MinIO for the benchmark: the program where it is on PATH, else a container."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

USER, PASSWORD = "benchmarks", "benchmarks-of-dao"
IMAGE = "minio/minio:latest"
_PORT = 9000
_SECONDS = 60
_VARIABLES = {"MINIO_ROOT_USER": USER, "MINIO_ROOT_PASSWORD": PASSWORD, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"}


class Unavailable(Exception):
    """There is neither the program nor an engine for the container."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, str, str]]:
    """A server while the block runs: its URL, a user, and the password.

    Args:
        folder: where the program keeps its data.

    Raises:
        Unavailable: there is none to be had.
    """
    with (_program if shutil.which("minio") else _container)(folder) as endpoint:
        yield endpoint, USER, PASSWORD


@contextmanager
def _program(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = ["minio", "server", str(folder / "minio"), "--address", address, "--quiet"]
    process = subprocess.Popen(command, env={**os.environ, **_VARIABLES}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://{address}", lambda: process.poll() is None)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _container(_folder: Path) -> Iterator[str]:
    try:
        from docker.errors import DockerException
        from testcontainers.core.container import DockerContainer
    except ImportError as error:
        raise Unavailable("no minio on PATH, and testcontainers isn't installed") from error
    container = DockerContainer(IMAGE).with_command("server /data").with_exposed_ports(_PORT)
    for name, value in _VARIABLES.items():
        container = container.with_env(name, value)
    try:
        container.start()
    except DockerException as error:
        raise Unavailable(f"no minio on PATH, and no container could be started: {error}") from error
    try:
        host = container.get_container_host_ip().replace("localhost", "127.0.0.1")  # to IPv6 the port may be another's
        endpoint = f"http://{host}:{container.get_exposed_port(_PORT)}"
        _wait_for(endpoint, lambda: True)
        yield endpoint
    finally:
        container.stop()


def _wait_for(endpoint: str, alive: Callable[[], bool]) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and alive():
        try:
            with urlopen(f"{endpoint}/minio/health/live", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise Unavailable(f"MinIO does not answer at {endpoint}")
