"""An S3 server: MinIO in a container or as a program, else moto's server from PyPI."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from dao.connections import S3Connection
from dao_redshift.testing._services import _s3
from dao_redshift.testing._services._containers import docker_answers
from dao_redshift.testing._services._programs import LOOPBACK, free_port, running, web_answers
from services.choosing import Offer, choose

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


def offer() -> Offer[ObjectServer]:
    """The way in which this machine has an S3 server."""
    return choose(
        "an S3 server",
        [
            Offer("docker", f"a container of {_s3.IMAGE}", docker_answers, lambda: _server(_s3.in_a_container())),
            Offer("programs", "minio on PATH", _s3.is_on_path, lambda: _server(_s3.as_a_program())),
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


@contextmanager
def _server(running: AbstractContextManager[S3Connection]) -> Iterator[ObjectServer]:
    with running as found:
        assert found.endpoint
        assert found.access_key_id
        assert found.secret_access_key
        yield ObjectServer(found.endpoint, found.access_key_id.reveal(), found.secret_access_key.reveal())


@contextmanager
def _as_a_stand_in() -> Iterator[ObjectServer]:
    port = free_port()
    server = ObjectServer(f"http://{LOOPBACK}:{port}")
    with running([sys.executable, _MOTO, str(port)], lambda: web_answers(f"{server.endpoint}/moto-api/data.json")):
        yield server
