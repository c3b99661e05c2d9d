"""`where=` with a long list of values, beside Arrow's bare look-up of the same list."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from measuring import ROUNDS, Row, interleaved

from dao.arrow.predicates import filter_table, to_arrow

VALUES, LOOKED_AT = 100_000, 1_000


def rows() -> list[Row]:
    """The report's lines on predicates."""
    return [line for kind in (pa.int64(), pa.string(), pa.float64()) for line in _long_list(kind)]


def _long_list(kind: pa.DataType) -> list[Row]:
    values = pa.array(range(0, 2 * VALUES, 2)).cast(kind).to_pylist()
    table = pa.table({"id": pa.array(range(LOOKED_AT)).cast(kind)})
    where = [("id", "in", values)]
    times = interleaved(
        {
            "dao": lambda: filter_table(table, where),
            "compiled": lambda: to_arrow(where, table.schema),
            "pyarrow": lambda: table.filter(pc.is_in(table["id"], value_set=pa.array(values, kind))),
        },
        ROUNDS,
    )
    seconds, ratio = times.of("dao"), times.ratio("dao", "pyarrow")
    detail = (
        f"{ratio:.1f} times a bare pc.is_in ({times.spread('dao', 'pyarrow')}); {times.of('compiled'):.3f} s compiled"
    )
    what = f"where= with {VALUES:,} values of {kind} in a list, {LOOKED_AT:,} rows"
    return [Row(what, f"{seconds:.3f} s", "<= 0.05 s", seconds <= 0.05, detail)]
