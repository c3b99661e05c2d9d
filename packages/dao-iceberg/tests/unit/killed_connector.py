"""Connectors that are killed at one of their I/O operations; see test_connector_kills.py."""

from __future__ import annotations

import asyncio
import builtins
import os
from datetime import datetime
from typing import Any

import pandas as pd  # noqa: F401 - loaded once, for all connectors: by pyarrow, for the first list
import pyarrow.parquet  # noqa: F401
from pydantic import BaseModel
from sqlalchemy.dialects import sqlite  # noqa: F401
from sqlalchemy.engine.default import DefaultDialect

import dao_iceberg._actions.changes
import dao_iceberg._actions.upserting  # noqa: F401
from dao.testing import fork_writers, killing, patched
from dao_files.lake import FolderTransport
from dao_files.lake._folder import FileWriter
from dao_iceberg.connector import AWSConnector

CALLS = ("replace", "link", "unlink", "makedirs", "rmdir", "fstat", "fsync")
TABLES = ("a", "b", "c")
FIELDS = {"index_field": "id", "datetime_field": "at"}


class Row(BaseModel):
    """A row of the target."""

    id: int
    at: datetime
    text: str


def config(root: str, max_records: int) -> dict[str, Any]:
    """From the tables of ``shop`` to ``gold.orders``, in a folder."""
    tables = [{"database": "shop", "table": name, **FIELDS} for name in TABLES]
    target = {"database": "gold", "table": "orders", **FIELDS, "partition_by": ["day"]}
    source = {"tables": tables, "max_records": max_records}
    return {"connector": {"options": {"root": root}, "source": source, "target": target}}


async def bring_all(root: str, max_records: int) -> None:
    """Read and write until there is nothing to read."""
    async with AWSConnector(config(root, max_records)) as connector:
        while len(records := await connector.read()):
            await connector.write(records, Row)
            print("wrote", len(records), flush=True)
        await connector.write(records, Row)


def write(order: str) -> None:
    """Bring all rows to the target.

    Args:
        order: the folder, the rows of one read, and at which operation to be killed; 0 for none.
    """
    root, max_records, at = order.split()
    requests = (FolderTransport, "head", "get", "list", "delete")
    database = (DefaultDialect, "connect", "do_execute", "do_commit", "do_rollback", "do_close")
    plan = killing(int(at) or None)
    with patched(plan, requests, database, (FileWriter, "write", "close"), (os, *CALLS), (builtins, "open")):
        asyncio.run(bring_all(root, int(max_records)))
    print("operations", len(plan.seen), flush=True)


if __name__ == "__main__":
    fork_writers(write)
