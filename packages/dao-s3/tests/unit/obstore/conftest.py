"""Stores that need no service: memory, a folder, and S3 as moto serves it in this process.

Before moto stands a server that can be told to do things wrong.
"""

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
from dao_s3._interface_obstore import S3ObstoreInterface
from dao_s3._obstore.transport import ObstoreTransport
from dao_s3._options import Retry, Timeouts

# The tests are imported by their paths; what is shared with those of the other driver is imported by its name.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "boto3"))

from boto3_stub import Stub

FAST = Retry(attempts=4, max_backoff=0.01, timeout=20.0)

Make = Callable[..., ObstoreTransport]


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def moto() -> Iterator[tuple[str, int]]:
    """Host and port of moto's server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


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
def bucket(client: Any) -> Iterator[str]:
    """An empty bucket; the test is held to leaving no upload open in it."""
    name = f"b{uuid4().hex}"
    client.create_bucket(Bucket=name)
    yield name
    assert client.list_multipart_uploads(Bucket=name).get("Uploads", []) == []


@pytest.fixture
def stub(moto: tuple[str, int]) -> Iterator[Stub]:
    """The server that can be told to do wrong."""
    with Stub(moto).serving() as made:
        yield made


@pytest.fixture
def s3_options(bucket: str, stub: Stub) -> dict[str, Any]:
    """What an interface to the stub is made of."""
    return {
        "url": f"s3://{bucket}/pre fix",
        "region": "us-east-1",
        "endpoint": stub.url,
        "access_key_id": Secret("key"),
        "secret_access_key": Secret("secret"),
        "part_size": 5 << 20,
        "retry": FAST,
        "timeouts": Timeouts(connect=30, read=60),
    }


@pytest.fixture
def on_s3(s3_options: dict[str, Any], make: Make) -> Make:
    """Makes transports to the stub, with further options; `url=None` and the like leave one out."""

    def transport(**options: Any) -> ObstoreTransport:
        return make(**{name: value for name, value in {**s3_options, **options}.items() if value is not None})

    return transport


@pytest.fixture
def make() -> Make:
    """Makes transports out of an interface's options."""

    def transport(**options: Any) -> ObstoreTransport:
        made = S3ObstoreInterface(**options)._make_transport()
        assert isinstance(made, ObstoreTransport)
        return made

    return transport


@pytest.fixture(params=["s3", "memory", "file"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What an interface is made of, one after the other for each kind of store."""
    if request.param == "s3":
        found: dict[str, Any] = request.getfixturevalue("s3_options")
        return found
    url = "memory://" if request.param == "memory" else f"{(tmp_path / 'a folder').as_uri()}"
    return {"url": url, "part_size": 5 << 20}


@pytest.fixture
def transport(options: dict[str, Any], make: Make) -> ObstoreTransport:
    """A transport to an empty store of each kind."""
    return make(**options)


@pytest.fixture
def interface(options: dict[str, Any]) -> Iterator[S3ObstoreInterface]:
    """An interface to an empty store of each kind."""
    made = S3ObstoreInterface(**options)
    yield made
    made.close()
