"""What Glue refuses, in DAO's words."""

from __future__ import annotations

from typing import Any

import pytest
from glue_server import Glue
from moto.core.exceptions import JsonRESTError
from moto.glue.responses import GlueResponse

from dao import ConfigError, DaoError, NotFoundError, PermissionDeniedError, StoreError, TransientError

ONCE = {"retry": {"attempts": 1}}


def refuse(monkeypatch: pytest.MonkeyPatch, action: str, code: str, status: int = 400) -> list[str]:
    """Let moto refuse an action; the list has an entry for each time that it did."""
    refused: list[str] = []

    def answer(response: Any) -> None:
        refused.append(action)
        error = JsonRESTError(code, "because")
        error.code = status
        raise error

    monkeypatch.setattr(GlueResponse, action, answer)
    return refused


@pytest.mark.parametrize(
    ("code", "status", "kind", "told"),
    [
        ("AccessDeniedException", 400, PermissionDeniedError, "these credentials lack the permission"),
        ("ExpiredTokenException", 400, PermissionDeniedError, "the credentials have expired"),
        ("UnrecognizedClientException", 400, PermissionDeniedError, "check access_key_id"),
        ("ThrottlingException", 400, TransientError, "too many requests"),
        ("InternalServiceException", 500, TransientError, "out of order or busy"),
        ("OperationTimeoutException", 400, TransientError, "Glue was not done in time"),
        ("GlueEncryptionException", 400, StoreError, "GlueEncryptionException: because"),
        ("InvalidInputException", 400, StoreError, "InvalidInputException: because"),
    ],
)
def test_refusals(
    glue: Glue, monkeypatch: pytest.MonkeyPatch, code: str, status: int, kind: type[DaoError], told: str
) -> None:
    glue.database("sales")
    refuse(monkeypatch, "get_table", code, status)
    with pytest.raises(kind) as error:
        glue.catalog(**ONCE)["sales.orders"]
    assert "glue:GetTable sales.orders" in str(error.value)
    assert told in str(error.value)
    assert error.value.__cause__ is not None
    assert type(error.value) is kind


def test_throttled_requests_are_made_again(glue: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = refuse(monkeypatch, "get_database", "ThrottlingException")
    with pytest.raises(TransientError):
        glue.catalog(retry={"attempts": 2}).store("sales")
    assert len(refused) == 2


def test_a_list_that_is_refused(glue: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    glue.database("sales")
    glue.table("sales", "orders", "s3://lake/orders")
    refuse(monkeypatch, "get_databases", "AccessDeniedException")
    catalog = glue.catalog()
    assert catalog["sales.orders"].key == "orders"
    with pytest.raises(PermissionDeniedError, match="glue:GetDatabases"):
        list(catalog.stores)
    with pytest.raises(ConfigError, match="no store 'sles' in the catalog for 'sles.orders', none are known"):
        catalog["sles.orders"]
    refuse(monkeypatch, "get_tables", "AccessDeniedException")
    with pytest.raises(PermissionDeniedError, match="glue:GetTables sales"):
        list(catalog.store("sales").objects)


def test_a_database_that_is_gone(glue: Glue) -> None:
    glue.database("sales")
    store = glue.catalog().store("sales")
    glue.client.delete_database(Name="sales")
    with pytest.raises(NotFoundError, match="Glue has no database 'sales' any more"):
        list(store.objects)
    assert "orders" not in store.objects


def test_nobody_answers(glue: Glue) -> None:
    with pytest.raises(TransientError, match="glue:GetDatabase sales: the store can't be reached"):
        glue.catalog(endpoint="http://127.0.0.1:9", **ONCE).store("sales")


def test_no_region(glue: Glue) -> None:
    with pytest.raises(ConfigError, match="the region is not known: give region"):
        glue.catalog(region=None).store("sales")


def test_no_credentials(glue: Glue) -> None:
    with pytest.raises(PermissionDeniedError, match="there are no credentials"):
        glue.catalog(access_key_id=None, secret_access_key=None).store("sales")


def test_it_may_be_used_again_after_it_was_closed(glue: Glue) -> None:
    glue.database("sales")
    catalog = glue.catalog()
    for _ in range(2):
        assert list(catalog.stores) == ["sales"]
        catalog.store("sales").interface  # noqa: B018
        catalog.close()
        catalog.refresh()
