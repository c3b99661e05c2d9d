"""Writers that go on until they are killed: one for each line that comes in, forked from a process that has all loaded.

A writer says each change before and after it is made.
"""

from __future__ import annotations

import os
import sys

import pyarrow.parquet  # noqa: F401 - loaded once, for all writers

import dao_delta._parquet
import dao_delta._writing  # noqa: F401
from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao_delta import DeltaObject


def write(root: str, first: int) -> None:
    store = DataStore("lake", "delta", options={"root": root})
    dao, table = DataAccessObject(registry=DataStoreRegistry([store])), DeltaObject("t", store)
    for number in range(first, first + 1000):
        mode = ("append", "overwrite", "overwrite_partitions")[number % 3]
        print("begin", number, mode, flush=True)
        rows = [{"by": number, "part": part, "text": "x" * 200} for part in (0, 1, 2, 3) * 50]
        dao.write(rows, table, mode=mode, partition_by="part")
        print("done", number, mode, flush=True)


def main() -> None:
    for line in sys.stdin:
        root, first = line.split()
        writer = os.fork()
        if not writer:
            write(root, int(first))
        print("writer", writer, flush=True)
        print("ended", os.waitpid(writer, 0)[1], flush=True)


if __name__ == "__main__":
    main()
