"""String views and binary views, made plain on request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import polars as pl
import pyarrow as pa
import pytest

from dao import DataAccessObject
from dao.arrow.convert import normalise_views, to_reader


def counted(pulls: list[int], count: int) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        pulls.append(number)
        yield pa.record_batch({"n": [number]})


def test_views_are_passed_on_and_normalised_on_request():
    frame = pl.DataFrame({"name": ["b", "a", None], "nested": [[{"t": "x"}], [], None]})
    assert to_reader(frame).schema.field("name").type == pa.string_view()
    plain = normalise_views(to_reader(frame)).read_all()
    assert plain.schema == pa.schema(
        [("name", pa.string()), ("nested", pa.large_list(pa.struct([("t", pa.string())])))]
    )
    assert plain.to_pylist() == frame.to_dicts()
    assert plain.sort_by("name")["name"].to_pylist() == ["a", "b", None]
    assert plain.group_by("name").aggregate([([], "count_all")]).num_rows == 3


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (pa.binary_view(), pa.binary()),
        (pa.map_(pa.string_view(), pa.string_view()), pa.map_(pa.string(), pa.string())),
        (pa.list_(pa.string_view(), 2), pa.list_(pa.string(), 2)),
        (
            pa.list_(pa.field("x", pa.binary_view(), nullable=False)),
            pa.list_(pa.field("x", pa.binary(), nullable=False)),
        ),
        (pa.dictionary(pa.int8(), pa.string_view()), pa.dictionary(pa.int8(), pa.string())),
    ],
    ids=str,
)
def test_views_are_found_at_every_depth(kind, plain):
    value = {"binary_view": b"x"}.get(str(kind)) or (
        [("k", "v")] if pa.types.is_map(kind) else "x" if pa.types.is_dictionary(kind) else [b"x"]
    )
    value = ["x", "y"] if pa.types.is_fixed_size_list(kind) else value
    if pa.types.is_dictionary(kind):
        views = pa.array(["x"], pa.string_view())
        array = pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), views)
    else:
        array = pa.array([value], kind)
    result = normalise_views(pa.table({"v": array}).to_reader()).read_all()
    assert result.schema.field("v").type == plain
    assert result["v"].to_pylist() == [value]


def test_without_views_the_reader_itself_comes_back():
    reader = pa.table({"s": ["a"]}).to_reader()
    assert normalise_views(reader) is reader


def test_normalising_views_is_lazy():
    pulls: list[int] = []
    views = (pa.record_batch({"s": pa.array([str(b["n"][0])], pa.string_view())}) for b in counted(pulls, 5))
    reader = normalise_views(to_reader(views))
    list(islice(reader, 2))
    assert pulls == [0, 1]


@pytest.mark.parametrize("format", ["parquet", "csv", "ndjson", "orc", "avro", "arrow"])
def test_categories_of_polars_are_stored_in_every_format_and_as_a_partition(format, tmp_path):
    nested = [] if format == "csv" else ["list", "struct", "array"]
    options = {"type": "table", "format": format}
    objects = {"plain": options, "parts": {**options, "partition_by": ["word"]}}
    dao = DataAccessObject({"s": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})
    for kind in (pl.Categorical, pl.Enum(["a", "b", "c"])):
        frame = pl.DataFrame(
            {
                "id": [1, 2, 3],
                "word": pl.Series(["b", None, "a"], dtype=kind),
                "list": pl.Series([["b", "a"], None, [None]], dtype=pl.List(kind)),
                "struct": pl.Series([{"x": "b"}, None, {"x": None}], dtype=pl.Struct({"x": kind})),
                "array": pl.Series([["a"], ["b"], ["b"]], dtype=pl.Array(kind, 1)),
            }
        ).select("id", "word", *nested)
        for name in objects:
            for data in (frame, frame.lazy(), frame.to_arrow()):
                dao.write(data, f"s.{name}", mode="overwrite")
                assert dao.read(f"s.{name}", into="polars").sort("id").to_dict(as_series=False) == frame.to_dict(
                    as_series=False
                )
