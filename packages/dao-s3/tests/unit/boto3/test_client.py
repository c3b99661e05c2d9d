"""Clients: who asks, made when they are needed, one in each process; and secrets, which nobody sees."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest

from dao.connections import S3Role
from dao.errors import ConfigError, DaoError, PermissionDeniedError, TransientError
from dao.secrets import Secret
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._options import Retry

Make = Callable[..., Boto3Transport]


def authorization(stub: Any) -> str:
    return str(stub.seen[-1][2]["Authorization"])


def test_secrets_are_looked_up_for_each_request(make: Make, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = make(access_key_id=Secret.parse("${env:KEY}"), secret_access_key=Secret.parse("${env:HIDDEN}"))
    monkeypatch.setenv("KEY", "first")
    monkeypatch.setenv("HIDDEN", "x")
    transport.put("x", b"1")
    assert "Credential=first/" in authorization(stub)
    monkeypatch.setenv("KEY", "rotated")
    transport.put("x", b"1")
    assert "Credential=rotated/" in authorization(stub)
    monkeypatch.delenv("KEY")
    with pytest.raises(ConfigError, match="KEY"):
        transport.put("x", b"1")


def test_a_session_token_is_sent(make: Make, stub: Any) -> None:
    make(access_key_id=Secret("k"), secret_access_key=Secret("s"), session_token=Secret("token")).put("x", b"1")
    assert stub.seen[-1][2]["X-Amz-Security-Token"] == "token"


def test_anonymous_requests_are_not_signed(make: Make, stub: Any) -> None:
    make(anonymous=True).put("x", b"1")
    assert "Authorization" not in stub.seen[-1][2]


def test_a_profile_gives_credentials_and_region(make: Make, stub: Any) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(
        "[profile lake]\nregion = eu-north-1\naws_access_key_id = fromprofile\naws_secret_access_key = s\n"
    )
    make(profile="lake", region=None).put("x", b"1")
    assert "Credential=fromprofile/" in authorization(stub)
    assert "/eu-north-1/s3/" in authorization(stub)


def test_a_role_is_assumed(make: Make, stub: Any) -> None:
    role = S3Role(
        arn="arn:aws:iam::123456789012:role/reader", session_name="tests", external_id="lake-7", duration=1800
    )
    transport = make(role=role)
    assert stub.seen == []
    transport.put("x", b"1")
    assert "Credential=key/" not in authorization(stub)
    assert stub.seen[-1][2]["X-Amz-Security-Token"]
    transport.put("x", b"2")
    assert stub.methods() == ["POST", "PUT", "PUT"]


def test_a_roles_credentials_are_renewed_before_they_expire(make: Make, stub: Any) -> None:
    transport = make(role=S3Role(arn="arn:aws:iam::123456789012:role/reader"))
    transport.put("x", b"1")
    credentials = transport._bucket.clients.s3._request_signer._credentials
    credentials._expiry_time = datetime.now(UTC) + timedelta(minutes=2)
    credentials._refresh_using.__self__._cache.clear()
    transport.put("x", b"2")
    assert stub.methods() == ["POST", "PUT", "POST", "PUT"]


def test_a_role_that_is_refused_is_an_error(make: Make, stub: Any) -> None:
    stub.fail("POST", "answer", status=403, code="AccessDenied")
    with pytest.raises(PermissionDeniedError):
        make(role=S3Role(arn="arn:aws:iam::123456789012:role/reader")).put("x", b"1")
    with pytest.raises(PermissionDeniedError, match="no credentials"):
        make(role=S3Role(arn="arn:aws:iam::123456789012:role/reader"), access_key_id=None).put("x", b"1")


def test_threads_share_one_client(make: Make) -> None:
    transport = make()
    ready = threading.Barrier(8)

    def use(_: int) -> int:
        ready.wait()
        return id(transport._bucket.clients.s3)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(use, range(8)))) == 1


def test_a_forked_process_has_a_client_of_its_own(make: Make) -> None:
    transport = make()
    transport.put("x", b"1")
    mine = transport._bucket.clients.s3
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def child() -> None:
        answers.put((transport._bucket.clients.s3 is mine, bytes(transport.get("x"))))

    process = context.Process(target=child)
    process.start()
    assert answers.get() == (False, b"1")
    process.join()
    assert transport._bucket.clients.s3 is mine


def test_a_closed_transport_opens_again(make: Make) -> None:
    transport = make()
    transport.put("x", b"1")
    transport.close()
    transport.close()
    assert bytes(transport.get("x")) == b"1"


def test_a_pickle_has_neither_connections_nor_secrets(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = token_hex(16)
    monkeypatch.setenv("CANARY", canary)
    transport = make(access_key_id=Secret.parse("${env:CANARY}"), secret_access_key=Secret.parse("${env:CANARY}"))
    transport.put("x", b"1")
    pickled = pickle.dumps(transport)
    assert canary.encode() not in pickled
    assert bytes(pickle.loads(pickled).get("x")) == b"1"
    with pytest.raises(ConfigError, match="does not travel"):
        pickle.loads(pickle.dumps(make(access_key_id=Secret(canary), secret_access_key=Secret(canary)))).get("x")


def test_secrets_appear_nowhere(make: Make, stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    canary = f"canary/+{token_hex(16)}=="
    secrets = {name: Secret(canary) for name in ("access_key_id", "secret_access_key", "session_token")}
    transport = make(**secrets, retry=Retry(attempts=2, max_backoff=0.01))
    transport.put("x", b"1")
    list(transport.list(""))
    url = transport.presign("x", method="GET", expires=timedelta(hours=1))
    errors = []
    for what, code in (("answer", "InvalidToken"), ("reset", ""), ("lose", "")):
        stub.fail("GET", what, status=400, code=code, times=1 if what == "answer" else 2)
        with pytest.raises(DaoError) as caught:
            transport.get("x")
        # This test's own frame, the first, has the secret.
        errors.append(caught.value.with_traceback(caught.value.__traceback__.tb_next))
    told = [
        "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()) for error in errors
    ]
    assert isinstance(errors[1], TransientError)
    seen = [repr(transport), repr(vars(transport)), repr(transport._bucket), repr(transport._bucket.clients)]
    credentials = transport._bucket.clients.s3._request_signer._credentials
    seen += [repr(credentials), repr(vars(credentials)), *told]
    assert not [text for text in seen if canary in text or canary[:30] in text]
    assert canary not in caplog.text
    assert canary[:30] not in caplog.text
    assert url not in caplog.text


def test_a_roles_secrets_are_not_logged(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = make(role=S3Role(arn="arn:aws:iam::123456789012:role/reader"))
    transport.put("x", b"1")
    found = transport._bucket.clients.s3._request_signer._credentials.get_frozen_credentials()
    for secret in (found.access_key, found.secret_key, found.token):
        assert secret
        assert secret not in caplog.text
    assert "********" in caplog.text
