"""An S3 server: MinIO in a container or as a program, else moto's server from PyPI."""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from services.choosing import Offer, choose, docker_answers
from services.containers import place_of
from services.programs import LOOPBACK, free_port, running, wait_for, web_answers

IMAGE = "minio/minio:latest"
_PORT = 9000
_ALIVE = "/minio/health/live"
_MOTO = Path(__file__).with_name("moto_server.py")


@frozen
class ObjectServer:
    """A running S3 server.

    Attributes:
        endpoint: its URL.
        access_key: of a user who may do anything.
        secret_key: that user's.
        region: what it takes itself to be in.
    """

    endpoint: str
    access_key: str = "integration"
    secret_key: str = "integration-tests"
    region: str = "us-east-1"


def offer() -> Offer:
    """The way in which this machine has an S3 server."""
    return choose(
        "an S3 server",
        [
            Offer("docker", f"a container of {IMAGE}", docker_answers, _in_a_container),
            Offer("programs", "minio on PATH", lambda: shutil.which("minio") is not None, _as_a_program),
            Offer("stand-ins", "moto's server", lambda: True, _as_a_stand_in),
        ],
    )


def client(server: ObjectServer, **config: Any) -> Any:
    """A boto3 client, with which tests see what is really there."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
        config=Config(s3={"addressing_style": "path"}, **config),
    )


@functools.cache
def onlooker(server: ObjectServer) -> Any:
    """The client that the tests of this process share to look at what is there: to make one takes 7 ms of CPU time."""
    return client(server)


def make_bucket(server: ObjectServer, name: str) -> str:
    """Make a bucket, and give its name back."""
    onlooker(server).create_bucket(Bucket=name)
    return name


def _variables(server: ObjectServer) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": server.access_key,
        "MINIO_ROOT_PASSWORD": server.secret_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }


@contextmanager
def _in_a_container() -> Iterator[ObjectServer]:
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(IMAGE).with_command("server /data").with_exposed_ports(_PORT)
    for name, value in _variables(ObjectServer("")).items():
        container = container.with_env(name, value)
    with container:
        endpoint = "http://{}:{}".format(*place_of(container, _PORT))

        def alive() -> bool:
            container.get_wrapped_container().reload()
            return container.get_wrapped_container().status in ("created", "running")

        wait_for(lambda: web_answers(endpoint + _ALIVE), alive, lambda: str(container.get_logs())[-2000:])
        yield ObjectServer(endpoint)


@contextmanager
def _as_a_program() -> Iterator[ObjectServer]:
    address = f"{LOOPBACK}:{free_port()}"
    server = ObjectServer(f"http://{address}")
    with tempfile.TemporaryDirectory(prefix="minio-") as folder:
        command = ["minio", "server", folder, "--address", address, "--quiet"]
        with running(command, lambda: web_answers(server.endpoint + _ALIVE), environment=_variables(server)):
            yield server


@contextmanager
def _as_a_stand_in() -> Iterator[ObjectServer]:
    port = free_port()
    server = ObjectServer(f"http://{LOOPBACK}:{port}")
    with running([sys.executable, _MOTO, str(port)], lambda: web_answers(f"{server.endpoint}/moto-api/data.json")):
        yield server
