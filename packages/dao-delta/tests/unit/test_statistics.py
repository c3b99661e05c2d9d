"""Statistics that DAO writes are bounds for every reader: also for deltalake's datasets, which lose the rows of a file
that has a count of nulls and no bounds.
"""

from __future__ import annotations

import json
import operator
from datetime import UTC, datetime
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

LAST = datetime(9999, 12, 31, 23, 59, 59, 999999)
TOP = "\U0010ffff"

FILES = {
    "boolean": (pa.bool_(), [[True, True], [True, None], [False, True], [None, None], [False, None], [False]]),
    "timestamp": (
        pa.timestamp("us"),
        [
            [LAST],
            [LAST, datetime(1, 1, 1)],
            [LAST.replace(microsecond=998999)],
            [datetime(1, 1, 1, microsecond=1), None],
        ],
    ),
    "zoned": (pa.timestamp("us", "UTC"), [[LAST.replace(tzinfo=UTC)], [datetime(1, 1, 1, tzinfo=UTC), None]]),
    "text": (
        pa.string(),
        [
            [TOP],
            [TOP * 40],
            ["a" + TOP * 40, "a"],
            ["a" * 31 + TOP + "b"],
            ["a" * 32 + TOP + "b" * 9],
            ["a" * 33],
            ["b" * 32 + TOP],
            ["a" * 32 + TOP * 3, "a" * 32 + TOP * 2 + "z"],
            ["", None],
            ["\ud7ff" * 40],
            ["😀", "😁" * 40],
        ],
    ),
}

OPERATORS = [operator.eq, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("name", list(FILES))
def test_no_reader_loses_a_row(dao, table, path, name):
    kind, files = FILES[name]
    for file in files:
        dao.write(pa.table({"c": pa.array(file, kind)}), table, mode="append")
    every = pa.table({"c": pa.array([value for file in files for value in file], kind)})
    dataset = deltalake.DeltaTable(path).to_pyarrow_dataset()
    tests = [
        compare(ds.field("c"), pa.scalar(value, kind))
        for value in set(every["c"].to_pylist()) - {None}
        for compare in OPERATORS
    ]
    for test in [*tests, ds.field("c").is_null(), ds.field("c").is_valid()]:
        expected = every.filter(test).num_rows
        assert dataset.to_table(filter=test).num_rows == expected, test
        assert dao.count(table, where=test) == expected, test


def bounds(path: str) -> tuple[dict, dict]:
    lines = Path(path, "_delta_log", f"{0:020d}.json").read_text(encoding="utf-8").split("\n")
    [stats] = [json.loads(action["add"]["stats"]) for action in map(json.loads, lines) if "add" in action]
    return stats["minValues"], stats["maxValues"]


def test_what_the_bounds_are(dao, table, path):
    rows = pa.table({
        "b": [True, False],
        "t": [LAST, datetime(2020, 1, 1, microsecond=1)],
        "s": [TOP * 2, "x" * 50],
        "u": ["y" * 32 + TOP + "yy", "y"],
        "nested": [{"b": True}, {"b": True}],
    })  # fmt: skip
    dao.write(rows, table)
    assert bounds(path) == (
        {"b": False, "t": "2020-01-01T00:00:00.000", "s": "x" * 32, "u": "y", "nested": {"b": True}},
        {"b": True, "t": LAST.isoformat(), "s": TOP * 2, "u": "y" * 32 + TOP * 2, "nested": {"b": True}},
    )


def test_what_json_cannot_hold_has_no_bound(dao, table, path):
    rows = pa.table({"f": [float("inf"), 1.0], "g": [float("nan")] * 2, "x": [b"a", b"b"]})
    dao.write(rows, table)
    assert bounds(path) == ({"f": 1.0}, {})
    assert dao.count(table, where="f > 5") == 1


@pytest.mark.parametrize("more", [{}, {"where": "a = 1", "mode": "overwrite"}], ids=["write", "replace"])
def test_a_new_table_has_bounds_of_as_many_columns_as_asked(dao, table, path, more):
    properties = {"delta.dataSkippingNumIndexedCols": 1}
    dao.write(pa.table({"a": [1], "b": [2]}), table, properties=properties, **more)
    assert bounds(path) == ({"a": 1}, {"a": 1})
