"""What libraries do with what goes wrong: the same key twice, a null key, a killed run, values that Delta can't keep.

Every check says what was found: ``right``, ``refused``, ``can't`` (there is no such step) or ``wrong: ...``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from delta_contestants import Library, Process, StepError, process, save
from deltalake import DeltaTable

RIGHT, REFUSED, CANT = "right", "refused", "can't"
NAN, DAY = float("nan"), 86_400_000_000


class Checks:
    """The checks of one library."""

    def __init__(self, library: Library, folder: Path, root: str, environment: Mapping[str, str]) -> None:
        self._library, self._folder, self._root = library, folder, root
        self._environment = dict(environment)
        self._steps = library.all_steps()
        self._tables = 0

    def all(self) -> Iterator[tuple[str, str]]:
        """What was checked, and what was found."""
        checks: dict[str, Callable[[], str]] = {
            "a key twice in an upsert": self._same_key,
            "a null key in an upsert": self._null_key,
            "a run that was killed, again": self._killed,
            "uint64 over 2^63": lambda: self._kept(pa.array([1, 2**63 + 1, 3], pa.uint64())),
            "nanoseconds": lambda: self._kept(pa.array([1, 1_700_000_000_000_000_001, 3], pa.timestamp("ns"))),
            "a time of day": lambda: self._kept(pa.array([1, 45_000_000_000, 3], pa.time64("us"))),
            "an empty text and a null to partition by": lambda: self._kept(pa.array(["x", "", None]), column="city"),
            "NaN and -0.0": lambda: self._kept(pa.array([NAN, -0.0, 1.0])),
            "a filter on NaN and -0.0": self._filtered,
        }
        with self._new() as self._process:
            for what, check in checks.items():
                yield what, check()

    def _new(self) -> AbstractContextManager[Process]:
        return process(self._library, self._folder, self._environment)

    def _begin(self, running: Process) -> str:
        self._tables += 1
        root = f"{self._root}/check-{self._tables}"
        if not self._library.on_s3:
            Path(root).mkdir(parents=True)
        running.setup(root)
        return root

    def _file(self, rows: pa.Table) -> Path:
        return save(rows, self._folder / f"check-{time.monotonic_ns()}.arrow")

    def _stored(self, root: str) -> list[dict[str, Any]]:
        options = self._environment if self._library.on_s3 else None
        return DeltaTable(f"{root}/{self._library.table}", storage_options=options).to_pyarrow_table().to_pylist()

    def _same_key(self) -> str:
        if "upsert" not in self._steps:
            return CANT
        late, early = (1, "b", 2 * DAY, 20.0), (1, "b", DAY, 10.0)
        new = [(9, "z", 2 * DAY, 20.0), (9, "z", DAY, 10.0)]
        outcomes = []
        for source in ([late, early, *new], [early, late, *reversed(new)]):
            root = self._begin(self._process)
            self._process.do("write", self._file(_rows((0, "a", 0, 0.0), (1, "b", 0, 1.0), (2, "c", 0, 2.0))))
            try:
                self._process.do("upsert", self._file(_rows(*source)))
            except StepError:
                outcomes.append(REFUSED)
                continue
            found = sorted((row["id"], row["value"]) for row in self._stored(root) if row["id"] in (1, 9))
            outcomes.append(RIGHT if found == [(1, 20.0), (9, 20.0)] else f"wrong: (key, value) {found}")
        return max(outcomes, key=lambda one: (one.startswith("wrong"), one == REFUSED))

    def _null_key(self) -> str:
        """The same upsert twice: a key that equals no key is inserted once more each time."""
        if "upsert" not in self._steps:
            return CANT
        root = self._begin(self._process)
        self._process.do("write", self._file(_rows((0, "a", 0, 0.0), (1, "b", 0, 1.0))))
        try:
            for _ in range(2):
                self._process.do("upsert", self._file(_rows((1, "b", DAY, 5.0), (7, None, DAY, 7.0))))
        except StepError:
            return REFUSED
        found = sum(row["id"] == 7 for row in self._stored(root))
        return RIGHT if found == 1 else f"wrong: {found} rows of the key after the same upsert twice"

    def _killed(self) -> str:
        """An append is killed as soon as its commit is there, and the pipeline started again."""
        rows, more = self._file(_rows((5, "f", 0, 5.0))), (1,)
        with self._new() as running:
            root = self._begin(running)
            running.do("write", self._file(_rows((0, "a", 0, 0.0))))
            if self._library.on_s3:
                running.do("append_once", rows, *more)
            else:
                log = Path(root, self._library.table, "_delta_log")
                before = len(list(log.glob("*.json")))
                running.start("append_once", rows, *more)
                while running.alive and len(list(log.glob("*.json"))) == before:
                    pass
                running.kill()
        self._process.setup(root)
        self._process.do("append_once", rows, *more)
        found = sum(row["id"] == 5 for row in self._stored(root))
        return RIGHT if found == 1 else f"wrong: the row is there {found} times"

    def _kept(self, values: pa.Array, column: str = "value") -> str:
        rows = _rows((0, "a", 0, 0.0), (1, "b", 0, 1.0), (2, "c", 0, 2.0))
        rows = rows.set_column(rows.column_names.index(column), column, values)
        self._begin(self._process)
        try:
            self._process.do("write", self._file(rows))
        except StepError:
            return REFUSED
        try:
            found = self._process.read("read_version", 0)
        except StepError as error:
            return f"wrong: written, then not read: {str(error)[:80]}"
        return self._compared(values, found.sort_by("id")[column].combine_chunks())

    def _compared(self, given: pa.Array, found: pa.Array) -> str:
        if pa.types.is_timestamp(given.type) and pa.types.is_timestamp(found.type):
            given, found = (one.cast(pa.timestamp("ns", one.type.tz)).cast(pa.int64()) for one in (given, found))
        pairs = list(zip(given.to_pylist(), found.to_pylist(), strict=True))
        for before, after in pairs:
            if not _equal(before, after) and not (self._library.in_pandas and _is_nan(before) and after is None):
                return f"wrong: {before!r} came back as {after!r}"
        return RIGHT

    def _filtered(self) -> str:
        """In three files, so that their statistics count: NaN is either greater than 1 everywhere or nowhere."""
        files = [[(0, 5.0), (1, NAN)], [(2, 0.5), (3, NAN)], [(4, -0.0), (5, 0.0)]]
        self._begin(self._process)
        for number, pairs in enumerate(files):
            rows = _rows(*((id, chr(97 + id), 0, value) for id, value in pairs))
            self._process.do("append" if number else "write", self._file(rows))
        try:
            zeros = sorted(self._process.read("zeros")["id"].to_pylist())
            above = sorted(self._process.read("above_one")["id"].to_pylist())
        except StepError as error:
            return f"wrong: {str(error)[:80]}"
        wrong = []
        if zeros != [4, 5]:
            wrong.append(f"= 0 gives {len(zeros)} of 0.0 and -0.0")
        if above not in ([0], [0, 1, 3]):
            wrong.append(f"> 1 gives some NaN and not others: {above} of [0, 1, 3]")
        return f"wrong: {'; '.join(wrong)}" if wrong else RIGHT


def _rows(*rows: tuple[int, str | None, int, float]) -> pa.Table:
    ids, keys, moments, values = zip(*rows, strict=True)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "key": pa.array(keys, pa.string()),
            "ts": pa.array(moments, pa.timestamp("us")),
            "city": pa.array(["x"] * len(ids)),
            "value": pa.array(values, pa.float64()),
        }
    )


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _equal(before: Any, after: Any) -> bool:
    if _is_nan(before):
        return _is_nan(after)
    if isinstance(before, float):
        return isinstance(after, float) and before == after and math.copysign(1, before) == math.copysign(1, after)
    if isinstance(before, datetime) != isinstance(after, datetime):
        return False
    return bool(before == after)
