"""Writers that are killed at one of their I/O operations; see test_kills.py.

A writer says each change before and after it is made, and at last how many operations that took.
"""

from __future__ import annotations

import builtins
import os

import pandas as pd  # noqa: F401 - loaded once, for all writers: by pyarrow, for the first list
import pyarrow.parquet  # noqa: F401

import dao_delta._actions.writing
import dao_delta._snapshots.parquet  # noqa: F401
from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao.testing import fork_writers, killing, patched
from dao_delta import DeltaObject
from dao_files.lake import FolderTransport
from dao_files.lake._folder import FileWriter

MODES = ("append", "overwrite", "overwrite_partitions")
CALLS = ("replace", "link", "unlink", "makedirs", "rmdir", "fstat", "fsync")


def lake(root: str) -> tuple[DataAccessObject, DeltaObject]:
    """The table in a folder."""
    store = DataStore("lake", "delta", options={"root": root})
    return DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)


def write(order: str) -> None:
    """Make some changes to the table in a folder; each of them writes all partitions.

    Args:
        order: the folder, the number of the first change, how many there are, and at which operation to be killed; 0
            for none.
    """
    root, first, changes, at = order.split()
    dao, table = lake(root)
    requests = (FolderTransport, "head", "get", "list", "delete")
    plan = killing(int(at) or None)
    with patched(plan, requests, (FileWriter, "write", "close"), (os, *CALLS), (builtins, "open")):
        for number in range(int(first), int(first) + int(changes)):
            mode = MODES[number % len(MODES)]
            print("begin", number, mode, flush=True)
            rows = [{"by": number, "part": part, "text": "x" * 200} for part in (0, 1, 2, 3) * 50]
            dao.write(rows, table, mode=mode, partition_by="part")
            print("done", number, mode, flush=True)
    print("operations", len(plan.seen), flush=True)


if __name__ == "__main__":
    dao, table = lake("nowhere")
    dao.explain("write", [{"by": 0}], table)  # loads what a call does before the store is asked; starts no threads
    fork_writers(write)
