"""How many functions of DAO's packages one small local action calls: work that is done twice shows here."""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pyarrow as pa
from measuring import Row

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

PACKAGES = ("dao", "dao_files")


def rows() -> Iterator[Row]:
    """The report's lines on calls."""
    with tempfile.TemporaryDirectory() as folder:
        store = DataStore("lake", "local", options={"root": folder})
        dao = DataAccessObject(registry=DataStoreRegistry([store]))
        table = TableObject("flights", store, format="parquet")
        flights = pa.table({"id": range(1_000), "delay": [float(number % 40) for number in range(1_000)]})
        changed = pa.table({"id": [3, 5_000], "delay": [1.0, 2.0]})
        actions: list[tuple[str, Callable[[], object], int]] = [
            ("read", lambda: dao.read(table, columns=["id"], where="delay > 15"), 435),
            ("upsert", lambda: dao.upsert(changed, table, keys="id"), 1_090),
        ]
        for name, action, limit in actions:
            for _ in range(2):  # what is made once per object isn't the action's
                dao.write(flights, table, mode="overwrite")
                calls = _count(action)
            yield Row(
                f"calls in one {name} of a local table of one file", f"{calls:,}", f"<= {limit:,}", calls <= limit
            )


def _count(action: Callable[[], object]) -> int:
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        # attrs generates functions whose file is no file
        calls += event == "call" and package in PACKAGES and not frame.f_code.co_filename.startswith("<")

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # typeshed lacks None
    return calls
