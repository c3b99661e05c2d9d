"""An S3 server for a gateway, with a bucket in it."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from dao.connections import S3Connection
from dao.secrets import Secret
from dao_redshift.testing._services._choosing import Offer, choose
from dao_redshift.testing._services._containers import docker_answers, place_of
from dao_redshift.testing._services._programs import LOOPBACK, free_port, running, wait_until, web_answers

VARIABLE = "DAO_REDSHIFT_S3"
IMAGE = "minio/minio:latest"
BUCKET = "local-redshift"
_PORT = 9000
_ALIVE = "/minio/health/live"
_KEY, _SECRET = "local-redshift", "local-redshift-secret"
_MINIO = {"MINIO_ROOT_USER": _KEY, "MINIO_ROOT_PASSWORD": _SECRET, "MINIO_BROWSER": "off", "MINIO_UPDATE": "off"}


def offer() -> Offer[S3Connection]:
    """The way in which this machine has an S3 server; it is started with the bucket in it.

    Raises:
        ConfigError: it has none.
    """
    return choose(
        "S3",
        [
            Offer("environment", f"the endpoint that {VARIABLE} names", lambda: VARIABLE in os.environ, _named),
            Offer("docker", f"a container of {IMAGE}, by testcontainers", docker_answers, in_a_container),
            Offer("programs", "minio on PATH", is_on_path, as_a_program),
            Offer("wheels", "moto's server from PyPI", _wheel_is_there, from_a_wheel),
        ],
    )


@contextmanager
def start(offered: Offer[S3Connection]) -> Iterator[S3Connection]:
    """The server that was chosen, with the bucket in it."""
    with offered.start() as connection:
        make_bucket(connection)
        yield connection


def make_bucket(connection: S3Connection) -> None:
    """Make the bucket of local Redshifts, if it isn't there."""
    import boto3
    from botocore.config import Config

    settings = connection.boto3()
    client = boto3.client("s3", config=Config(**settings.pop("config")), **settings)
    if BUCKET not in (bucket["Name"] for bucket in client.list_buckets()["Buckets"]):
        client.create_bucket(Bucket=BUCKET)
    client.close()


def _connection(endpoint: str) -> S3Connection:
    return S3Connection(
        endpoint=endpoint, region="us-east-1", access_key_id=Secret(_KEY), secret_access_key=Secret(_SECRET)
    )


@contextmanager
def _named() -> Iterator[S3Connection]:
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    yield S3Connection(
        endpoint=os.environ[VARIABLE],
        region=os.environ.get("AWS_REGION", "us-east-1"),
        access_key_id=Secret(key) if key else None,
        secret_access_key=Secret(secret) if secret else None,
    )


@contextmanager
def in_a_container() -> Iterator[S3Connection]:
    """MinIO in a container."""
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(IMAGE).with_command("server /data").with_exposed_ports(_PORT)
    for name, value in _MINIO.items():
        container = container.with_env(name, value)
    with container:
        endpoint = "http://{}:{}".format(*place_of(container, _PORT))

        def alive() -> bool:
            container.get_wrapped_container().reload()
            return container.get_wrapped_container().status in ("created", "running")

        wait_until(lambda: web_answers(endpoint + _ALIVE), alive, lambda: str(container.get_logs())[-2000:])
        yield _connection(endpoint)


def is_on_path() -> bool:
    """Whether there is MinIO's program."""
    return shutil.which("minio") is not None


@contextmanager
def as_a_program() -> Iterator[S3Connection]:
    """MinIO as a program."""
    address = f"{LOOPBACK}:{free_port()}"
    endpoint = f"http://{address}"
    with tempfile.TemporaryDirectory(prefix="minio-") as folder:
        command = ["minio", "server", folder, "--address", address, "--quiet"]
        with running(command, lambda: web_answers(endpoint + _ALIVE), environment=_MINIO):
            yield _connection(endpoint)


def _wheel_is_there() -> bool:
    return importlib.util.find_spec("moto") is not None


@contextmanager
def from_a_wheel() -> Iterator[S3Connection]:
    """Moto's server, in this process."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # else it prints a line for each request
    server = ThreadedMotoServer(LOOPBACK, 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield _connection(f"http://{host}:{port}")
    finally:
        server.stop()
