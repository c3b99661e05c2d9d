"""Each refusal and each broken connection is an error of DAO's, and tells what to do."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from botocore import exceptions as botocore

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
from dao_s3._boto3.errors import to_dao_error
from dao_s3._boto3.transport import Boto3Transport
from dao_s3._errors import Answer, answer_in, error_of
from dao_s3._options import Retry, Timeouts

Make = Callable[..., Boto3Transport]

REFUSALS = [
    (404, "NoSuchKey", NotFoundError, "nothing is there"),
    (404, "NoSuchBucket", NotFoundError, "bucket"),
    (404, "NoSuchVersion", NotFoundError, "version"),
    (403, "AccessDenied", PermissionDeniedError, "permission"),
    (403, "InvalidAccessKeyId", PermissionDeniedError, "access_key_id"),
    (403, "SignatureDoesNotMatch", PermissionDeniedError, "secret_access_key"),
    (400, "ExpiredToken", PermissionDeniedError, "expired"),
    (400, "InvalidToken", PermissionDeniedError, "session_token"),
    (403, "RequestTimeTooSkewed", PermissionDeniedError, "clock"),
    (403, "InvalidObjectState", StoreError, "archived"),
    (400, "KMS.DisabledException", PermissionDeniedError, "kms_key"),
    (412, "PreconditionFailed", ConflictError, "condition"),
    (409, "ConditionalRequestConflict", ConflictError, "at this moment"),
    (400, "KeyTooLongError", DataError, "1,024"),
    (400, "EntityTooLarge", DataError, "larger"),
    (400, "InvalidArgument", DataError, "argument"),
    (301, "PermanentRedirect", StoreError, "region"),
    (501, "NotImplemented", UnsupportedError, "can't"),
    (503, "SlowDown", TransientError, "throttling"),
    (429, "TooManyRequests", TransientError, "throttling"),
    (400, "RequestTimeout", TransientError, "waited"),
    (500, "InternalError", TransientError, "busy"),
    (502, "WhoKnows", TransientError, "busy"),
    (418, "WhoKnows", StoreError, "refused"),
]


@pytest.mark.parametrize(("status", "code", "kind", "told"), REFUSALS, ids=[code for _, code, _, _ in REFUSALS])
def test_a_refusal_is_typed(
    transport: Boto3Transport, stub: Any, status: int, code: str, kind: type[DaoError], told: str
) -> None:
    stub.fail("GET", "answer", status=status, code=code, times=100)
    with pytest.raises(kind, match=told) as caught:
        transport.get("some/key")
    assert type(caught.value) is kind
    message = str(caught.value)
    assert f"{transport.uri}/some/key" in message
    assert code in message
    assert "told by the stub" in message
    assert isinstance(caught.value.__cause__, botocore.ClientError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestTimeTooSkewed", "AccessDenied"])
def test_a_refused_head_tells_why_too(transport: Boto3Transport, stub: Any, code: str) -> None:
    status = 400 if code == "ExpiredToken" else 403
    stub.fail("HEAD", "answer", status=status, code=code, times=9)  # botocore looks for another region first
    stub.fail("GET", "answer", status=status, code=code)
    with pytest.raises(PermissionDeniedError, match=code):
        transport.head("x")


def test_credentials_that_are_refused_are_not_tried_again(transport: Boto3Transport, stub: Any) -> None:
    for code in ("ExpiredToken", "RequestTimeTooSkewed", "AccessDenied"):
        stub.seen.clear()
        stub.fail("GET", "answer", status=403, code=code)
        with pytest.raises(PermissionDeniedError):
            transport.get("x")
        assert len(stub.seen) == 1


def test_a_busy_store_is_asked_again(transport: Boto3Transport, stub: Any) -> None:
    transport.put("x", b"1")
    stub.fail("GET", "answer", times=3)
    assert bytes(transport.get("x")) == b"1"


@pytest.mark.parametrize("what", ["answer", "reset"])
@pytest.mark.parametrize("attempts", [1, 3])
def test_no_more_attempts_than_allowed(make: Make, stub: Any, attempts: int, what: str) -> None:
    stub.fail("GET", what, times=100)
    with pytest.raises(TransientError):
        make(retry=Retry(attempts=attempts, max_backoff=0.01)).get("x")
    assert len(stub.seen) == attempts


def test_no_attempt_is_begun_too_late(make: Make, stub: Any) -> None:
    stub.fail("GET", "answer", times=100)
    with pytest.raises(TransientError):
        make(retry=Retry(attempts=100, max_backoff=0.01, timeout=0)).get("x")
    assert len(stub.seen) == 1


def test_adaptive_retries_are_bounded_too(make: Make, stub: Any) -> None:
    stub.fail("GET", "reset", times=100)
    with pytest.raises(TransientError):
        make(retry=Retry(attempts=2, mode="adaptive", max_backoff=0.01)).get("x")
    assert len(stub.seen) == 2


def test_a_store_that_is_not_there(make: Make) -> None:
    transport = make(endpoint="http://127.0.0.1:1", retry=Retry(attempts=2, max_backoff=0.01))
    with pytest.raises(TransientError, match="endpoint"):
        transport.get("x")


def test_a_silent_store_is_an_error_for_writes_too(make: Make, stub: Any) -> None:
    stub.fail("PUT", "stall", times=100)
    with pytest.raises(TransientError, match="silent"):
        make(timeouts=Timeouts(connect=5, read=0.2), retry=Retry(attempts=2, max_backoff=0.01)).put("x", b"1")


def test_a_put_whose_answer_is_lost_is_made_again(transport: Boto3Transport, stub: Any) -> None:
    stub.fail("PUT", "lose")
    transport.put("x", b"1")
    assert stub.methods() == ["PUT", "PUT"]


def test_no_credentials_at_all(make: Make) -> None:
    transport = make(access_key_id=None)
    with pytest.raises(PermissionDeniedError, match="no credentials"):
        transport.get("x")


def test_a_profile_that_is_not_there(make: Make) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        make(profile="nobody").get("x")


def test_what_drivers_raise_is_never_passed_on() -> None:
    for name in dir(botocore):
        kind = getattr(botocore, name)
        if not isinstance(kind, type) or not issubclass(kind, botocore.BotoCoreError):
            continue
        error = kind.__new__(kind)
        Exception.__init__(error, "https://user:canary@host/?sig=canary")
        found = to_dao_error(error, "s3://lake/x")
        assert isinstance(found, DaoError), name
        assert "canary" not in str(found), name


def test_what_stores_repeat_of_credentials_is_left_out() -> None:
    document = (
        "Generic error: <Error><Code>InvalidToken</Code><Message>The &quot;token&quot; is bad</Message>"
        "<Token-0>canary</Token-0><AWSAccessKeyId>canary</AWSAccessKeyId></Error>"
    )
    answer = answer_in(document, 400)
    assert answer == Answer(400, "InvalidToken", 'The "token" is bad')
    error = error_of(answer, "s3://lake/x")
    assert isinstance(error, PermissionDeniedError)
    assert "canary" not in str(error)


def test_a_version_that_could_never_be_is_none() -> None:
    error = error_of(Answer(400, "InvalidArgument", "Invalid version id specified"), "s3://lake/x")
    assert isinstance(error, NotFoundError)


def test_an_answer_without_a_code_is_known_by_its_status() -> None:
    for status, kind in (
        (404, NotFoundError),
        (403, PermissionDeniedError),
        (412, ConflictError),
        (503, TransientError),
    ):
        assert type(error_of(Answer(status), "s3://lake/x")) is kind
        assert type(error_of(Answer(None, str(status)), "s3://lake/x")) is kind
