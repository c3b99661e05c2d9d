"""A store in this process (moto's server), a server in front of it that does things wrong, and transports to both."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import botocore.session
import pytest
from moto.server import ThreadedMotoServer

from dao.secrets import Secret
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._options import Retry, S3Options, Timeouts

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests
from boto3_stub import Stub

FAST = Retry(attempts=4, max_backoff=0.01)


@pytest.fixture(scope="session")
def moto() -> Iterator[tuple[str, int]]:
    """Host and port of moto's server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield host, port
    server.stop()


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def client(moto: tuple[str, int]) -> Any:
    """A client of its own, for looking at what is there."""
    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=f"http://{moto[0]}:{moto[1]}",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


@pytest.fixture
def bucket(client: Any) -> str:
    """An empty bucket."""
    name = f"b{uuid4().hex}"
    client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def stub(moto: tuple[str, int]) -> Iterator[Stub]:
    """The server that can be told to do wrong."""
    with Stub(moto).serving() as made:
        yield made


Make = Callable[..., Boto3Transport]


@pytest.fixture
def make(bucket: str, stub: Stub) -> Iterator[Make]:
    """Makes transports to the stub, with further options."""
    made: list[Boto3Transport] = []

    def transport(**options: Any) -> Boto3Transport:
        base: dict[str, Any] = {
            "bucket": bucket,
            "region": "us-east-1",
            "endpoint": stub.url,
            "part_size": 5 * 1024 * 1024,
            "retry": FAST,
            "timeouts": Timeouts(connect=5, read=5),
        }
        keys = {"access_key_id": Secret("key"), "secret_access_key": Secret("secret")}
        if not {"profile", "anonymous", "access_key_id"} & set(options):
            base.update(keys)
        made.append(Boto3Transport(S3Options(**{**base, **options})))
        return made[-1]

    yield transport
    for one in made:
        one.close()


@pytest.fixture
def transport(make: Make) -> Boto3Transport:
    """A transport to the stub."""
    return make()


@pytest.fixture
def no_open_uploads(client: Any, bucket: str) -> Iterator[None]:
    """Holds the test to leaving none open."""
    yield
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
