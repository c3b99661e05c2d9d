"""A writer that goes on until it is killed. It says each change before and after it is made."""

from __future__ import annotations

import sys

from dao import DataAccessObject, DataStore, DataStoreRegistry
from dao_delta import DeltaObject

root, first = sys.argv[1], int(sys.argv[2])
store = DataStore("lake", "delta", options={"root": root})
dao = DataAccessObject(registry=DataStoreRegistry([store]))
table = DeltaObject("t", store)
rows = 200
for number in range(first, first + 1000):
    mode = ("append", "overwrite", "overwrite_partitions")[number % 3]
    print("begin", number, mode, flush=True)
    dao.write(
        [{"by": number, "part": i % 4, "text": "x" * 200} for i in range(rows)], table, mode=mode, partition_by="part"
    )
    print("done", number, mode, flush=True)
