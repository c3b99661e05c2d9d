"""Columns named in another letter case than they are stored in, in every action and format, in files and partitions."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dao import DataAccessObject, DataError, DataStore, TableObject

ROWS = pa.table({"Id": [1, 2, 3], "Carrier": ["UA", "AA", None], "Box": [{"Depth": 1}, {"Depth": 2}, None]})


@pytest.fixture
def store(tmp_path) -> DataStore:
    return DataStore("s", "local", options={"root": str(tmp_path)})


@pytest.mark.parametrize("partition_by", [[], ["Carrier"]], ids=["files", "partitions"])
@pytest.mark.parametrize("format", ["parquet", "csv", "ndjson", "arrow", "orc", "avro"])
def test_every_action_finds_a_column_in_any_letter_case(store, format, partition_by):
    dao = DataAccessObject()
    table, target = TableObject("t", store, format=format), TableObject("target", store, format=format)
    nested = format != "csv"
    dao.write(ROWS if nested else ROWS.drop_columns(["Box"]), table, partition_by=partition_by)
    assert dao.read(table, where="CARRIER = 'UA'", columns=["iD", "cArrier"], into="pylist") == [
        {"Id": 1, "Carrier": "UA"}
    ]
    assert dao.read(table, where=[("carrier", "in", ["AA", "UA"]), ("ID", ">", 1)], columns=[]).num_rows == 1
    with dao.read_stream(table, where="carrier IS NULL", columns=["ID"]) as stream:
        assert stream.read_all().to_pylist() == [{"Id": 3}]
    if nested:
        assert dao.read(table, where="BOX.DEPTH = 2", columns=["id"], into="pylist") == [{"Id": 2}]
    assert dao.count(table, where="carrier <> 'UA'") == 1
    dao.copy(table, target, where="CARRIER = 'AA'", columns=["CARRIER"])
    assert dao.read(target, into="pylist") == [{"Carrier": "AA"}]
    assert dao.delete(table, where="ID = 1 OR carrier = 'AA'").rows_deleted == 2
    assert dao.read(table, columns=["id"], into="pylist") == [{"Id": 3}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"where": "ID = 1"}, "where= asks for the column 'ID', which may be 'Id' or 'id': spell it exactly"),
        ({"columns": ["ID"]}, "columns= asks for the column 'ID', which may be 'Id' or 'id': spell it exactly"),
        ({"columns": ["id", "x", "id"]}, "columns: asks for 'id' more than once: name each column once"),
        ({"columns": ["x", "X"]}, "columns= asks for 'x' more than once"),
        ({"columns": ["idd"]}, "columns= asks for the column 'idd', which doesn't exist: "),
        ({"where": pc.field("X") == "UA"}, "asks for 'X': Arrow needs a column's exact spelling"),
        ({"where": 'x = "UA"'}, "if it is a text, write it in single quotes: 'UA'"),
        ({"where": "x = UA"}, "if it is a text, write it in single quotes: 'UA'"),
        ({"where": "x IN (\"it's\")"}, "if it is a text, write it in single quotes: 'it''s'"),
        ({"where": "x BETWEEN \"a\" AND 'b'"}, "if it is a text, write it in single quotes: 'a'"),
        ({"where": 'x LIKE "UA%"'}, "LIKE takes a pattern in single quotes"),
    ],
    ids=str,
)  # fmt: skip
def test_names_that_are_ambiguous_or_are_no_columns_are_refused(store, arguments, said):
    table = TableObject("t", store, format="parquet")
    DataAccessObject().write(pa.table({"Id": [1], "id": [2], "x": ["UA"]}), table)
    with pytest.raises(DataError) as caught:
        DataAccessObject().read(table, **arguments)
    assert said in str(caught.value)


def test_the_exact_spelling_wins_and_an_unknown_column_is_not_taken_for_a_text(store):
    table = TableObject("t", store, format="parquet")
    dao = DataAccessObject()
    dao.write(pa.table({"Id": [1], "id": [2], "x": ["UA"]}), table)
    assert dao.read(table, where="id = 2", columns=["Id"], into="pylist") == [{"Id": 1}]
    with pytest.raises(DataError) as caught:
        dao.read(table, where="colour = 1")
    assert "single quotes" not in str(caught.value)
