"""A contestant's process: ``python -m delta_pipelines with_polars`` does what each line of JSON asks for.

Rows come and go as Arrow files, and are made into what the library takes before the clock starts.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa


def _to_polars(rows: pa.Table) -> Any:
    import polars as pl

    return pl.from_arrow(rows)


def _to_daft(rows: pa.Table) -> Any:
    import daft

    return daft.from_arrow(rows).collect()


def _to_pandas(rows: pa.Table) -> Any:
    return rows.to_pandas()


NATIVE: dict[str, Callable[[pa.Table], Any]] = {
    "with_polars": _to_polars,
    "with_daft": _to_daft,
    "with_kedro": _to_pandas,
    "with_awswrangler": _to_pandas,
}


def _to_arrow(found: Any) -> pa.Table:
    if isinstance(found, pa.Table):
        return found
    if type(found).__module__.startswith("pandas"):
        return pa.Table.from_pandas(found, preserve_index=False)
    return pa.table(found)


def _load(path: str) -> pa.Table:
    with pa.OSFile(path) as file:
        return pa.ipc.open_file(file).read_all()


def _save(rows: pa.Table, path: str) -> None:
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)


class Contestant:
    """One library, and the table that it is at."""

    def __init__(self, module: str) -> None:
        self._steps = importlib.import_module(f"delta_pipelines.{module}")
        self._native = NATIVE.get(module, lambda rows: rows)
        self._handle: Any = None

    def do(self, step: str, root: str, rows: str | None, more: list[Any], out: str | None) -> dict[str, Any]:
        """Do one step, and say how long it took, or which error came of it."""
        if step == "setup":
            self._handle = self._steps.setup(root)
            return {}
        arguments = [self._handle, *([] if rows is None else [self._native(_load(rows))]), *more]
        gc.collect()
        start = time.perf_counter()
        found = getattr(self._steps, step)(*arguments)
        seconds = time.perf_counter() - start
        if out is not None:
            _save(_to_arrow(found), out)
        return {"seconds": seconds}


def _main(module: str) -> None:
    answers = os.fdopen(os.dup(1), "w")  # what a library prints must not be taken for an answer
    os.dup2(2, 1)
    contestant = Contestant(module)
    for line in sys.stdin:
        try:
            told = contestant.do(**json.loads(line))
        except Exception as error:  # libraries have errors of many kinds
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
