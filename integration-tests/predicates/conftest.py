"""The sample that engines are asked about, in types that warehouses have, and what DuckDB keeps of it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

from dao.testing._conformance.agreement import sample
from dao.testing._predicates import COLUMNS

# No nanoseconds: neither engine has them. No dictionaries, views and unsigned integers: the next wider type is stored.
NAMES = tuple(name for name in COLUMNS if name not in ("ns", "large"))
_STORED = {pa.int8(): pa.int16(), pa.uint8(): pa.int16(), pa.uint32(): pa.int64(), pa.uint64(): pa.decimal128(20, 0)}


def _stored(arrow: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(arrow):
        return pa.timestamp("us", "UTC" if arrow.tz else None)
    return pa.string() if pa.types.is_dictionary(arrow) else _STORED.get(arrow, arrow)


@pytest.fixture(scope="session")
def stored() -> pa.Table:
    """Rows of every type that the engines have, with NULL, NaN and the ends of each range."""
    table = sample(list(NAMES))
    return table.cast(pa.schema([field.with_type(_stored(field.type)) for field in table.schema]))


@pytest.fixture(scope="session")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """An open connection to DuckDB."""
    with duckdb.connect() as connection:
        yield connection
