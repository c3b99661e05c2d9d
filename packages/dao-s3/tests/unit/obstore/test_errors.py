"""What goes wrong between obstore and a store, in DAO's words; and no secret in any of them."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from dao.errors import (
    ConfigError,
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao.secrets import Secret
from dao_s3._obstore.errors import translate
from dao_s3._options import Retry, Timeouts

ANSWERS = [
    (400, "ExpiredToken", PermissionDeniedError, "expired"),
    (403, "RequestTimeTooSkewed", PermissionDeniedError, "clock"),
    (403, "InvalidAccessKeyId", PermissionDeniedError, "access_key_id"),
    (403, "SignatureDoesNotMatch", PermissionDeniedError, "signature"),
    (403, "AccessDenied", PermissionDeniedError, "denied"),
    (404, "NoSuchBucket", NotFoundError, "bucket"),
    (404, "NoSuchKey", NotFoundError, "nothing is there"),
    (412, "PreconditionFailed", ConflictError, "condition"),
    (503, "SlowDown", TransientError, "throttling"),
    (500, "InternalError", TransientError, "busy"),
    (501, "NotImplemented", UnsupportedError, "can't"),
]


@pytest.mark.parametrize(("status", "code", "kind", "words"), ANSWERS)
@pytest.mark.parametrize("action", ["get", "put", "head", "list", "writer"])
def test_refusals(on_s3: Any, stub: Any, action: str, status: int, code: str, kind: type[DaoError], words: str) -> None:
    for method in ("GET", "HEAD", "PUT", "POST"):
        stub.fail(method, "answer", status=status, code=code, times=99)
    transport = on_s3(retry=Retry(attempts=2, max_backoff=0.01))
    ask: dict[str, Callable[[], object]] = {
        "get": lambda: transport.get("key"),
        "head": lambda: transport.head("key"),
        "put": lambda: transport.put("key", b""),
        "list": lambda: list(transport.list("key")),
        "writer": lambda: transport.writer("key").close(),
    }
    # An answer to HEAD has no body; what may be about credentials is asked for once more, by GET.
    told = "/key" if action == "head" and status in (404, 500, 503, 501, 412) else words
    with pytest.raises(kind, match=told) as caught:
        ask[action]()
    assert type(pickle.loads(pickle.dumps(caught.value))) is kind


def test_refusals_that_have_no_body(on_s3: Any, stub: Any) -> None:
    stub.fail("HEAD", "answer", status=403, times=99)
    with pytest.raises(NotFoundError):  # asked by GET, the store does say
        on_s3().head("key")


@pytest.mark.parametrize("action", ["get", "head", "put", "list"])
def test_what_passes_is_tried_again(on_s3: Any, stub: Any, action: str) -> None:
    transport = on_s3()
    transport.put("key", b"hello")
    for method in ("GET", "HEAD", "PUT"):
        stub.fail(method, "answer", status=503, times=3)
    if action == "list":
        assert [stat.key for stat in transport.list("")] == ["key"]
    else:
        assert (transport.put("key", b"") if action == "put" else getattr(transport, action)("key")) is not None


def test_attempts_are_those_that_were_set(on_s3: Any, stub: Any) -> None:
    stub.fail("GET", "answer", times=99)
    with pytest.raises(TransientError):
        on_s3(retry=Retry(attempts=3, max_backoff=0.01)).get("key")
    assert stub.methods() == ["GET"] * 3


@pytest.mark.parametrize("size", [100, 3 << 20])
@pytest.mark.parametrize("way", ["get", "chunks"])
def test_a_body_that_is_cut_is_asked_for_again(on_s3: Any, stub: Any, size: int, way: str) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    transport = on_s3()
    transport.put("key", content)
    stub.fail("GET", "cut")
    found = transport.get("key") if way == "get" else b"".join(transport.chunks("key"))
    assert bytes(found) == content
    assert stub.methods().count("GET") == 2


def test_a_body_that_is_always_cut_is_an_error(on_s3: Any, stub: Any) -> None:
    transport = on_s3(retry=Retry(attempts=2, max_backoff=0.01, timeout=2.0))
    transport.put("key", bytes(1000))
    stub.fail("GET", "cut", times=99)
    with pytest.raises(StoreError):
        transport.get("key")
    with pytest.raises(StoreError):
        list(transport.chunks("key"))


def test_silence(on_s3: Any, stub: Any) -> None:
    stub.fail("GET", "stall", times=99)
    transport = on_s3(timeouts=Timeouts(connect=5, read=0.3), retry=Retry(attempts=2, max_backoff=0.01))
    with pytest.raises(TransientError, match="timed out"):
        transport.get("key")


def test_a_lost_answer(on_s3: Any, stub: Any) -> None:
    transport = on_s3(retry=Retry(attempts=1))
    stub.fail("PUT", "lose")
    with pytest.raises(TransientError, match="broke"):
        transport.put("key", b"hello", if_absent=True)
    assert bytes(transport.get("key")) == b"hello"


def test_nobody_listens(on_s3: Any) -> None:
    transport = on_s3(endpoint="http://127.0.0.1:9", retry=Retry(attempts=2, max_backoff=0.01))
    with pytest.raises(TransientError, match="no connection"):
        transport.get("key")


@pytest.mark.parametrize("status", [409, 412])
def test_conflicts_of_creation(on_s3: Any, stub: Any, status: int) -> None:
    code = "ConditionalRequestConflict" if status == 409 else "PreconditionFailed"
    stub.fail("PUT", "answer", status=status, code=code, times=99)
    with pytest.raises(ConflictError, match=code):
        on_s3(retry=Retry(attempts=1)).put("key", b"", if_absent=True)


def test_a_missing_bucket(on_s3: Any) -> None:
    transport = on_s3(url="s3://no-such-bucket")
    for ask in (
        transport.get,
        lambda key: transport.put(key, b""),
        lambda key: list(transport.list("")),
        transport.head,
    ):
        with pytest.raises(NotFoundError):
            ask("key")
    with pytest.raises(NotFoundError, match="bucket"):
        transport.delete(["key"])


def test_some_that_cannot_be_deleted(on_s3: Any, stub: Any) -> None:
    transport = on_s3(retry=Retry(attempts=1))
    transport.put("a", b"")
    stub.fail("POST", "answer", path="delete", status=403, code="AccessDenied", times=99)
    with pytest.raises(PermissionDeniedError, match="denied"):
        transport.delete(["a", "b"])


CANARY = "canary-of-the-tests"


def test_no_secret_is_told(on_s3: Any, stub: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {name: Secret(f"{CANARY}-{name}") for name in ("access_key_id", "secret_access_key", "session_token")}
    transport = on_s3(**secrets, retry=Retry(attempts=1))
    stub.fail("GET", "answer", status=403, code="AccessDenied", times=99)
    told = [repr(transport), str(transport), str(pickle.dumps(transport))]
    for ask in (lambda: transport.get("key"), lambda: list(transport.list(""))):
        with pytest.raises(PermissionDeniedError) as caught:
            ask()
        told.append("".join(traceback.format_exception(caught.value)))
    assert [text for text in [*told, caplog.text] if CANARY in text] == []


def test_errors_of_others_pass() -> None:
    for error in (KeyError("x"), ValueError("not obstore's"), FileNotFoundError(2, "no file")):
        assert translate(error, "s3://lake/key") is None


def test_settings_that_make_no_store(make: Any) -> None:
    transport = make(
        url="az://container",
        store_options={"account_name": "me"},
        store_secrets={"account_key": Secret(f"{CANARY}-is-no-key")},
    )
    with pytest.raises(ConfigError, match="store_secrets") as caught:
        transport.get("key")
    assert CANARY not in str(caught.value)


def test_plain_http_that_was_not_meant() -> None:
    error = type("GenericError", (Exception,), {"__module__": "obstore.exceptions"})
    told = translate(error("Generic S3 error: builder error\n\nDebug source:\nBadScheme"), "s3://lake/key")
    assert isinstance(told, StoreError)
    assert "https" in str(told)


def test_ranges_and_disks() -> None:
    error = type("GenericError", (Exception,), {"__module__": "obstore.exceptions"})
    denied = translate(error("Generic LocalFileSystem error: Permission denied (os error 13)"), "file:///a")
    assert isinstance(denied, PermissionDeniedError)
    full = translate(error("Generic LocalFileSystem error: No space left on device (os error 28)"), "file:///a")
    assert type(full) is StoreError
    assert "space" in str(full)
    assert isinstance(translate(error("Generic: InvalidRange"), "file:///a"), DataError)
