"""A connector that is killed at any moment, and run again, leaves its target as if it had never been killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.testing import ForkedWriters

WRITER = Path(__file__).with_name("killed_connector.py")
DAY = pd.Timestamp(datetime(2026, 11, 1))
TABLES = ("a", "b", "c")


@pytest.fixture(scope="module")
def writers() -> Iterator[ForkedWriters]:
    with ForkedWriters(WRITER) as writers:
        yield writers


class Pipeline:
    """Source tables that share some records, and the target that connectors bring their rows to.

    Args:
        root: the folder.
        size: records of each table.
        writers: the program of the connectors.
    """

    def __init__(self, root: Path, size: int, writers: ForkedWriters) -> None:
        self.root, self.size, self.writers = root, size, writers
        self.dao, self.lake = DataAccessObject(), DataStore("lake", "iceberg", options={"root": str(root)})
        self.target = self.object("gold/orders")
        self.expected = pd.DataFrame()

    def object(self, key: str) -> TableObject:
        return TableObject(key.rpartition("/")[2], self.lake, key=key)

    def change(self, step: int, share: float) -> None:
        """Make some records of each table newer, and add others with moments of long ago; many have one moment."""
        for number, table in enumerate(TABLES):
            ids = np.arange(self.size, dtype="int64")[:: round(1 / share)] + number * self.size * 3 // 4
            late = ids % 7 == 0
            ids = np.where(late, ids + step * 10_000_000, ids)
            minutes = np.where(late, 1, step * 60 + ids % 50)
            at = DAY + pd.to_timedelta(minutes, unit="min") + pd.to_timedelta(number, unit="us")
            frame = pd.DataFrame({"id": ids, "at": at.astype("datetime64[us]"), "text": f"{table}{step}"})
            rows = pa.Table.from_pandas(frame, preserve_index=False)
            self.dao.upsert(rows, self.object(f"shop/{table}"), keys="id", order_by="at")
            every = pd.concat([self.expected, frame]).sort_values("at", kind="stable")
            self.expected = every.drop_duplicates("id", keep="last")

    def found(self) -> pd.DataFrame:
        if not self.dao.exists(self.target):
            return self.expected.iloc[:0]
        frame: pd.DataFrame = self.dao.read(self.target, columns=["id", "at", "text"], into="pandas")
        assert frame["id"].is_unique
        return frame

    def kill(self, max_records: int, at: int) -> bool:
        """Let a connector bring rows until it is killed: none that is there goes, or becomes older."""
        before = self.found().set_index("id")["at"]
        _, was_killed = self.writers.run(f"{self.root} {max_records} {at}")
        after = self.found().set_index("id")["at"]
        assert (after.reindex(before.index) >= before).all()
        return was_killed

    def end(self, max_records: int) -> None:
        """Bring the rest: then the target is exactly right, and nothing is left to read."""
        assert not self.kill(max_records, 0)
        columns = ["id", "at", "text"]
        found = self.found()[columns].sort_values("id").reset_index(drop=True)
        expected = self.expected[columns].sort_values("id").reset_index(drop=True)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        said, _ = self.writers.run(f"{self.root} {max_records} 0")
        assert not [line for line in said if line.startswith("wrote")]


def test_whenever_it_is_killed_the_target_becomes_right(tmp_path: Path, writers: ForkedWriters) -> None:
    pipeline, chance = Pipeline(tmp_path / "lake", 20, writers), random.Random(0)
    for step in (1, 2):
        pipeline.change(step, 1 / step)
        killed = [pipeline.kill(30, chance.randint(1, 200)) for _ in range(3)]
        assert any(killed)
        pipeline.end(30)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_two_runs_of_large_tables(tmp_path: Path, writers: ForkedWriters) -> None:
    pipeline, chance = Pipeline(tmp_path / "lake", 200_000, writers), random.Random(1)
    for step, share in ((1, 1), (2, 0.1)):
        pipeline.change(step, share)
        killed = [pipeline.kill(120_000, chance.randint(1, 600)) for _ in range(10)]
        assert any(killed)
        pipeline.end(120_000)
