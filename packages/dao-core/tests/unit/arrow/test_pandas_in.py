"""DataFrames of pandas in: the index, the names, the metadata."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from dao.arrow.convert import to_reader
from dao.errors import DataError


def table_of(data) -> pa.Table:
    return to_reader(data).read_all()


def test_an_index_without_a_name_is_left_out_and_one_with_a_name_comes_first():
    frame = pd.DataFrame({"x": [1, 2]})
    assert table_of(frame).column_names == ["x"]
    assert table_of(frame.set_index(pd.Index(["a", "b"]))).column_names == ["x"]
    assert table_of(frame.set_index(pd.Index(["a", "b"], name="k"))).to_pydict() == {"k": ["a", "b"], "x": [1, 2]}
    assert table_of(frame.rename_axis("row")).to_pydict() == {"row": [0, 1], "x": [1, 2]}


def test_of_an_index_of_several_levels_those_with_a_name_are_kept():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", None])
    assert table_of(pd.DataFrame({"x": [1, 2]}, index=index)).to_pydict() == {"k": ["a", "b"], "x": [1, 2]}


def test_an_index_that_is_a_column_too_is_kept_once_or_refused():
    frame = pd.DataFrame({"k": ["a", "b"], "x": [1, 2]})
    assert table_of(frame.set_index("k", drop=False)).column_names == ["k", "x"]
    with pytest.raises(DataError, match="index and a column are both named 'x' and differ"):
        to_reader(frame.set_index(pd.Index([8, 9], name="x")))


def test_pandas_metadata_does_not_come_along_and_the_frame_is_left_alone():
    frame = pd.DataFrame({"x": [1.5, None]}, index=pd.Index(["a", "b"], name="k"))
    before = frame.copy(deep=True)
    table = table_of(frame)
    assert table.schema.metadata is None
    assert table["x"].to_pylist() == [1.5, None]
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"x": [1, "a"]}), "column x"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "columns of one name: 'a'"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "columns of one name: '1'"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
    ],
    ids=["object", "twice", "twice as text", "levels"],
)
def test_frames_that_are_no_table_are_refused(frame, message):
    with pytest.raises(DataError) as caught:
        to_reader(frame)
    assert message in str(caught.value)
