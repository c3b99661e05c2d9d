"""CHECK constraints mean one thing for Spark, deltalake and DAO, however names and texts are spelled in them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, Field, Schema, write_deltalake
from deltalake.exceptions import DeltaError
from deltalake.schema import PrimitiveType

from dao import DataError, NotFoundError, UnsupportedError

PRICES = pa.decimal128(5, 2)
ROW = {
    "id": 1, "Country": "UK", "a b": 2, "Größe.x": 3, "order": 4, "s": "it", "B": "b", "f": 0.5,
    "day": date(2024, 5, 6), "price": Decimal("2.50"), "part": {"Field": 1}, "yes": True,
}  # fmt: skip
SCHEMA = pa.Table.from_pylist([ROW]).schema.set(9, pa.field("price", PRICES))


def rows(**changed):
    return pa.Table.from_pylist([{**ROW, **changed}], schema=SCHEMA)


@pytest.fixture
def orders(dao, table):
    dao.write(rows(), table)
    return table


def stored(path):
    return DeltaTable(path).metadata().configuration.get("delta.constraints.c")


def put(path, sql):
    """Put a constraint into a table's log as another engine does."""
    opened = DeltaTable(path)
    commits = sorted(Path(path, "_delta_log").glob("*.json"))
    lines = [json.loads(line) for commit in commits for line in commit.read_text().splitlines()]
    metadata = [line for line in lines if "metaData" in line][-1]
    metadata["metaData"]["configuration"]["delta.constraints.c"] = sql
    actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 3}}, metadata]
    text = "\n".join(map(json.dumps, actions))
    Path(path, "_delta_log", f"{opened.version() + 1:020d}.json").write_text(text)


ALIKE = [
    ("Country IS NOT NULL", None, {"Country": None}),
    ("COUNTRY <> 'XX'", "Country <> 'XX'", {"Country": "XX"}),
    ("`country` IN ('UK', 'FI')", "Country IN ('UK', 'FI')", {"Country": "XX"}),
    ("`a b` >= 2", None, {"a b": 1}),
    ("`A B` + `größe.X` = 5", "`a b` + `Größe.x` = 5", {"a b": 3}),
    ("`order` > 0 AND id > 0", None, {"order": 0}),
    ("s <> concat('it', chr(39), 's')", None, {"s": "it's"}),
    ("s LIKE 'i_'", None, {"s": "is not"}),
    ("price > 1", None, {"price": Decimal("1.00")}),
    ("price BETWEEN 1.5 AND 2.5", None, {"price": Decimal("2.51")}),
    ("f > 0.25", None, {"f": 0.25}),
    ("PART.field = 1", "part.Field = 1", {"part": {"Field": 2}}),
    ("day > '2020-01-01' AND day < DATE '2030-01-01'", None, {"day": date(2020, 1, 1)}),
    ("NOT (id = 5) AND (yes OR id IS NULL)", None, {"yes": False}),
    ("length(s) = 2 AND upper(Country) = 'UK'", None, {"s": "its"}),
    ("CASE WHEN id > 0 THEN abs(-id) ELSE 0 END = 1", None, {"id": 0}),
]


@pytest.mark.parametrize(("given", "kept", "broken"), ALIKE, ids=[one[0] for one in ALIKE])
def test_a_constraint_is_kept_as_it_was_given_and_holds_for_all_writers(dao, orders, path, given, kept, broken):
    dao.run("add_constraint", orders, name="c", expression=given)
    assert stored(path) == (kept or given)
    dao.write(rows(id=1), orders, mode="append")
    write_deltalake(path, rows(id=1), mode="append")
    with pytest.raises(DataError, match="the CHECK constraint 'c'"):
        dao.write(rows(**broken), orders, mode="append")
    with pytest.raises(DeltaError):
        write_deltalake(path, rows(**broken), mode="append")
    with pytest.raises(DataError, match="the CHECK constraint 'c'"):
        dao.upsert(rows(**{"id": 1, **broken}), orders, keys="B")
    assert dao.count(orders) == 3


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("contry <> 'XX'", "no column 'contry' .did you mean 'Country'"),
        ("part.feld = 1", "did you mean 'Field'"),
        ("s <> 'it''s'", "chr"), ("s <> 'a\\b'", "chr"), ('s <> "x"', "as 'text'"), ('"Country" <> s', "as `name`"),
        ("rlike(s, 'x')", "read alike"), ("nonsense(s) = 1", "read alike"), ("id / 2 = 1", "read alike"),
        ("s > 1", "read alike"), ("day > 'today'", "read alike"), ("length(id) > 0", "read alike"),
        ("id", "no condition"), ("1 = 1", "condition on"), ("id >", "expected SQL"), ("id > 0; id", "expected SQL"),
        ("id > (SELECT 1)", "expected SQL"), ("", "expected SQL"),
    ],
)  # fmt: skip
def test_what_engines_read_differently_is_refused(dao, orders, path, expression, said):
    with pytest.raises(DataError, match=said):
        dao.run("add_constraint", orders, name="c", expression=expression)
    assert (stored(path), DeltaTable(path).version()) == (None, 0)


SPELLED = [
    ("\"Country\" <> 'XX'", {"Country": "XX"}),  # by deltalake
    ("\"Country\" != 'it''s'", {"Country": "it's"}),
    ("\"Country\" != 'a\\b'", {"Country": "a\\b"}),
    ('"Country" <> "B"', {"Country": "b"}),
    ("id > 0 AND \"Country\" <> 'XX'", {"Country": "XX"}),
    ("\"a b\" > '1'::decimal(3,2)", {"a b": 1}),
    ("get_field(part, 'Field') = 1", {"part": {"Field": 2}}),
    ('Country <> "XX"', {"Country": "XX"}),  # by Spark
    ('country <> "XX" AND `a B` > 1', {"Country": "XX"}),
    ("`größe.x` == 3", {"Größe.x": 2}),
    ('s RLIKE "^it"', {"s": "at"}),
    ("year(day) > 2020", {"day": date(2020, 1, 1)}),
    ("id / 2 = 0.5", {"id": 2}),
    ("concat(s, Country) <> 'x'", {"Country": None}),
]


@pytest.mark.parametrize(("sql", "broken"), SPELLED, ids=[one[0] for one in SPELLED])
def test_a_constraint_of_another_engine_means_what_it_meant_there(dao, orders, path, sql, broken):
    put(path, sql)
    dao.write(rows(), orders, mode="append")
    with pytest.raises(DataError, match="the CHECK constraint 'c'"):
        dao.write(rows(**broken), orders, mode="append")
    assert dao.count(orders) == 2


@pytest.mark.parametrize(
    "sql",
    [
        'Country <> "B"',  # Spark's text, or deltalake's column
        "s <> 'it''s'", "s <> 'a\\b'", "s <> 'a\\\\b'",
        '"Country" IN ("UK", "FI")', '"gone" > 1', '"country" <> \'XX\'', "gone > 1", "id >",
    ],
)  # fmt: skip
def test_one_that_can_not_be_told_is_refused_and_can_be_dropped(dao, orders, path, sql):
    put(path, sql)
    with pytest.raises((DataError, UnsupportedError), match="'c'.*drop_constraint"):
        dao.write(rows(), orders, mode="append")
    assert dao.count(orders) == 1
    dao.run("drop_constraint", orders, name="c")
    assert dao.write(rows(), orders, mode="append").rows_inserted == 1


def test_the_error_has_one_row_and_says_that_null_is_not_true(dao, table, path):
    dao.write(pa.table({"id": [1, 2], "secret": ["x", "y"]}), table)
    dao.run("add_constraint", table, name="c", expression="id > 0")
    new = pa.table({"id": pa.array([3, None], pa.int64()), "secret": ["v", "w"]})
    with pytest.raises(DataError) as told:
        dao.write(new, table, mode="append")
    assert "'c' (id > 0) is broken by a row with {'id': None}: it must be true, and null isn't" in str(told.value)
    with pytest.raises(DataError, match="is broken by a row with {'id': 2}: it must be true"):
        dao.run("add_constraint", table, name="d", expression="id < 2")
    assert list(DeltaTable(path).metadata().configuration) == ["delta.constraints.c"]


def test_names_of_constraints(dao, orders):
    dao.run("add_constraint", orders, name="c", expression="id > 0")
    with pytest.raises(DataError, match="already"):
        dao.run("add_constraint", orders, name="C", expression="id > 0")
    with pytest.raises(DataError, match="expected two texts"):
        dao.run("add_constraint", orders, name="", expression="id > 0")
    with pytest.raises(NotFoundError, match="it has c"):
        dao.run("drop_constraint", orders, name="d")


@pytest.mark.parametrize("version", [2, 3, 7])
def test_the_protocol_allows_constraints(dao, orders, path, version):
    log = Path(path, "_delta_log", f"{0:020d}.json")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    protocol = {"minReaderVersion": 1, "minWriterVersion": version}
    if version == 7:
        protocol["writerFeatures"] = ["appendOnly"]
    log.write_text("\n".join(json.dumps({"protocol": protocol} if "protocol" in one else one) for one in lines))
    dao.run("add_constraint", orders, name="c", expression="id > 0")
    found = DeltaTable(path).protocol()
    assert found.min_writer_version == max(version, 3)
    assert version < 7 or {"appendOnly", "checkConstraints"} == set(found.writer_features)
    with pytest.raises(DataError, match="'c'"):
        dao.write(rows(id=0), orders, mode="append")


def test_a_table_with_a_constraint_gets_other_columns(dao, table):
    dao.write([{"id": 1, "gone": 1}], table)
    dao.run("add_constraint", table, name="c", expression="id > 0")
    dao.write([{"id": 2, "gone": 2, "new": 1}], table, mode="append", schema_mode="evolve")
    dao.upsert([{"id": 2, "newer": "x"}], table, keys="id", schema_mode="evolve")
    dao.write([{"other": 1.5, "id": 3}], table, mode="overwrite")
    assert dao.read(table, into="pylist") == [{"other": 1.5, "id": 3}]
    with pytest.raises(
        DataError, match=r"the CHECK constraint 'c' \(id > 0\) needs a column that the table hasn't: .*'id'"
    ):
        dao.write([{"other": 1.5}], table, mode="overwrite")
    with pytest.raises(DataError, match="broken by a row"):
        dao.write([{"id": -1, "more": 1}], table, mode="append", schema_mode="evolve")
    assert dao.read(table, into="pylist") == [{"other": 1.5, "id": 3}]


def test_updated_rows_keep_their_place_beside_a_constraint(dao, table):
    dao.write(pa.table({"id": range(6), "v": range(6)}), table)
    dao.run("add_constraint", table, name="c", expression="v >= 0")
    dao.upsert(pa.table({"id": [4, 1], "v": [40, 10]}), table, keys="id")
    assert dao.read(table)["v"].to_pylist() == [0, 10, 2, 3, 40, 5]


def test_invariants_and_generated_columns_are_read_in_the_same_way(dao, table, path):
    invariant = json.dumps({"expression": {"expression": '"Total" > 0 AND id > 0'}})
    fields = [
        Field("id", PrimitiveType("long")),
        Field("Total", PrimitiveType("long"), metadata={"delta.invariants": invariant}),
        Field("Twice", PrimitiveType("long"), metadata={"delta.generationExpression": "TOTAL * 2"}),
    ]
    DeltaTable.create(path, Schema(fields))
    dao.write(pa.table({"id": [2, 1], "Total": [3, 4]}), table, mode="append")
    assert dao.read(table, into="pylist") == [{"id": 2, "Total": 3, "Twice": 6}, {"id": 1, "Total": 4, "Twice": 8}]
    with pytest.raises(
        DataError, match="the invariant of column 'Total' .* is broken by a row with {'id': 0, 'Total': 3}"
    ):
        dao.write(pa.table({"id": [0], "Total": [3]}), table, mode="append")
    with pytest.raises(
        DataError, match="the generated column 'Twice' .* {'Total': 3, 'Twice': 7}: it has another value"
    ):
        dao.write(pa.table({"id": [1], "Total": [3], "Twice": [7]}), table, mode="append")
    new = {"id": [1], "Total": [1], "new": [1]}
    dao.write(pa.table(new), table, mode="append", schema_mode="evolve")
    with pytest.raises(
        DataError, match="the generated column 'Twice' .* needs a column that the table hasn't: .*'TOTAL'"
    ):
        dao.write(pa.table({"id": [1], "Twice": [2]}), table, mode="overwrite")
    dao.write(pa.table({"id": [5]}), table, mode="overwrite")
    assert dao.read(table, into="pylist") == [{"id": 5}]
