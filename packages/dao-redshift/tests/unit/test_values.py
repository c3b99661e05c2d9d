"""Values of the driver as Arrow's, and Arrow's as texts that are bound."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao.errors import DataError, StoreError, UnsupportedError
from dao_redshift._types.values import ResultColumn, as_texts, batch_of, result_columns

_EPOCH = 946_684_800_000_000


@pytest.mark.parametrize(
    ("oid", "modifier", "given", "expected"),
    [
        (1700, ((38 << 16) | 37) + 4, "0." + "1" * 37, pa.array([Decimal("0." + "1" * 37)], pa.decimal128(38, 37))),
        (1082, -1, "9999-12-31", pa.array([date(9999, 12, 31)])),
        (1083, -1, "23:59:59.999999", pa.array([time(23, 59, 59, 999999)], pa.time64("us"))),
        (1083, -1, "01:02:03", pa.array([time(1, 2, 3)], pa.time64("us"))),
        (1114, -1, 1 - _EPOCH, pa.array([datetime(1970, 1, 1, 0, 0, 0, 1)], pa.timestamp("us"))),
        (1184, -1, -_EPOCH, pa.array([datetime(1970, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))),
        (6551, -1, b"\0\xff", pa.array([b"\0\xff"])),
        (4000, -1, '{"a":1}', pa.array(['{"a":1}'])),
        (21, -1, 7, pa.array([7], pa.int16())),
        (701, -1, float("inf"), pa.array([float("inf")])),
    ],
)
def test_types_are_those_of_the_result(oid: int, modifier: int, given: Any, expected: pa.Array) -> None:
    (column,) = result_columns([{"label": b"v", "type_oid": oid, "type_modifier": modifier}])
    found = batch_of([[given], [None]], [column])
    assert found.column(0).type == expected.type
    assert found.column(0).slice(0, 1).equals(expected)
    assert found.column(0)[1].as_py() is None
    assert batch_of([], [column]).schema == found.schema


def test_an_infinite_timestamp_is_an_error() -> None:
    with pytest.raises(StoreError, match="'at'"):
        batch_of([[2**63 - 1]], [ResultColumn("at", 1114, -1)])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pa.array([True, None]), ["true", None]),
        (pa.array([float("nan"), -0.0, 5e-324, float("-inf")]), ["nan", "-0.0", "5e-324", "-inf"]),
        (pa.array([Decimal("-0.00000001")]), ["-0.00000001"]),
        (pa.array([date(1, 1, 1)]), ["0001-01-01"]),
        (pa.array([datetime(1, 1, 1, 0, 0, 0, 1)], pa.timestamp("us")), ["0001-01-01 00:00:00.000001"]),
        (pa.array([datetime(9999, 12, 31, tzinfo=UTC)], pa.timestamp("us", "UTC")), ["9999-12-31 00:00:00.000000+00"]),
        (pa.array([b"\0\xff"]), ["00ff"]),
        (pa.array(["it's"]), ["it's"]),
        (pa.array([-(2**63)]), [str(-(2**63))]),
    ],
)
def test_texts_that_mean_just_the_values(given: pa.Array, expected: list[str | None]) -> None:
    assert as_texts(given) == expected


def test_a_text_with_nul_is_refused() -> None:
    with pytest.raises(DataError, match="NUL"):
        as_texts(pa.array(["a\0b"]))


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="list"):
        as_texts(pa.array([[1]]))
