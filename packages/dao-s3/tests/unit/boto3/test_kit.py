"""The kit for transports on this driver."""

from __future__ import annotations

import pytest

from dao_files.testing import TransportSuite
from dao_s3._boto3.transport import Boto3Transport


@pytest.mark.usefixtures("no_atomic_conditions")
class TestBoto3Transport(TransportSuite):
    @pytest.fixture
    def transport(self, make, monkeypatch: pytest.MonkeyPatch) -> Boto3Transport:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):  # secrets that are given are not pickled
            monkeypatch.setenv(name, "key")
        return make(access_key_id=None, secret_access_key=None)
