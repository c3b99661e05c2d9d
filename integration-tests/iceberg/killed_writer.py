"""Writers of one table that are killed from outside; see test_kills.py. They say each change before and after it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd  # noqa: F401 - loaded once, for all writers

import dao_iceberg._actions.deleting
import dao_iceberg._interface  # noqa: F401
from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
from dao.testing import fork_writers

MODES = ("append", "delete", "append", "overwrite")
ROWS = 50


def write(order: str) -> None:
    """Make some changes.

    Args:
        order: as JSON: the options of the store, the number of the first change, how many there are, and the file that
            is to have this process's number.
    """
    asked = json.loads(order)
    Path(asked["pid"]).write_text(str(os.getpid()))
    store = DataStore("lake", "iceberg", options=asked["options"])
    dao, table = DataAccessObject(registry=DataStoreRegistry([store])), TableObject("t", store)
    for number in range(asked["first"], asked["first"] + asked["changes"]):
        mode = MODES[number % len(MODES)]
        print("begin", number, mode, flush=True)
        if mode == "delete":
            dao.delete(table, where=f"by = {number - 1}")
        else:
            dao.write([{"by": number, "id": id} for id in range(ROWS)], table, mode=mode)
        print("done", number, mode, flush=True)


if __name__ == "__main__":
    fork_writers(write)
