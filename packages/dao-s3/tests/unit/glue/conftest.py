"""moto's Glue and S3 in this process, asked over HTTP."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.glue.responses import GlueResponse
from moto.server import ThreadedMotoServer

sys.path.insert(0, str(Path(__file__).parent))  # the helper beside the tests
from glue_server import Glue, watched


@pytest.fixture(scope="session")
def glue_url() -> Iterator[str]:
    """Where moto's server is."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def glue(glue_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Glue]:
    found = Glue(glue_url)
    for action, answer in watched(found.asked).items():
        monkeypatch.setattr(GlueResponse, action, answer)
    yield found
    found.close()
