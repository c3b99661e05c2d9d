"""``repeated`` gives what ``pa.repeat`` of a scalar gives, without pandas where the type is a usual one."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao.arrow.convert import repeated

US, ZONED = pa.timestamp("us"), pa.timestamp("us", "UTC")
LATE = datetime(9999, 12, 31, 23, 59, 59, 999_999)
EARLY = datetime(1, 1, 1, 0, 0, 0, 1)
CASES = [
    ("", pa.string()),
    ("ä€\U0001f600", pa.string()),
    (-(2**63), pa.int64()),
    (2**63 - 1, pa.int64()),
    (-(2**31), pa.int32()),
    (7, pa.int8()),
    (True, pa.bool_()),
    (date.min, pa.date32()),
    (date.max, pa.date32()),
    (datetime(2020, 1, 2, 3), pa.date32()),
    (EARLY, US),
    (LATE, US),
    (EARLY, ZONED),
    (LATE.replace(tzinfo=UTC), ZONED),
    (datetime(1969, 12, 31, 23, 59, 59, 1, timezone(timedelta(hours=5, minutes=30))), ZONED),
    (datetime(2020, 1, 2, 3, tzinfo=timezone(timedelta(hours=-8))), US),
    (datetime(2020, 1, 2, 3), pa.timestamp("ns")),
    (Decimal("1.50"), pa.decimal128(10, 2)),
    (1.5, pa.float64()),
    (b"\0a", pa.binary()),
    (None, pa.string()),
    (None, ZONED),
]


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize(("value", "kind"), CASES, ids=[f"{value!r} {kind}"[:40] for value, kind in CASES])
def test_it_is_what_pyarrow_repeats(value: Any, kind: pa.DataType, count: int) -> None:
    found = repeated(value, kind, count)
    found.validate(full=True)
    assert found.equals(pa.repeat(pa.scalar(value, kind), count))


@pytest.mark.parametrize(("value", "kind"), [(2**63, pa.int64()), (2**31, pa.int32()), ("a", pa.int64())])
def test_what_the_type_does_not_hold_is_refused(value: Any, kind: pa.DataType) -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError, OverflowError)):
        repeated(value, kind, 1)


def test_no_pandas_is_imported() -> None:
    code = (
        "import sys, pyarrow as pa; from datetime import date, datetime; from dao.arrow.convert import repeated\n"
        "for value, kind in (('a', pa.string()), (1, pa.int64()), (1, pa.int32()), (date.max, pa.date32()), "
        "(datetime.max, pa.timestamp('us')), (None, pa.float64())): repeated(value, kind, 2)\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], timeout=60).returncode == 0
