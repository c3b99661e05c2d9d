"""``evolve``, ``set_properties`` and ``register``: no file is written again, and rows stay what they are."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitStateUnknownException

from dao import DataStore, TableObject
from dao.errors import AlreadyExistsError, DataError, NotFoundError, StoreError, UnsupportedError

ROWS = pa.table(
    {
        "id": pa.array([1, 2], pa.int32()),
        "place": pa.array([{"city": "Oulu", "zip": "9"}, None], pa.struct({"city": pa.string(), "zip": pa.string()})),
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(5, 2)),
    }
)


def files(client) -> set[str]:
    return {stat.key for stat in client.transport.list("orders/data/")}


def test_columns(dao, table, client):
    first = dao.write(ROWS, table).version_after
    before = files(client)
    result = dao.run(
        "evolve",
        table,
        widen={"id": "bigint", "price": "decimal(9, 2)"},
        rename={"place.city": "town", "price": "cost"},
        add={"place.country": "string", "note": "string", "tags": pa.list_(pa.string())},
        drop="place.zip",
        reorder=["note", "id"],
    )
    assert (result.version_before, result.version_after, files(client)) == (first, first, before)
    assert dao.read(table).to_pylist() == [
        {"note": None, "id": 1, "place": {"town": "Oulu", "country": None}, "cost": Decimal("1.50"), "tags": None},
        {"note": None, "id": 2, "place": None, "cost": None, "tags": None},
    ]
    assert [str(dao.schema(table).field(name).type) for name in ("id", "cost")] == ["int64", "decimal128(9, 2)"]
    assert dao.read(table, version=first).equals(ROWS)
    dao.write(
        [{"id": 2**40, "note": "x", "place": None, "cost": None, "tags": ["a"]}],
        table,
        mode="append",
        schema=dao.schema(table),
    )
    assert dao.count(table, where="id > 5") == 1
    changes = dao.read_changes(table, since=first).to_pylist()
    assert [(one["id"], one["note"], one["_change_type"]) for one in changes] == [(2**40, "x", "insert")]


def test_a_column_that_comes_again_is_another_one(dao, table):
    dao.write(ROWS, table)
    dao.run("evolve", table, drop="price", add={"price": "double"})
    assert dao.read(table, columns=["price"]).to_pylist() == [{"price": None}] * 2
    dao.run("evolve", table, drop="price")
    dao.run("evolve", table, add={"price": "decimal(5, 2)"})
    assert dao.read(table, columns=["price"]).to_pylist() == [{"price": None}] * 2


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, DataError),
        ({"add": {"id": "int"}}, DataError),
        ({"add": {"n": "int not null"}}, DataError),
        ({"add": {"n": pa.uint64()}}, DataError),
        ({"drop": "nothing"}, DataError),
        ({"rename": {"nothing": "x"}}, DataError),
        ({"rename": {"id": "price"}}, DataError),
        ({"reorder": ["nothing"]}, DataError),
        ({"widen": {"nothing": "int"}}, DataError),
        ({"widen": {"id": "string"}}, UnsupportedError),
        ({"widen": {"id": "smallint"}}, None),
        ({"widen": {"price": "decimal(9, 3)"}}, UnsupportedError),
        ({"widen": {"place": "string"}}, UnsupportedError),
        ({"partitions": ["nothing"]}, DataError),
        ({"order": ["nothing"]}, DataError),
    ],
)
def test_what_can_not_be(dao, table, given, kind):
    dao.write(ROWS, table)
    if kind is None:
        dao.run("evolve", table, **given)
    else:
        with pytest.raises(kind):
            dao.run("evolve", table, **given)
    assert dao.read(table).equals(ROWS)


def test_partitions(dao, table, foreign):
    first = dao.write(ROWS, table).version_after
    dao.run("evolve", table, partitions=["bucket(2, id)"], order="id desc")
    assert (str(foreign.now.spec.fields[0].transform), foreign.now.table.sort_order().order_id) == ("bucket[2]", 1)
    dao.write(ROWS, table, mode="append")
    assert {one.file.spec_id for one in foreign.data_files} == {0, 1}
    dao.run("evolve", table, partitions="id", order=[])
    with pytest.raises(DataError, match="partitioned by 'id'"):
        dao.run("evolve", table, drop="id")
    dao.run("evolve", table, drop="id", partitions=[])
    assert (foreign.now.spec.fields, foreign.now.spec.spec_id, dao.count(table)) == ((), 0, 4)
    assert dao.read(table).column_names == ["place", "price"]
    assert dao.run("compact", table).details["files_added"] == 1
    assert dao.read_changes(table, since=first, columns=["price"]).num_rows == 2


def test_the_order_goes_with_its_column(dao, lake, foreign):
    table = TableObject("orders", lake, sort_by=["price"])
    dao.write(ROWS, table)
    table = TableObject("orders", lake, sort_by=["id"], partition_by=["id"])
    dao.run("evolve", table, drop="price")
    assert foreign.now.table.sort_order().is_unsorted
    assert foreign.now.spec.fields == (), "what the object says of new tables changes no old one"
    table = TableObject("orders", lake)
    dao.write(dao.read(table), table, mode="append")


def test_an_answer_that_is_lost(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def lost(*given):
        monkeypatch.undo()
        commit(*given)
        raise CommitStateUnknownException("the answer was lost")

    monkeypatch.setattr(catalog, "commit_table", lost)
    dao.run("evolve", table, add={"n": "int"}, partitions=["bucket(2, id)"])
    assert dao.schema(table).names == ["id", "place", "price", "n"]
    assert len(client.open("orders").metadata.schemas) == 2


def test_another_writer_of_columns_comes_first(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def second(*given):
        monkeypatch.undo()
        dao.run("evolve", table, add={"m": "int"})
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", second)
    dao.run("evolve", table, add={"n": "int"})
    assert dao.schema(table).names == ["id", "place", "price", "m", "n"]


def test_properties(dao, table, foreign):
    dao.write(ROWS, table)
    dao.run("set_properties", table, properties={"gc.enabled": False, "history.expire.min-snapshots-to-keep": 3})
    assert foreign.now.properties == {"gc.enabled": "false", "history.expire.min-snapshots-to-keep": "3"}
    dao.run("set_properties", table, properties={"gc.enabled": None, "nothing": None})
    assert foreign.now.properties == {"history.expire.min-snapshots-to-keep": "3"}
    for name in ("dao.positions", "format-version"):
        with pytest.raises(DataError):
            dao.run("set_properties", table, properties={name: "1"})
    for name, value in (("write.py-location-provider.impl", "x.Y"), ("write.format.default", "orc")):
        with pytest.raises(UnsupportedError):
            dao.run("set_properties", table, properties={name: value})


def test_register(dao, table, lake, client, tmp_path):
    first = dao.write(ROWS, table).version_after
    location = client.open("orders").table.metadata_location
    other = DataStore("other", "iceberg", options={"root": str(tmp_path / "lake"), "catalog_name": "second"})
    again = TableObject("again", other, prefix="sales/again")
    assert dao.run("register", again, metadata=location).version_after == first
    assert dao.read(again).equals(ROWS)
    third = TableObject("third", other)
    dao.run("register", third, metadata=client.locations.key_of(location))
    assert dao.read(third).equals(ROWS)
    with pytest.raises(AlreadyExistsError):
        dao.run("register", third, metadata=location)
    with pytest.raises(NotFoundError):
        dao.run("register", TableObject("fourth", other), metadata="orders/metadata/nothing.metadata.json")
    client.transport.put("orders/metadata/x.metadata.json", b"{}")
    with pytest.raises(StoreError):
        dao.run("register", TableObject("fourth", other), metadata="orders/metadata/x.metadata.json")
    with pytest.raises(UnsupportedError):
        dao.run("register", TableObject("fourth", other), metadata="/elsewhere/x.metadata.json")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"drop": "prise"}, "drop: the table has no column 'prise': did you mean 'price'"),
        ({"rename": {"place.cit": "town"}}, "rename: the table has no column 'place.cit': did you mean 'place.city'"),
        ({"widen": {"idd": "bigint"}}, "widen: the table has no column 'idd': did you mean 'id'"),
        ({"reorder": ["note", "pric"], "add": {"note": "string"}}, "reorder: the table has no column 'pric'"),
        ({"rename": {"price": "id"}}, "rename: 'price' would become 'id', which the table has already"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_nearest_name(dao, table, asked, told):
    dao.write(ROWS, table)
    with pytest.raises(DataError, match=told):
        dao.run("evolve", table, **asked)


ADDRESS = pa.struct({"zip": pa.string(), "city": pa.string()})
NESTED = pa.table(
    {
        "id": pa.array([1], pa.int32()),
        "address": pa.array([{"zip": "1", "city": "x"}], ADDRESS),
        "lines": pa.array([[{"n": 1}]], pa.list_(pa.struct({"n": pa.int32()}))),
        "rates": pa.array([[("a", {"n": 1})]], pa.map_(pa.string(), pa.struct({"n": pa.int32()}))),
    }
)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"rename": {"address.zip": "address.code"}}, "give the field's new name alone, 'code'"),
        ({"rename": {"address.zip": "id.code"}}, "a field stays where it is"),
        ({"rename": {"address.zip": "city"}}, "would become 'address.city', which the table has already"),
        ({"rename": {"id": "address.id"}}, "a column stays where it is"),
        ({"rename": {"id": "adress.id"}}, "a column stays where it is"),
        ({"rename": {"id": ""}}, "expected a name"),
        ({"rename": {"lines.element": "line"}}, "has no name of its own"),
        (
            {"add": {"adress.note": "string"}},
            "a field of 'adress', which the table doesn't have .*did you mean 'address'",
        ),
        ({"add": {"address.place.note": "string"}}, "a field of 'address.place', which the table doesn't have"),
        ({"add": {"id.note": "string"}}, "non-struct"),
        ({"add": {"address.": "string"}}, "expected a name"),
        ({"add": {".note": "string"}}, "expected a name"),
        ({"add": {"address.note": "string"}, "drop": "address"}, "add: 'address.note' is inside of 'address'"),
        ({"rename": {"address.zip": "code"}, "drop": "address"}, "rename: 'address.zip' is inside of 'address'"),
        ({"add": {"id": "string"}, "drop": "id", "reorder": ["id"]}, "reorder in another call"),
        ({"drop": ["address.zip", "address.city"]}, "drop: found all fields of 'address'"),
        ({"drop": "lines.element.n"}, "drop: found all fields of 'lines.element'"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(dao, table, client, asked, told):
    dao.write(NESTED, table)
    before = client.open("orders").metadata
    with pytest.raises(DataError, match=told):
        dao.run("evolve", table, **asked)
    assert client.open("orders").metadata == before


def test_fields_inside_of_columns_are_named_with_points(dao, table):
    dao.write(NESTED, table)
    dao.run(
        "evolve",
        table,
        rename={"address.zip": "id", "lines.element.n": "m"},
        add={"address.note": "string", "rates.value.more": "int"},
        widen={"lines.element.n": "bigint"},
        reorder=["address.city"],
    )
    [row] = dao.read(table).to_pylist()
    assert list(row["address"].items()) == [("city", "x"), ("id", "1"), ("note", None)]
    assert (row["lines"], row["rates"]) == ([{"m": 1}], [("a", {"n": 1, "more": None})])


def test_a_column_with_points_in_its_name_is_one(dao, table):
    dao.write(NESTED.append_column("a.b", pa.array([5])), table)
    dao.run("evolve", table, rename={"a.b": "a.c"})
    assert dao.read(table, columns=["a.c"]).to_pylist() == [{"a.c": 5}]
    with pytest.raises(DataError, match="a column stays where it is"):
        dao.run("evolve", table, rename={"a.c": "address.c"})
