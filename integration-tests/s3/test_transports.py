"""The kit for transports on both drivers, over a real server: conditional writes above all."""

from __future__ import annotations

from typing import ClassVar

import pytest
from services.minio import ObjectServer, offer

from dao_files.manifest import Transport
from dao_files.testing import TransportSuite
from s3.stores import store_of

_ATOMIC = ("test_of_many_creators_one_wins", "test_no_replacement_is_lost")


class OnServer(TransportSuite):
    lacks: ClassVar = {
        "pickle": "secrets that are given as they are don't travel",
        "prefix_keys": "MinIO keeps both and lists the first alone",
    }

    @pytest.fixture(autouse=True)
    def _has_atomic_conditions(self, request: pytest.FixtureRequest) -> None:
        if request.node.name in _ATOMIC and offer().way == "stand-ins":
            pytest.skip("moto's server checks a condition and writes in two steps")


class TestS3(OnServer):
    @pytest.fixture
    def transport(self, object_server: ObjectServer, bucket: str) -> Transport:
        return store_of("s3", object_server, bucket).interface.storage.transport


class TestObstore(OnServer):
    @pytest.fixture
    def transport(self, object_server: ObjectServer, bucket: str) -> Transport:
        return store_of("s3.obstore", object_server, bucket).interface.storage.transport
