"""The driver's errors as DAO's."""

from __future__ import annotations

import pytest
from redshift_connector import InterfaceError, ProgrammingError

from dao.errors import (
    AlreadyExistsError,
    ConflictError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao_redshift._errors import is_lost, translate, without_credentials


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("28P01", PermissionDeniedError),
        ("42501", PermissionDeniedError),
        ("42P01", NotFoundError),
        ("3F000", NotFoundError),
        ("42P07", ConflictError),
        ("42P06", AlreadyExistsError),
        ("40001", ConflictError),
        ("23505", ConflictError),
        ("22001", DataError),
        ("23502", DataError),
        ("0A000", UnsupportedError),
        ("57P01", TransientError),
        ("53300", TransientError),
        ("42601", StoreError),
        ("57014", StoreError),
    ],
)
def test_by_the_sqlstate(state: str, kind: type[StoreError]) -> None:
    found = translate(ProgrammingError({"S": "ERROR", "C": state, "M": "so it is"}))
    assert type(found) is kind
    assert str(found) == f"so it is (SQLSTATE {state})"


def test_a_serializable_isolation_violation_is_a_conflict() -> None:
    text = "1023 DETAIL: Serializable isolation violation on table - 100"
    assert isinstance(translate(ProgrammingError({"C": "XX000", "M": text})), ConflictError)


@pytest.mark.parametrize(
    "error",
    [
        InterfaceError("BrokenPipe: server socket closed."),
        InterfaceError("connection is closed"),
        InterfaceError("communication error", OSError()),
        ConnectionResetError("reset"),
        TimeoutError("timed out"),
        ProgrammingError({"C": "57P01", "M": "terminating connection"}),
    ],
)
def test_a_lost_connection_may_be_tried_again(error: Exception) -> None:
    assert is_lost(error)
    assert isinstance(translate(error), TransientError)


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError("mine"), FileNotFoundError("mine")])
def test_other_errors_are_not_the_drivers(error: Exception) -> None:
    assert isinstance(error, FileNotFoundError) or translate(error) is None


@pytest.mark.parametrize(
    "text",
    [
        "at ACCESS_KEY_ID 'canary' SECRET_ACCESS_KEY 'canary' SESSION_TOKEN 'ca''canary' FORMAT",
        "CREDENTIALS 'aws_access_key_id=canary;aws_secret_access_key=canary'",
        "aws_secret_access_key=canary;token=canary",
        "CREATE USER me PASSWORD 'canary'",
        "near SECRET_ACCESS_KEY 'canary",
    ],
)
def test_credentials_in_a_quoted_statement_are_masked(text: str) -> None:
    assert "canary" not in without_credentials(text)
    assert "canary" not in str(translate(ProgrammingError({"C": "42601", "M": text, "D": text})))
