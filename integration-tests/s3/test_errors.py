"""What the server refuses is told in errors of its kind, at once where it makes no sense to try again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import frozen
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer
from services.toxics import Toxic

from dao import (
    DataAccessObject,
    DataStore,
    DataStoreRegistry,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
)
from dao.testing import FaultPlan
from dao_s3 import S3FileObject
from s3.stores import INTERFACES, store_of

ATTEMPTS = 3


@frozen
class Case:
    """A store with one object in it, behind the proxy."""

    interface: str
    store: DataStore
    dao: DataAccessObject
    note: S3FileObject
    proxy: FaultProxy


@pytest.fixture(params=INTERFACES)
def case(request: pytest.FixtureRequest, proxied: ObjectServer, proxy: FaultProxy, bucket: str) -> Iterator[Case]:
    retry = {"attempts": ATTEMPTS, "max_backoff": 0.05}
    store = store_of(request.param, proxied, bucket, retry=retry, timeouts={"connect": 5, "read": 1})
    with DataAccessObject(registry=DataStoreRegistry([store])) as dao:
        note = S3FileObject("note.bin", store)
        dao.write(b"content", note)
        yield Case(request.param, store, dao, note, proxy)


@pytest.mark.parametrize(
    ("status", "code", "message", "told"),
    [
        ("400 Bad Request", "ExpiredToken", "The provided token has expired.", "expired"),
        ("403 Forbidden", "RequestTimeTooSkewed", "The difference is too large.", "clock"),
        ("403 Forbidden", "AccessDenied", "Access Denied", "403"),
        ("403 Forbidden", "InvalidAccessKeyId", "The key does not exist in our records.", "key"),
        ("403 Forbidden", "SignatureDoesNotMatch", "Check your key and signing method.", "secret"),
    ],
)
@pytest.mark.parametrize("action", ["read", "write", "delete", "list"])
def test_who_may_not_hears_why_and_asks_once(
    case: Case, status: str, code: str, message: str, told: str, action: str
) -> None:
    calls = {
        "read": lambda: case.dao.read(case.note, into="bytes"),
        "write": lambda: case.dao.write(b"new", case.note, mode="overwrite"),
        "delete": lambda: case.dao.delete(case.note),
        "list": lambda: list(case.dao.list(case.store)),
    }
    before = case.proxy.requests
    with case.proxy.refusing(status, code, message), pytest.raises(PermissionDeniedError) as caught:
        calls[action]()
    # An action may take two requests, and boto3 asks where the bucket is when a HEAD is answered with 400.
    assert case.proxy.requests - before <= 3, "it makes no sense to ask again"
    error = caught.value
    assert isinstance(error, PermissionError)
    assert error.store == "lake"
    if action != "delete":  # it begins with a HEAD, whose answer has no body that would say more than 403
        assert told in str(error).lower(), f"the message doesn't say what is wrong: {error}"
    assert case.dao.read(case.note, into="bytes") == b"content"


def test_what_is_missing_is_no_refusal(case: Case, proxied: ObjectServer, bucket: str) -> None:
    with pytest.raises(NotFoundError, match=r"nobody\.bin"):
        case.dao.read(S3FileObject("nobody.bin", case.store), into="bytes")
    nowhere = store_of(case.interface, proxied, f"{bucket}-not", name="nowhere")
    with DataAccessObject(registry=DataStoreRegistry([nowhere])) as dao:
        for call in (
            lambda: dao.read(S3FileObject("note.bin", nowhere), into="bytes"),
            lambda: dao.write(b"x", S3FileObject("note.bin", nowhere)),
            lambda: list(dao.list(nowhere)),
        ):
            with pytest.raises(NotFoundError, match=f"{bucket}-not"):
                call()


@pytest.mark.parametrize("toxic", [Toxic.SLOW_DOWN, Toxic.RESET, Toxic.STALL, Toxic.LOST], ids=lambda t: t.name.lower())
@pytest.mark.parametrize("action", ["read", "write"])
def test_what_goes_on_failing_is_given_up(case: Case, toxic: Toxic, action: str) -> None:
    calls = {
        "read": lambda: case.dao.read(case.note, into="bytes"),
        "write": lambda: case.dao.write(b"new", case.note, mode="overwrite"),
    }
    plan = FaultPlan(at=1, onwards=True)
    with case.proxy.under(plan, toxic), pytest.raises(TransientError) as caught:
        calls[action]()
    assert len(plan.seen) <= ATTEMPTS, f"{len(plan.seen)} requests were made: {plan.seen}"
    if toxic is Toxic.SLOW_DOWN:
        assert "SlowDown" in str(caught.value) or "throttl" in str(caught.value).lower(), str(caught.value)


def test_a_burst_of_refusals_is_sat_out(case: Case) -> None:
    for position in (1, 2):
        with case.proxy.under(FaultPlan(at=position), Toxic.SLOW_DOWN):
            assert case.dao.read(case.note, into="bytes") == b"content"
            case.dao.write(b"content", case.note, mode="overwrite")


def test_a_server_that_is_not_there(case: Case, bucket: str) -> None:
    server = ObjectServer("http://127.0.0.1:9")
    store = store_of(case.interface, server, bucket, name="gone", timeouts={"connect": 1, "read": 1})
    with (
        DataAccessObject(registry=DataStoreRegistry([store])) as dao,
        pytest.raises(TransientError) as caught,
    ):
        dao.read(S3FileObject("note.bin", store), into="bytes")
    assert isinstance(caught.value, StoreError)
    assert server.secret_key not in str(caught.value)
