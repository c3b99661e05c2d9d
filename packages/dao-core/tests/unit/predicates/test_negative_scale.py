"""Decimals whose scale is negative: Arrow has them, DuckDB doesn't, so that it can't be asked what they mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao.arrow import filter_table

ROWS = pa.table({"d": pa.array([Decimal(1200), Decimal(-300), None], pa.decimal128(5, -2))})


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("d = 1200", [1200]), ("d > 150", [1200]), ("d < 0", [-300]), ("d = 1250", []), ("d IN (1200, 5)", [1200]),
        ("d IS NULL", [None]), ([("d", "=", Decimal(1200))], [1200]), ("d BETWEEN -300 AND 1199", [-300]),
    ],
)  # fmt: skip
def test_they_are_compared_by_their_value(where: Any, kept: list[int | None]) -> None:
    assert filter_table(ROWS, where)["d"].to_pylist() == kept
