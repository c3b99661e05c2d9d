"""What a catalog may say, and what the driver is told then."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from dao.data_object import DataObject
from dao.errors import ConfigError
from dao.secrets import Secret
from dao_redshift import RedshiftConnector, RedshiftInterface
from dao_redshift._connections.client import Client, Login

LOGIN = {"host": "dwh.example.com", "user": "me", "password": Secret("canary-1")}


def arguments_of(**options: Any) -> dict[str, Any]:
    return Client(RedshiftInterface(**options))._arguments()


def test_a_user_with_a_password_over_tls_by_default() -> None:
    found = arguments_of(**LOGIN)
    assert found["ssl"] is True
    assert found["sslmode"] == "verify-full"
    assert (found["user"], found["password"], found["host"], found["port"]) == (
        "me",
        "canary-1",
        "dwh.example.com",
        5439,
    )


def test_temporary_credentials_of_a_cluster() -> None:
    found = arguments_of(iam=True, cluster="dwh", user="etl", region="eu-central-1", profile="prod")
    wanted = {"iam": True, "cluster_identifier": "dwh", "db_user": "etl", "region": "eu-central-1", "profile": "prod"}
    assert wanted.items() <= found.items()
    assert "password" not in found


def test_temporary_credentials_of_a_workgroup() -> None:
    found = arguments_of(iam=True, workgroup="wg", account="123456789012", region="eu-central-1")
    wanted = {"iam": True, "is_serverless": True, "serverless_work_group": "wg", "serverless_acct_id": "123456789012"}
    assert wanted.items() <= found.items()


def test_a_login_of_secrets_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"username": "app", "password": "canary-2", "host": "h", "port": 5440, "dbname": "gold"}
    monkeypatch.setattr(Client, "_ask_for_login", lambda _self, _name: Login.of(json.dumps(content)))
    found = arguments_of(secret_id="prod/dwh")
    wanted = {"user": "app", "password": "canary-2", "host": "h", "port": 5440, "database": "gold"}
    assert wanted.items() <= found.items()


@pytest.mark.parametrize("content", ["", "canary", '{"username": "canary"}', "[]", '"canary"'])
def test_a_secret_that_is_no_login_is_refused_and_not_quoted(content: str) -> None:
    with pytest.raises(ConfigError, match="expected JSON") as caught:
        Login.of(content)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("password", ["canary\n", "", "ca\0nary"])
def test_a_password_that_can_not_be_sent_is_refused_and_not_quoted(password: str) -> None:
    with pytest.raises(ConfigError, match="can't be sent") as caught:
        arguments_of(**{**LOGIN, "password": Secret(password)})
    assert "nary" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "no way to log in"),
        ({"host": "h", "user": "me"}, "no way to log in"),
        ({"user": "me", "password": Secret("x")}, "host"),
        ({**LOGIN, "iam": True, "cluster": "c"}, "one way"),
        ({**LOGIN, "secret_id": "s"}, "one of the two"),
        ({"iam": True}, "without cluster"),
        ({"iam": True, "cluster": "c", "workgroup": "w"}, "one of the two"),
        ({"iam": True, "cluster": "c", "sslmode": "disable"}, "TLS"),
        ({**LOGIN, "sslmode": "prefer"}, "sslmode"),
        ({**LOGIN, "staging": "bucket/x"}, "staging: found"),
        ({**LOGIN, "staging": "s3://bucket/a'b"}, "staging: found"),
        ({**LOGIN, "iam_role": "role'; DROP TABLE t; --"}, "iam_role"),
        ({**LOGIN, "iam_role": "arn:aws:iam::123456789012:role/a,"}, "iam_role"),
        ({**LOGIN, "query_group": "a'b"}, "query_group"),
        ({**LOGIN, "schema": ""}, "schema"),
        ({**LOGIN, "statement_timeout": 0}, "statement_timeout"),
        ({**LOGIN, "region": "Frankfurt"}, "region"),
    ],
)
def test_options_that_reach_no_warehouse_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RedshiftInterface(**options)


@pytest.mark.parametrize(
    "role",
    [
        "default",
        "arn:aws:iam::123456789012:role/a",
        "arn:aws:iam::123456789012:role/a,arn:aws-cn:iam::123456789012:role/b",
    ],
)
def test_roles(role: str) -> None:
    assert RedshiftInterface(**LOGIN, iam_role=role).iam_role == role


def test_secrets_are_in_no_text_and_in_no_pickle() -> None:
    made = RedshiftInterface(**LOGIN, staging="s3://bucket/staging")
    assert "canary" not in repr(made) + str(made) + repr(made._client) + repr(made.bulk)
    assert b"canary" not in pickle.dumps(made)


def test_the_old_name_is_the_same_class() -> None:
    assert RedshiftConnector is RedshiftInterface


@pytest.mark.parametrize(
    ("options", "server"),
    [
        ({"host": "dwh.abc123.eu-central-1.redshift.amazonaws.com"}, "dwh.eu-central-1:5439"),
        ({"host": "etl.123456789012.us-east-1.redshift-serverless.amazonaws.com", "port": 5440}, "etl.us-east-1:5440"),
        ({"host": "dwh.example.com"}, "dwh.example.com:5439"),
        ({"iam": True, "cluster": "dwh", "region": "eu-central-1"}, "dwh.eu-central-1:5439"),
    ],
)
def test_a_table_has_one_name_for_everybody(options: dict[str, Any], server: str) -> None:
    interface = RedshiftInterface(**{"user": "me", "password": None if "iam" in options else Secret("c"), **options})
    assert interface.locate(DataObject("orders")) == f"redshift://{server}/dev.public.orders"


def test_credentials_of_the_process_beside_a_role_are_refused() -> None:
    role = "arn:aws:iam::123456789012:role/load"
    with pytest.raises(ConfigError, match="session_credentials: found true with iam_role"):
        RedshiftInterface(**LOGIN, session_credentials=True, iam_role=role)
    assert RedshiftInterface(**LOGIN, iam_role=role, session_credentials=False).iam_role == role
    assert RedshiftInterface(**LOGIN, session_credentials=True).session_credentials
