"""Names, catalogs and explanations, before any store is touched."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dao import AsyncDataAccessObject, DataAccessObject, DataStoreRegistry
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
    made.registry.get("shop").set_interface_class(Mine)
    return made


def test_an_object_is_given_by_name_or_as_it_is(dao: DataAccessObject) -> None:
    users = dao.registry.get("shop").object("users")
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


def test_what_is_no_name_is_refused(dao: DataAccessObject) -> None:
    with pytest.raises(DataError, match="found int"):
        dao.read(7)


def test_a_whole_store_can_be_listed(dao: DataAccessObject) -> None:
    assert dao.list("shop") == [""]
    assert dao.list(dao.registry.get("shop")) == [""]


def test_run_asks_for_an_operation(dao: DataAccessObject) -> None:
    assert dao.run("metadata", "shop.users", deep=True) == {"deep": True}
    with pytest.raises(NoRouteError, match="operation='metadata'"):
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
    listening = DataAccessObject(registry=dao.registry, progress=always.append)
    listening.read("shop.users")
    assert len(always) == 2
    listening.read("shop.users", progress=False)
    assert len(always) == 2


def test_two_faces_share_no_catalog(tmp_path: Path) -> None:
    one = DataAccessObject({"a": {"interface": "memory"}}, registry=DataStoreRegistry())
    two = DataAccessObject({"a": {"interface": "memory"}}, registry=DataStoreRegistry())
    assert one.catalog.store("a") is not two.catalog.store("a")


def test_the_default_registry_holds_the_catalogs_stores() -> None:
    dao = DataAccessObject({"only_in_this_test": {"interface": "memory"}})
    try:
        assert DataStoreRegistry.get("only_in_this_test") is dao.catalog.store("only_in_this_test")
    finally:
        DataStoreRegistry.remove("only_in_this_test")


@pytest.mark.parametrize("kind", [DataAccessObject, AsyncDataAccessObject])
def test_a_face_can_be_pickled(kind: type) -> None:
    dao = kind({"tmp": {"interface": "memory", "objects": {"a": {"type": "file"}}}}, registry=DataStoreRegistry())
    again = pickle.loads(pickle.dumps(dao))
    assert again.catalog["tmp.a"] == dao.catalog["tmp.a"]
    assert "tmp" in again.registry
    assert "tmp" in repr(again)
