"""Schemas of a PostgreSQL server, one for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from services.postgres import PostgresServer

__all__ = ["new_schema", "tables_left"]


@contextmanager
def new_schema(server: PostgresServer) -> Iterator[str]:
    """An empty schema, which is dropped afterwards."""
    name = f"kit_{uuid4().hex}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    try:
        yield name
    finally:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


def tables_left(server: PostgresServer) -> list[str]:
    """The temporary tables of all connections; a server drops those of a closed one a moment later."""
    left: list[str] = []
    with psycopg.connect(server.url, autocommit=True) as connection:
        for _ in range(50):
            found = connection.execute("SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'")
            left = [name for (name,) in found]
            if not left:
                break
            connection.execute("SELECT pg_sleep(0.02)")
    return left
