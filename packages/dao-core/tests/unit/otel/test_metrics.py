"""The metrics of actions: how many, how long, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from opentelemetry.semconv.metrics import db_metrics

from dao import NotFoundError

if TYPE_CHECKING:
    from conftest import Seen

ROWS = pa.table({"id": [1, 2, 3]})


def test_actions_rows_and_bytes_are_counted(seen: Seen) -> None:
    dao = seen.access()
    size = dao.write(ROWS, "a.x").bytes
    dao.write(ROWS, "a.x", mode="append")
    dao.read("a.x")
    dao.read_stream("a.x").read_all()
    assert {action: point.value for action, point in seen.metric("dao.actions").items()} == {
        "write": 2, "read": 1, "read_stream": 1,
    }  # fmt: skip
    assert {action: point.value for action, point in seen.metric("dao.rows").items()} == {
        "write": 6, "read": 6, "read_stream": 6,
    }  # fmt: skip
    assert seen.metric("dao.bytes")["write"].value == 2 * size
    assert seen.metric("dao.bytes")["read"].value == 2 * ROWS.nbytes
    assert dict(seen.metric("dao.bytes")["read"].attributes) == {
        "db.system.name": "memory", "db.namespace": "a", "db.collection.name": "x", "db.operation.name": "read",
    }  # fmt: skip


def test_seconds_are_a_histogram_as_the_conventions_have_it(seen: Seen) -> None:
    dao = seen.access()
    dao.write(ROWS, "a.x")
    dao.count("a.x")
    point = seen.metric(db_metrics.DB_CLIENT_OPERATION_DURATION)["count"]
    assert point.count == 1
    assert list(point.explicit_bounds) == [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
    assert point.sum >= 0


def test_a_copy_counts_as_its_parts(seen: Seen) -> None:
    dao = seen.access()
    dao.write(ROWS, "a.x")
    dao.copy("a.x", "b.x")
    assert set(seen.metric("dao.actions")) == {"write", "read_stream", "write_stream"}
    assert seen.metric("dao.rows")["write_stream"].value == 3


def test_a_failure_counts_with_its_type(seen: Seen) -> None:
    with pytest.raises(NotFoundError):
        seen.access().read("a.x")
    assert seen.metric("dao.actions")["read"].attributes["error.type"] == "NotFoundError"
