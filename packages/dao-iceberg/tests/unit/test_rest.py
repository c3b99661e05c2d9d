"""REST catalogs: what is asked of a service, for how long, and what it may say."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pyiceberg.catalog.rest import Capability
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.schema import Schema
from pyiceberg.table.update import AddSchemaUpdate, SetPropertiesUpdate, SetSnapshotRefUpdate
from pyiceberg.types import LongType, NestedField
from requests import PreparedRequest, Response, Session

from dao import DataAccessObject, DataStore, PermissionDeniedError, TableObject, UnsupportedError

NESSIE = {"nessie.is-nessie-catalog": "true"}
OPTIONS = {
    "catalog": "rest",
    "uri": "http://127.0.0.1:9",
    "bucket": "lake",
    "region": "us-east-1",
    "access_key_id": "a",
    "secret_access_key": "b",
    "timeouts": {"connect": 3, "read": 4},
}


class Service:
    """Answers in a service's place.

    Attributes:
        config: what it says to begin with.
        requests: what it was asked, and for how long.
    """

    def __init__(self) -> None:
        self.config: dict[str, Any] = {"defaults": {}, "overrides": {}}
        self.requests: list[tuple[PreparedRequest, Any]] = []
        self.status = 404

    def send(self, session: Session, request: PreparedRequest, **given: Any) -> Response:
        self.requests.append((request, given["timeout"]))
        answer = Response()
        answer.request, answer.url = request, request.url
        asks_config = request.path_url.startswith("/v1/config")
        answer.status_code = 200 if asks_config else self.status
        told = self.config if asks_config else {"error": {"message": "no", "type": "No", "code": self.status}}
        answer._content = json.dumps(told).encode()
        return answer


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service()
    monkeypatch.setattr(Session, "send", lambda session, request, **given: made.send(session, request, **given))
    return made


@pytest.fixture
def store() -> DataStore:
    return DataStore("lake", "iceberg", options=OPTIONS)


def test_each_request_ends_in_time(service: Service, store: DataStore) -> None:
    assert not DataAccessObject().exists(TableObject("t", store))
    assert len(service.requests) == 2
    assert {times for _, times in service.requests} == {(3.0, 4.0)}


def test_no_credentials_are_asked_for(service: Service, store: DataStore) -> None:
    DataAccessObject().exists(TableObject("t", store))
    assert all("X-Iceberg-Access-Delegation" not in request.headers for request, _ in service.requests)


def test_a_service_names_no_code(service: Service, store: DataStore) -> None:
    named = {"type": "custom", "impl": "antigravity.Fly", "custom": {}}
    service.config = {"defaults": {"ssl": {"cabundle": "/theirs"}}, "overrides": {"auth": named}}
    assert not DataAccessObject().exists(TableObject("t", store))


def test_what_a_service_lacks_is_unsupported(service: Service, store: DataStore) -> None:
    service.config["endpoints"] = [str(Capability.V1_LIST_NAMESPACES)]
    with pytest.raises(UnsupportedError, match="doesn't offer"):
        DataAccessObject().read(TableObject("t", store))


def test_who_may_not_is_refused(service: Service, store: DataStore) -> None:
    service.status = 403
    with pytest.raises(PermissionDeniedError):
        DataAccessObject().read(TableObject("t", store))


@pytest.mark.parametrize("config", [NESSIE, {}], ids=["nessie", "another"])
def test_nessie_is_asked_for_no_branch_of_a_table(service: Service, store: DataStore, config: dict[str, str]) -> None:
    service.config["overrides"], service.status = config, 409
    catalog = store.interface._client.catalogs.get()
    table: Any = SimpleNamespace(name=lambda: ("default", "t"), config={}, metadata=SimpleNamespace(last_column_id=7))
    ref = SetSnapshotRefUpdate(ref_name="audit", type="branch", snapshot_id=1)
    schema = AddSchemaUpdate(schema_=Schema(NestedField(9, "id", LongType(), required=False)))
    properties = [SetPropertiesUpdate(updates={name: "x"}) for name in ("a", "b")]
    with pytest.raises(UnsupportedError if config else CommitFailedException):
        catalog.commit_table(table, (), (schema, *properties, ref))
    if not config:
        sent = json.loads(service.requests[-1][0].body)["updates"]
        assert [one["action"] for one in sent] == ["add-schema", "set-snapshot-ref", "set-properties"]
        assert (sent[0]["last-column-id"], sent[2]["updates"]) == (9, {"a": "x", "b": "x"})
