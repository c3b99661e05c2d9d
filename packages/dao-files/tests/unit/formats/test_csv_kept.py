"""CSV: what is written is read back equal with the same options, or refused when it is written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import load, save

from dao.errors import DataError

EXACT = dt.datetime(2020, 2, 1, 3, 4, 5, 6)
WHOLE = dt.datetime(2020, 2, 1, 23, 4, 5)
DAY = dt.date(1920, 2, 1)
US = pa.timestamp("us")
SECONDS = "%Y-%m-%d %H:%M:%S"


def kept(column: pa.Array, tmp_path: Path, **options: Any) -> str:
    """Write and read a column after an ``id`` with the same options, check that it is equal and return the text."""
    table = pa.table({"id": range(len(column)), "v": column})
    save(table, tmp_path / "t.csv", **options)
    found = load(tmp_path / "t.csv", options=options, schema=table.schema)
    assert found.to_pylist() == table.to_pylist()
    return (tmp_path / "t.csv").read_text()


@pytest.mark.parametrize(
    ("column", "options", "text"),
    [
        (pa.array([None, WHOLE, WHOLE], US), {"timestamp_format": SECONDS}, "1,2020-02-01 23:04:05\n"),
        (pa.array([WHOLE], pa.timestamp("ns")), {"timestamp_format": "%T %D"}, "0,23:04:05 02/01/20\n"),
        (pa.array([WHOLE], pa.timestamp("ms", "Europe/Vienna")), {"timestamp_format": SECONDS}, " 23:04:05\n"),
        (pa.array([WHOLE], pa.timestamp("us", "Europe/Vienna")), {"timestamp_format": SECONDS + "%z"}, ":05+0000\n"),
        (pa.array([dt.datetime(2020, 2, 1)], US), {"timestamp_format": "%d/%m/%Y"}, "0,01/02/2020\n"),
        (pa.array([EXACT], US), {"date_format": "%Y"}, "0,2020-02-01 03:04:05.000006\n"),
        (pa.array([DAY]), {"date_format": ["%d.%m.%Y", "%Y"]}, "0,01.02.1920\n"),
        (pa.array([dt.date(1920, 1, 1)], pa.date64()), {"date_format": "%Y"}, "0,1920\n"),
        (pa.array([0, None]), {"null_values": ["0"], "quoted_nulls": False}, '"0","0"\n1,0\n'),
        (pa.array([True, None]), {"delimiter": "t"}, '0t"true"\n'),
        (pa.array([-1]), {"comment": "-"}, '0,"-1"\n'),
    ],
)
def test_values_that_the_options_hold_are_read_back(
    column: pa.Array, options: dict[str, Any], text: str, tmp_path: Path
) -> None:
    assert text in kept(column, tmp_path, **options)


@pytest.mark.parametrize(
    ("column", "options", "message"),
    [
        (
            pa.array([None, WHOLE, EXACT], US),
            {"timestamp_format": SECONDS},
            "column 'v': option 'timestamp_format': '%Y-%m-%d %H:%M:%S' writes 2020-02-01 03:04:05.000006 as "
            "'2020-02-01 03:04:05', which is read back as 2020-02-01 03:04:05.000000; without timestamp_format= it is "
            "written by ISO 8601 with all its digits",
        ),
        (
            pa.array([WHOLE], US),
            {"timestamp_format": "%Y-%m-%d %H:%M"},
            "'2020-02-01 23:04', which is read back as 2020-02-01 23:04:00.000000; "
            "timestamp_format='%Y-%m-%d %H:%M:%S' stores it",
        ),
        (pa.array([WHOLE], US), {"timestamp_format": "%I:%M:%S %d.%m.%Y"}, "option 'timestamp_format'"),
        (pa.array([1], pa.timestamp("ns")), {"timestamp_format": SECONDS}, "1970-01-01 00:00:00.000000001"),
        (pa.array([DAY]), {"date_format": "%Y"}, "as '1920', which is read back as 1920-01-01; date_format='%Y-%m-%d'"),
        (pa.array([DAY]), {"date_format": "%d.%m.%y"}, "as '01.02.20', which is read back as 2020-02-01"),
        (pa.array([DAY]), {"date_format": "x"}, "as 'x', which is read back as 1900-01-01"),
        (pa.array([DAY]), {"date_format": ""}, "option 'date_format': '' writes 1920-02-01"),
        (pa.array([DAY]), {"date_format": "%q"}, "option 'date_format': '%q'"),
        (
            pa.array([dt.date(1920, 1, 1)]),
            {"date_format": "%Y", "null_values": ["1920"]},
            "'1920' would be read as null",
        ),
        (
            pa.array([7, 0]),
            {"null_values": ["", "0"]},
            "option 'null_values': '0' would be read as null; quoted_nulls=",
        ),
        (pa.array(["x", "NA"]), {"null_values": ["NA"], "quoted_nulls": True}, "'NA' would be read as null"),
        (pa.array([True]), {"true_values": ["NULL"], "null_values": ["NULL"]}, "'NULL' would be read as null"),
        (pa.array(["x", None]), {"null_values": []}, "column 'v': null_values=[] has no text for nulls"),
        (pa.array([1]), {"null_values": ["a,b"]}, "nulls can't be written as 'a,b', as ',' is special"),
        (pa.array([1]), {"null_values": ["#N/A"], "comment": "#"}, "as '#' is special"),
        (pa.array([1]), {"header": ["v", "id"]}, "readers would name the columns ['v', 'id'], which are ['id', 'v']"),
        (pa.array([True]), {"true_values": ["x"], "false_values": ["y", "x"]}, "both have 'x'"),
        (pa.array([1.5]), {"decimal_point": "5"}, "option 'decimal_point': found '5'"),
        (pa.array([1.5]), {"thousands": "-"}, "option 'thousands': found '-'"),
        (pa.array(["x;y"]), {"quoting": "none", "delimiter": ";"}, "without quotes can't store the text 'x;y'"),
    ],
)
def test_values_that_the_options_lose_are_refused(
    column: pa.Array, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        kept(column, tmp_path, **options)
    assert message in str(caught.value)


# Neither says by its null_count that it has nulls.
HIDDEN_NULLS = [
    pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["x", None])),
    pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", None])),
    pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), pa.array([None, 7])),
]


@pytest.mark.parametrize("column", HIDDEN_NULLS, ids=["dictionary", "run ends", "runs of integers"])
def test_nulls_that_are_not_counted_are_kept_or_refused(column: pa.Array, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'v': null_values=\\[\\] has no text for nulls"):
        save(pa.table({"id": [1, 2, 3], "v": column}), tmp_path / "t.csv", null_values=[])
    alone = pa.table({"v": column})
    with pytest.raises(DataError, match="a null in the only column 'v' would be a blank line"):
        save(alone, tmp_path / "t.csv")
    for options in ({"null_values": ["NULL"]}, {"skip_blank_lines": False}):
        save(alone, tmp_path / "t.csv", **options)
        found = load(tmp_path / "t.csv", options=options, schema=alone.schema)
        assert found.to_pylist() == alone.to_pylist()
