"""What an interface with `read` alone can do when it inherits DerivedReads."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pyarrow as pa
import pytest

from dao import (
    AsyncDataAccessObject,
    DataAccessObject,
    DataError,
    DataStore,
    DerivedReads,
    FileObject,
    NoRouteError,
    NotFoundError,
    StoreError,
    TableObject,
)

TABLE = pa.table({"id": [1, 2, 3], "name": ["a", "b", None]})


@attrs.frozen
class Plain(DerivedReads):
    """Its read takes nothing but the object."""

    def read(self, data_object: TableObject) -> Any:
        if data_object.identifier == "missing":
            raise FileNotFoundError("missing")
        return TABLE


class Pushed(DerivedReads):
    """Its read takes a part of the selection, and something of its own."""

    asked: list[dict[str, Any]]

    def __init__(self) -> None:
        self.asked = []

    def read(self, data_object: TableObject, *, columns: Any = None, edition: int = 1, **options: Any) -> Any:
        self.asked.append({"columns": columns, "edition": edition, **options})
        return TABLE if columns is None else TABLE.select(columns)

    def count(self, data_object: TableObject) -> int:
        return 42


class Awaited(DerivedReads):
    async def read(self, data_object: TableObject) -> Any:
        return TABLE.to_pylist()


class Driver(Exception):
    pass


class Translated(DerivedReads):
    def read(self, data_object: TableObject) -> Any:
        raise Driver(data_object.identifier)

    def translate_error(self, error: Exception) -> Exception | None:
        return NotFoundError("not there") if str(error) == "missing" else StoreError("broken")


@pytest.fixture
def dao() -> DataAccessObject:
    return DataAccessObject()


def table(interface: Any, name: str = "t") -> TableObject:
    return TableObject(name, DataStore("store", interface))


def test_the_actions_that_follow_from_read(dao: DataAccessObject) -> None:
    plain = table(Plain())
    assert dao.count(plain) == 3
    assert dao.count(plain, where="name IS NULL") == 1
    assert dao.schema(plain).equals(TABLE.schema)
    assert dao.exists(plain) is True
    assert [batch.num_rows for batch in dao.read_stream(plain, batch_size=2)] == [2, 1]


def test_what_read_does_not_take_is_applied_to_its_result(dao: DataAccessObject) -> None:
    found = dao.read(table(Plain()), columns=["name"], where="id > 1", limit=1)
    assert found.to_pydict() == {"name": ["b"]}, "where first, then limit, then columns"
    assert dao.read(table(Plain()), limit=0).schema.equals(TABLE.schema)
    with dao.read_stream(table(Plain()), where="id = 3", columns=["id"]) as reader:
        assert reader.read_all().to_pydict() == {"id": [3]}
    with pytest.raises(DataError, match="colour"):
        dao.read(table(Plain()), columns=["colour"])


def test_what_read_takes_is_handed_on_to_it(dao: DataAccessObject) -> None:
    pushed = Pushed()
    assert dao.read(table(pushed), columns=["id"], limit=2, edition=7).to_pydict() == {"id": [1, 2]}
    assert dao.read(table(pushed), columns=["id"], where="name = 'b'").to_pydict() == {"id": [2]}
    dao.schema(table(pushed), edition=8, shelf=3)
    assert pushed.asked == [
        {"columns": ["id"], "edition": 7},
        {"columns": None, "edition": 1},  # the predicate needs a column that isn't wanted
        {"columns": None, "edition": 8, "shelf": 3},
    ]


def test_a_method_of_the_class_itself_stays(dao: DataAccessObject) -> None:
    assert dao.count(table(Pushed())) == 42
    with pytest.raises(NoRouteError, match="where"):
        dao.count(table(Pushed()), where="id = 1")


def test_only_what_is_missing_does_not_exist(dao: DataAccessObject) -> None:
    assert dao.exists(table(Plain(), "missing")) is False
    assert dao.exists(table(Translated(), "missing")) is False
    with pytest.raises(StoreError, match="broken"):
        dao.exists(table(Translated(), "damaged"))
    with pytest.raises(NotFoundError):
        dao.count(table(Plain(), "missing"))


def test_the_objects_are_those_that_read_takes(dao: DataAccessObject) -> None:
    file = FileObject("f", DataStore("store", Plain()))
    for action in (dao.count, dao.schema, dao.exists, dao.read_stream):
        with pytest.raises(NoRouteError, match="takes TableObject"):
            action(file)


def test_coroutine_methods_are_derived_from_a_coroutine_method() -> None:
    async def ask() -> list[Any]:
        async with AsyncDataAccessObject() as dao:
            awaited = table(Awaited())
            with await dao.read_stream(awaited, limit=2) as reader:
                rows = reader.read_all().num_rows
            return [
                rows,
                await dao.count(awaited, where="id > 1"),
                (await dao.schema(awaited)).names,
                await dao.exists(awaited),
                await dao.read(awaited, columns=["id"], into="pylist"),
            ]

    assert asyncio.run(ask()) == [2, 2, ["id", "name"], True, [{"id": 1}, {"id": 2}, {"id": 3}]]


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_list_is_no_rows_that_exist(empty: Any) -> None:
    class Empty(DerivedReads):
        def read(self, data_object: TableObject) -> Any:
            return empty

    dao, thing = DataAccessObject(), TableObject("x", DataStore("s", Empty()))
    assert dao.count(thing) == dao.count(thing, where="id > 1") == 0
    assert dao.exists(thing) is True
    assert dao.read(thing, limit=1) == empty
    with pytest.raises(DataError, match="is not a SQL condition"):
        dao.count(thing, where="id >")
    for call in (dao.schema, dao.read_stream, lambda one: dao.read(one, columns=["id"])):
        with pytest.raises(DataError, match="has no columns"):
            call(thing)
