"""Writers that are killed at one of their I/O operations; see test_kills.py.

A writer says each change before and after it is made, and at last how many operations that took.
"""

from __future__ import annotations

import builtins
import os

import pandas as pd  # noqa: F401 - loaded once, for all writers: by pyarrow, for the first list
import pyarrow.parquet  # noqa: F401
from sqlalchemy.dialects import sqlite  # noqa: F401
from sqlalchemy.engine.default import DefaultDialect

import dao_iceberg._actions.deleting
import dao_iceberg._actions.replacing
import dao_iceberg._actions.upserting  # noqa: F401
from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao.testing import fork_writers, killing, patched
from dao_files.lake import FolderTransport
from dao_files.lake._folder import FileWriter

MODES = ("append", "overwrite", "overwrite_partitions", "upsert", "delete")
CALLS = ("replace", "link", "unlink", "makedirs", "rmdir", "fstat", "fsync")


def lake(root: str) -> tuple[DataAccessObject, TableObject]:
    """The table in a folder."""
    store = DataStore("lake", "iceberg", options={"root": root})
    return DataAccessObject(registry=DataStoreRegistry([store])), TableObject("t", store)


def change(dao: DataAccessObject, table: TableObject, number: int, mode: str) -> None:
    """Make a change; each but a deletion writes rows of all keys and partitions."""
    rows = [{"by": number, "key": key, "part": key % 4, "text": "x" * 200} for key in range(200)]
    if mode == "upsert":
        dao.upsert(rows, table, keys="key")
    elif mode == "delete":
        dao.delete(table, where="by = -1")
    else:
        dao.write(rows, table, mode=mode, partition_by="part")


def write(order: str) -> None:
    """Make some changes to the table in a folder.

    Args:
        order: the folder, the number of the first change, how many there are, and at which operation to be killed; 0
            for none.
    """
    root, first, changes, at = order.split()
    dao, table = lake(root)
    requests = (FolderTransport, "head", "get", "list", "delete")
    database = (DefaultDialect, "connect", "do_execute", "do_commit", "do_rollback", "do_close")
    plan = killing(int(at) or None)
    with patched(plan, requests, database, (FileWriter, "write", "close"), (os, *CALLS), (builtins, "open")):
        for number in range(int(first), int(first) + int(changes)):
            mode = MODES[number % len(MODES)]
            print("begin", number, mode, flush=True)
            change(dao, table, number, mode)
            print("done", number, mode, flush=True)
    print("operations", len(plan.seen), flush=True)


if __name__ == "__main__":
    dao, table = lake("nowhere")
    dao.explain("write", [{"by": 0}], table)  # loads what a call does before the store is asked; starts no threads
    fork_writers(write)
