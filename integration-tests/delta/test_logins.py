"""Who may not, hears why, in one line without secrets; logins that change or end are asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from moto.server import ThreadedMotoServer
from s3.stores import options_of
from services.fault_proxy import FaultProxy
from services.minio import ObjectServer, offer

from dao import DataAccessObject, DataStore, DataStoreRegistry, PermissionDeniedError
from dao_delta import DeltaObject

REFUSALS = [
    ("400 Bad Request", "ExpiredToken", "The provided token has expired."),
    ("403 Forbidden", "RequestTimeTooSkewed", "The difference is too large."),
    ("403 Forbidden", "AccessDenied", "Access Denied"),
    ("403 Forbidden", "InvalidAccessKeyId", "The key does not exist in our records."),
    ("403 Forbidden", "SignatureDoesNotMatch", "Check your key and signing method."),
]
CALLS = {
    "read": lambda dao, table: dao.read(table),
    "stream": lambda dao, table: dao.read_stream(table).read_all(),
    "count": lambda dao, table: dao.count(table),
    "append": lambda dao, table: dao.write([{"id": 2}], table, mode="append"),
    "create": lambda dao, table: dao.write([{"id": 2}], DeltaObject("new", table.data_store)),
    "exists": lambda dao, table: dao.exists(table),
    "history": lambda dao, table: dao.history(table),
    "list": lambda dao, table: list(dao.list(table.data_store)),
}


def told(error: BaseException) -> str:
    """All that an error says, with what it was raised from."""
    texts = []
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", ())]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.fixture
def table(proxied: ObjectServer, bucket: str) -> Iterator[DeltaObject]:
    with DataStore("lake", "delta", options=options_of(proxied, bucket)) as store:
        DataAccessObject().write([{"id": 1}], DeltaObject("t", store))
        yield DeltaObject("t", store)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[1])
def test_who_may_not_hears_why_and_asks_once(
    table: DeltaObject, proxy: FaultProxy, proxied: ObjectServer, refusal: tuple[str, str, str], call
) -> None:
    dao, before = DataAccessObject(registry=DataStoreRegistry([table.data_store])), proxy.requests
    with proxy.refusing(*refusal), pytest.raises(PermissionDeniedError) as caught:
        call(dao, table)
    assert proxy.requests - before <= 3, "it makes no sense to ask again"
    message = str(caught.value)
    assert "\n" not in message
    assert "\x1b" not in message
    assert "panicked" not in message
    assert proxied.secret_key not in told(caught.value)
    assert dao.read(table)["id"].to_pylist() == [1]


def test_a_wrong_key_is_told(object_server: ObjectServer, bucket: str) -> None:
    if offer().way == "stand-ins":
        pytest.skip("moto's server lets everyone in")
    secret = "this-is-a-wrong-secret-key"
    store = DataStore("lake", "delta", options=options_of(object_server, bucket, secret_access_key=secret))
    dao = DataAccessObject(registry=DataStoreRegistry([store]))
    for call in CALLS.values():
        with pytest.raises(PermissionDeniedError) as caught:
            call(dao, DeltaObject("t", store))
        assert secret not in told(caught.value)


def test_given_keys_go_without_a_token_of_the_environment(
    object_server: ObjectServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the machine's own keys")
    store = DataStore("lake", "delta", options=options_of(object_server, bucket))
    dao, table = DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)
    dao.write([{"id": 1}], table)
    assert dao.read(table)["id"].to_pylist() == [1]


def test_a_role_is_assumed_once_and_renewed_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    options = options_of(ObjectServer(url), "lake", role={"arn": "arn:aws:iam::123456789012:role/reader"})
    with DataStore("lake", "delta", options=options) as store:
        first = store.interface.settings()
        assert first["aws_session_token"]
        assert store.interface.settings() == first
        later = datetime.now(UTC) + timedelta(minutes=50)
        credentials = store.interface.object_store._login._provider._credentials
        monkeypatch.setattr(credentials, "_time_fetcher", lambda: later)
        monkeypatch.setattr("botocore.credentials._local_now", lambda: later)
        assert store.interface.settings()["aws_session_token"] != first["aws_session_token"]
    server.stop()
