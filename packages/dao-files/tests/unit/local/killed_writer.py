"""A program that changes a table again and again until it is killed; see test_kills.py.

It waits for a line of its standard input, then forks a child that writes. It prints the child's process id, each
version once the call that wrote it has returned, and a last line when the child has ended. Forking is what makes
hundreds of kills affordable: Python and Arrow are imported once.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import pyarrow as pa

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_files import LocalInterface
from dao_files._local import publishing

ROWS = 300
TABLE = TableObject("deep/table")
ENDED = "ended\n"


def rows(version: int) -> pa.Table:
    """The whole table at a version: each row says which."""
    return pa.table({"id": list(range(ROWS)), "part": [n % 3 for n in range(ROWS)], "version": [version] * ROWS})


def work(root: str) -> None:
    """Overwrite and upsert until the process is killed."""
    store = LocalInterface(root)
    version = store.read(TABLE, columns=["version"], limit=1).column(0)[0].as_py()
    while True:
        version += 1
        if version % 2:
            store.upsert(rows(version), TABLE, keys="id")
        else:
            store.write(rows(version), TABLE, mode="overwrite", partition_by=["part"] if version % 4 else [])
        os.write(sys.stdout.fileno(), b"%d\n" % version)


def append(store: LocalInterface, number: int) -> WriteResult:
    """Append the row of a number, with a key of its own."""
    return store.write(pa.table({"id": [number]}), TABLE, mode="append", idempotency_key=f"row {number}")


def append_on(root: str) -> None:
    """Append rows, each with a key, until the process is killed."""
    store = LocalInterface(root)
    number = store.count(TABLE)
    while True:
        append(store, number)
        os.write(sys.stdout.fileno(), b"%d\n" % number)
        number += 1


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
    for _ in sys.stdin:
        started = os.fork()
        if started == 0:
            print(os.getpid(), flush=True)
            try:
                {"work": work, "append on": append_on}[task](root)
            finally:
                os._exit(1)
        os.waitpid(started, 0)
        print(ENDED, end="", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
