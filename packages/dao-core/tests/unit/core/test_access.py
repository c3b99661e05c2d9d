"""Names, catalogs and explanations, before any store is touched."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dao import AsyncDataAccessObject, Catalog, DataAccessObject, DataStore, DataStoreRegistry
from dao.catalog import StoreSource
from dao.data_object import DataObject
from dao.errors import ConfigError, DataError, NoRouteError
from dao.progress import Progress, advance


class Mine:
    def read(self, data_object, *, where=None):
        advance(rows=2)
        return data_object.key, where

    def write(self, data, data_object, *, mode="error"):
        return mode

    def list(self, data_object):
        return [data_object.key]

    def run_metadata(self, data_object, *, deep=False):
        return {"deep": deep}


@pytest.fixture
def dao() -> DataAccessObject:
    declared = {"shop": {"objects": {"users": {"prefix": "raw"}, "orders": {}}, "interface": "memory"}}
    made = DataAccessObject(declared, registry=DataStoreRegistry())
    made.catalog.store("shop").set_interface_class(Mine)
    return made


def test_an_object_is_given_by_name_or_as_it_is(dao: DataAccessObject) -> None:
    users = dao.catalog.store("shop").object("users")
    assert dao.read("shop.users") == dao.read(users) == dao.read(data_object=users) == ("raw/users", None)
    assert dao.read("shop.users", where="x > 1") == ("raw/users", "x > 1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shop.user", "declares no object 'user': did you mean 'users'"),
        ("shp.users", "no store 'shp' is declared: did you mean 'shop'"),
        (
            "shop",
            "found 'shop': 'shop' is a store, with the objects 'users', 'orders'",
        ),
        ("users", "did you mean 'shop.users'"),
    ],
)
def test_a_wrong_name_gets_the_nearest_right_one(dao: DataAccessObject, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dao.read(name)


def test_patterns_are_among_the_hints() -> None:
    dao = DataAccessObject({"s": {"interface": "memory", "objects": {"sales_{region}": {}, "x": {}}}})
    for name, told in (
        ("s.sale_emea", "declares no object 'sale_emea': known: 'sales_{region}', 'x'"),
        ("s.sales_{regon}", "did you mean 'sales_{region}'"),
        ("s", "'s' is a store, with the objects 'x', 'sales_{region}'"),
        ("sales_{region}", "did you mean 's.sales_{region}'"),
    ):
        with pytest.raises(ConfigError) as caught:
            dao.exists(name)
        assert told in str(caught.value)


def test_what_is_no_name_is_refused(dao: DataAccessObject) -> None:
    with pytest.raises(DataError, match="found int"):
        dao.read(7)


def test_a_whole_store_can_be_listed(dao: DataAccessObject) -> None:
    assert dao.list("shop") == [""]
    assert dao.list(dao.catalog.store("shop")) == [""]


def test_run_asks_for_an_operation(dao: DataAccessObject) -> None:
    assert dao.run("metadata", "shop.users", deep=True) == {"deep": True}
    with pytest.raises(NoRouteError, match="no operation 'vacuum' here: known: 'metadata'"):
        dao.run("vacuum", "shop.users")


def test_explain_takes_what_the_action_takes(dao: DataAccessObject) -> None:
    step = dao.explain("write", b"x", "shop.users", mode="overwrite").steps[0]
    assert (step.route, step.interface, step.key) == ("Mine.write", "Mine", "raw/users")
    assert "Mine.write" in str(dao.explain("write", b"x", "shop.users"))
    assert "<table" in dao.explain("read", "shop.users")._repr_html_()
    assert dao.explain("run", "metadata", "shop.users").steps[0].route == "Mine.run_metadata"
    with pytest.raises(DataError, match="no action 'raed': did you mean 'read'"):
        dao.explain("raed", "shop.users")
    with pytest.raises(DataError, match="write needs data_object"):
        dao.explain("write", b"x")
    with pytest.raises(DataError, match="takes 1 arguments by position"):
        dao.explain("read", "shop.users", 3)
    with pytest.raises(NoRouteError, match="takes no 'mod' \\(did you mean 'mode'"):
        dao.explain("write", b"x", "shop.users", mod="x")


def test_the_older_word_for_an_interface_works(dao: DataAccessObject) -> None:
    assert dao.read("shop.users", dao_interface_class="Mine") == ("raw/users", None)
    assert dao.write(b"", "shop.users", dao_interface_class="Mine") == "error"
    with pytest.raises(NoRouteError, match="no interface 'Other'"):
        dao.list("shop", dao_interface_class="Other")


def test_progress_is_heard_on_request_and_by_default(dao: DataAccessObject) -> None:
    heard: list[Progress] = []
    dao.read("shop.users", progress=heard.append)
    assert [(p.action, p.subject, p.rows, p.done) for p in heard] == [
        ("read", "shop.users", 2, False),
        ("read", "shop.users", 2, True),
    ]
    always: list[Progress] = []
    listening = DataAccessObject(dao.catalog, progress=always.append)
    listening.read("shop.users")
    assert len(always) == 2
    listening.read("shop.users", progress=False)
    assert len(always) == 2


def test_two_faces_share_no_catalog(tmp_path: Path) -> None:
    one = DataAccessObject({"a": {"interface": "memory"}}, registry=DataStoreRegistry())
    two = DataAccessObject({"a": {"interface": "memory"}}, registry=DataStoreRegistry())
    assert one.catalog.store("a") is not two.catalog.store("a")


@pytest.fixture
def default_registry(monkeypatch: pytest.MonkeyPatch) -> DataStoreRegistry:
    monkeypatch.setattr(DataStoreRegistry, "default", DataStoreRegistry())
    return DataStoreRegistry.default


@pytest.mark.parametrize("kind", [DataAccessObject, AsyncDataAccessObject])
def test_a_catalogs_stores_are_known_to_its_own_object_alone(
    kind: type[DataAccessObject], default_registry: DataStoreRegistry
) -> None:
    """Nothing that is done puts one into a registry."""
    declared = {"lake": {"interface": "memory", "objects": {"t": {"type": "table"}}}}
    shared = DataStoreRegistry()
    for registry in (None, shared):
        first = kind(declared, registry=registry)
        first.catalog.store("lake").interface  # noqa: B018  (builds it)
        again = pickle.loads(pickle.dumps(first))
        second = kind({"sandbox": {"interface": "memory"}}, registry=registry)
        assert first.explain("read", "lake.t").steps[0].interface == "memory"
        for other in (second, pickle.loads(pickle.dumps(second))):
            with pytest.raises(ConfigError, match="no store 'lake'"):
                other.explain("read", "lake.t")
            assert "lake" not in repr(other) + other._repr_html_()
        assert "lake" in repr(again)
        assert default_registry.names() == shared.names() == []


def test_the_default_registry_has_what_was_added_on_purpose(default_registry: DataStoreRegistry) -> None:
    DataStoreRegistry.add(DataStore("added", Mine))
    dao = DataAccessObject({"shop": {"interface": "memory"}})
    assert dao.list("added") == [""]
    assert repr(dao) == "DataAccessObject(stores=['shop', 'added'])"
    DataStoreRegistry.remove("added")
    with pytest.raises(ConfigError, match="no store 'added'"):
        dao.list("added")


def test_names_are_looked_up_in_the_configs_first_then_in_the_last_catalog_then_in_the_registry() -> None:
    def stores(label: str, *names: str) -> dict[str, Any]:
        return {name: {"interface": "memory", "properties": {"origin": label}} for name in names}

    def origin(dao: DataAccessObject, name: str) -> str:
        return str(dao.catalog.stores[name].properties["origin"])

    registry = DataStoreRegistry([DataStore("a", Mine), DataStore("d", Mine)])
    first, last = Catalog(stores("first", "a", "b", "c")), Catalog(stores("last", "a", "b"))
    dao = DataAccessObject(first, last, stores("config", "a"), registry=registry)
    assert [origin(dao, name) for name in "abc"] == ["config", "last", "first"]
    assert dao.list("d") == [""]
    assert repr(dao) == "DataAccessObject(stores=['a', 'b', 'c', 'd'])"


def test_looking_makes_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference without a value is an error where its store is used, not where the object is made or shown."""
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    declared = {
        "here": {"interface": "memory"},
        "far": {"interface": "memory", "properties": {"x": "${env:NOT_SET_HERE}"}},
    }
    dao = DataAccessObject(declared)
    assert repr(dao) == "DataAccessObject(stores=['here', 'far'])"
    assert "far" in dao._repr_html_() + repr(dao.catalog)
    dao.close()
    with pytest.raises(ConfigError, match="NOT_SET_HERE"):
        dao.list("far")


@pytest.mark.parametrize("kind", [DataAccessObject, AsyncDataAccessObject])
def test_a_face_can_be_pickled(kind: type) -> None:
    dao = kind({"tmp": {"interface": "memory", "objects": {"a": {"type": "file"}}}}, registry=DataStoreRegistry())
    again = pickle.loads(pickle.dumps(dao))
    assert again.catalog["tmp.a"] == dao.catalog["tmp.a"]
    assert "tmp" in repr(again)


class Metastore(StoreSource):
    """Knows one store, and counts what it is asked."""

    label = "elsewhere"

    def __init__(self) -> None:
        self.asked = 0
        self.made: list[DataStore] = []

    def at_hand(self) -> list[DataStore]:
        return self.made

    def __getitem__(self, name: str) -> DataStore:
        self.asked += 1
        if name != "far":
            raise KeyError(name)
        if not self.made:
            objects: dict[str, DataObject] = {}
            self.made = [DataStore("far", Mine, objects=objects)]
            objects["users"] = DataObject("users", self.made[0])
        return self.made[0]

    def __iter__(self) -> Iterator[str]:
        self.asked += 1
        return iter(["far"])


def test_a_catalog_is_asked_only_for_what_is_wanted() -> None:
    elsewhere = Metastore()
    declared = {"shop": {"interface": "memory", "objects": {"users": {}}}}
    dao = DataAccessObject(declared, Catalog(elsewhere), registry=DataStoreRegistry())
    assert not dao.exists("shop.users")
    assert repr(dao) == "DataAccessObject(stores=['shop'])"
    dao.close()
    assert elsewhere.asked == 0
    assert dao.read(dao.catalog["far.users"]) == ("users", None)
    assert elsewhere.asked == 1
    with pytest.raises(ConfigError, match="no store 'fra' is declared: did you mean 'far'"):
        dao.read("fra.users")
    with pytest.raises(ConfigError, match="found 'user': did you mean 'far.users'"):
        dao.read("user")
    with pytest.raises(ConfigError, match="'far' is a store, with the objects 'users'"):
        dao.read("far")


def test_a_single_catalog_is_used_as_it_is() -> None:
    catalog = Catalog({"shop": {"interface": "memory"}})
    dao = DataAccessObject(catalog, registry=DataStoreRegistry())
    assert dao.catalog is catalog


def test_the_loop_goes_on_while_a_catalog_asks() -> None:
    class Slow(Metastore):
        def __getitem__(self, name: str) -> DataStore:
            assert looped.wait(30), "the loop stands still"
            return super().__getitem__(name)

    looped = threading.Event()

    async def ask() -> Any:
        dao = AsyncDataAccessObject(Catalog(Slow()), registry=DataStoreRegistry())
        asking = asyncio.ensure_future(dao.read("far.users"))
        for _ in range(3):
            await asyncio.sleep(0)
        looped.set()
        return await asking

    assert asyncio.run(ask()) == ("users", None)
