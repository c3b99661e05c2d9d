"""The difference of two sets of rows is that of their multisets, by whichever way it is found."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_files.lake import without_common

VALUES = {
    "unique": st.integers(0, 30),
    "repeated": st.integers(0, 2) | st.none(),
    "float": st.sampled_from([0.0, -0.0, 1.5, float("nan"), None]),
    "text": st.sampled_from(["", "a", None]),
    "list": st.sampled_from([[], [1], [None], None]),
}
TYPES = {
    "unique": pa.int64(),
    "repeated": pa.int32(),
    "float": pa.float64(),
    "text": pa.string(),
    "list": pa.list_(pa.int64()),
}


def tables(names, *, unique):
    row = st.fixed_dictionaries({name: VALUES[name] for name in names})
    by = (lambda row: row["unique"]) if unique else None
    schema = pa.schema([(name, TYPES[name]) for name in names])
    return st.lists(row, max_size=12, unique_by=by).map(lambda rows: pa.Table.from_pylist(rows, schema))


def counted(table):
    return Counter(map(repr, table.to_pylist()))


@pytest.mark.parametrize("names", [("unique", "float", "text"), ("repeated", "float"), ("float", "list"), ("text",)])
def test_what_both_have_is_left_out_one_for_one(names):
    unique = "unique" in names

    @given(gone=tables(names, unique=unique), came=tables(names, unique=unique))
    def differs(gone, came):
        left, right = without_common(gone, came)
        assert counted(left) == counted(gone) - counted(came)
        assert counted(right) == counted(came) - counted(gone)

    differs()


def test_a_copy_of_itself_is_no_change():
    rows = pa.table({"a": [1, 1, None], "b": ["x", None, None]})
    assert [table.num_rows for table in without_common(rows, rows)] == [0, 0]
