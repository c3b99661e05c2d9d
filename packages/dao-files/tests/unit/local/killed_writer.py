"""A program that changes a table again and again until it is killed; see test_kills.py.

It prints each version once the call that wrote it has returned.
"""

from __future__ import annotations

import builtins
import os
import sys
from importlib import import_module
from itertools import count

import pyarrow as pa

from dao.data_object import TableObject
from dao.results import WriteResult
from dao.testing import fork_writers, killing, patched
from dao_files import LocalInterface
from dao_files._local import publishing

ROWS = 300
TABLE = TableObject("deep/table")
CALLS = ("mkdir", "rename", "replace", "link", "unlink", "open", "stat", "scandir", "listdir", "fsync")


def rows(version: int) -> pa.Table:
    """The whole table at a version: each row says which."""
    return pa.table({"id": list(range(ROWS)), "part": [n % 3 for n in range(ROWS)], "version": [version] * ROWS})


def work(root: str) -> None:
    """Overwrite and upsert until the process is killed."""
    store = LocalInterface(root)
    first = store.read(TABLE, columns=["version"], limit=1).column(0)[0].as_py() + 1
    for version in count(first):
        if version % 2:
            store.upsert(rows(version), TABLE, keys="id")
        else:
            store.write(rows(version), TABLE, mode="overwrite", partition_by=["part"] if version % 4 else [])
        print(version, flush=True)


def append(store: LocalInterface, number: int) -> WriteResult:
    """Append the row of a number, with a key of its own."""
    return store.write(pa.table({"id": [number]}), TABLE, mode="append", idempotency_key=f"row {number}")


def append_on(root: str) -> None:
    """Append rows, each with a key, until the process is killed."""
    store = LocalInterface(root)
    for number in count(store.count(TABLE)):
        append(store, number)
        print(number, flush=True)


def import_everything() -> None:
    """What a call imports when it is first made, so that each child begins to write at once; no thread is started."""
    for name in (
        "dao.arrow.convert._incoming",
        "dao.arrow.predicates",
        "dao_files._actions.binary",
        "dao_files._storage.filesystem",
        "dao_files._actions.reading",
        "dao_files._actions.upsert",
        "dao_files._local.storage",
        "pyarrow.acero",
        "pyarrow.dataset",
    ):
        import_module(name)


def main(root: str, way: str, task: str) -> None:
    if way == "two steps":
        publishing.exchange = lambda one, other: False
    import_everything()

    def write(at: str) -> None:
        with patched(killing(int(at)), (os, *CALLS), (builtins, "open"), (pa, "OSFile"), (publishing, "exchange")):
            {"work": work, "append on": append_on}[task](root)

    fork_writers(write)


if __name__ == "__main__":
    main(*sys.argv[1:])
