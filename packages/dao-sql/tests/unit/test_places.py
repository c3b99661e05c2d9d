"""The names that tables have for other programs, by OpenLineage's naming."""

from __future__ import annotations

from pathlib import Path

import pytest

from dao import DataObject, Secret
from dao_sql import PostgresInterface, SqliteInterface

ORDERS = DataObject("orders")


@pytest.mark.parametrize(
    ("uri", "located"),
    [
        ("postgresql://me:canary@db.example.com:6432/shop", "postgres://db.example.com:6432/shop.raw.orders"),
        ("postgres://db.example.com/shop?sslmode=require", "postgres://db.example.com:5432/shop.raw.orders"),
        ("postgresql://me:c@nary@[::1]:5432/my%20shop", "postgres://[::1]:5432/my shop.raw.orders"),
        ("postgresql://one:1111,two:2222/shop", "postgres://one:1111/shop.raw.orders"),
    ],
)
def test_a_table_of_postgresql_has_its_servers_name(uri: str, located: str) -> None:
    assert PostgresInterface(uri=Secret(uri), schema="raw").locate(ORDERS) == located


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://",
        "postgresql:///shop",
        "postgresql://db.example.com",
        "postgresql://%2Fvar%2Frun/shop",
        "postgresql://db.example.com/shop?port=6432",
        "host=db.example.com dbname=shop",
        "postgresql://me:12/34@db.example.com/shop",
        "postgresql://me:12?34@db.example.com/shop",
    ],
)
def test_what_a_uri_does_not_say_is_not_guessed(uri: str) -> None:
    assert PostgresInterface(uri=Secret(uri)).locate(ORDERS) == ""


def test_a_table_of_sqlite_has_its_files_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SqliteInterface(database=Path("shop.db")).locate(ORDERS) == f"sqlite://{tmp_path}/shop.db/orders"
