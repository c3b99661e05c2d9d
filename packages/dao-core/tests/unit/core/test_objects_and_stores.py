"""Objects and stores: immutable, picklable, safe between threads, and clear about what they lack."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import pytest
from attrs import define

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import ConfigError, DataError
from dao.interface import InterfaceSpec
from dao.secrets import Secret


@pytest.mark.parametrize(
    ("thing", "key"),
    [
        (DataObject("users"), "users"),
        (DataObject("users", prefix="raw"), "raw/users"),
        (DataObject("users", prefix="raw/", suffix=".csv"), "raw/users.csv"),
        (DataObject("users", prefix="raw", key="elsewhere/x"), "elsewhere/x"),
        (FileObject("users", suffix="_v2.csv.gz"), "users_v2.csv.gz"),
        (DirectoryObject("users"), "users"),
        (DirectoryObject("users", prefix="raw/users/"), "raw/users"),
        (TableObject("flights", prefix="flights", format="parquet"), "flights"),
        (DirectoryObject("root", key=""), ""),
    ],
)
def test_keys(thing: DataObject, key: str) -> None:
    assert thing.key == key


def test_properties_of_the_store_are_visible_on_its_objects() -> None:
    store = DataStore("bronze", properties={"format": "parquet", "owner": "team"})
    users = DataObject("users", store, format="csv")
    assert (users.format, users.owner, users.get("missing", 7)) == ("csv", "team", 7)
    with pytest.raises(AttributeError, match="'bronze.users' has no property 'formt': did you mean 'format'"):
        _ = users.formt
    with pytest.raises(AttributeError, match="has no property 'store': did you mean 'data_store'"):
        users.store  # noqa: B018


def test_objects_are_immutable_and_comparable() -> None:
    users = DataObject("users", format="csv", partition_by=["month"])
    with pytest.raises(AttributeError, match=r"replace\(format="):
        users.format = "json"
    with pytest.raises(AttributeError):
        del users.identifier
    with pytest.raises(TypeError):
        users.properties["format"] = "json"
    assert users == DataObject("users", format="csv", partition_by=["month"])
    assert users != FileObject("users", format="csv", partition_by=["month"])
    assert hash(users) == hash(users.replace(format="json"))
    assert users.replace(format="json") != users
    assert copy.copy(users) == users
    assert copy.deepcopy(users) == users


@pytest.mark.parametrize("identifier", ["", None, 7])
def test_an_identifier_is_a_text(identifier: Any) -> None:
    with pytest.raises(DataError, match="identifier"):
        DataObject(identifier)


@define
class Configured:
    root: str = "."
    password: Secret | None = None

    def read(self, data_object):
        return self.root


class Stateful:
    carries_state = True

    def __init__(self) -> None:
        self.held = [1]


def test_a_store_travels_with_its_configuration_and_without_its_connections() -> None:
    store = DataStore("s", Configured, options={"root": "/data", "password": "hunter2"})
    thing = DataObject("a", store, format="csv")
    first = store.interface
    again = pickle.loads(pickle.dumps(thing))
    assert again == thing
    assert again.data_store.interface.root == "/data"
    assert again.data_store.interface is not first
    assert b"hunter2" not in pickle.dumps(
        DataStore("s", Configured, options={"root": "x", "password": Secret("hunter2")})
    )


@define
class Login:
    user: str
    code: Secret


@define
class Nested:
    logins: dict[str, Login]
    named: str | Secret = "plain"


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (Configured(password="hunter2"), "Configured.password: found text, expected Secret(...)"),
        (Configured(password=b"hunter2"), "Configured.password: found bytes, expected Secret(...)"),
        (Nested({"a": Login("me", "hunter2")}), "Nested.logins.a.code: found text, expected Secret(...)"),
    ],
)
def test_plain_text_for_a_secret_of_an_instance_is_refused(instance: object, message: str) -> None:
    makes = [
        lambda: DataStore("s", instance),
        lambda: DataStore("s", InterfaceSpec("mine", instance)),
        lambda: DataStore("s", "memory", secondary_interfaces=[instance]),
        lambda: DataStore("s", "memory").set_interface_class(instance),
    ]
    for make in makes:
        with pytest.raises(ConfigError) as caught:
            make()
        assert str(caught.value) == message
        assert "hunter2" not in repr(caught.value)


def test_an_instance_with_secrets_keeps_them() -> None:
    for instance in (
        Configured(password=Secret("hunter2")),
        Configured(),
        Nested({"a": Login("me", Secret("hunter2"))}),
    ):
        store = DataStore("s", instance)
        assert store.interface is instance
        assert "hunter2" not in repr(store.interface)
        assert b"hunter2" not in pickle.dumps(store)


def test_a_store_takes_along_what_is_nowhere_else() -> None:
    store = DataStore("s", Stateful)
    store.interface.held.append(2)
    assert pickle.loads(pickle.dumps(store)).interface.held == [1, 2]
    store.close()
    assert store.interface.held == [1, 2]


def test_an_interface_is_built_once_and_closed() -> None:
    made: list[object] = []

    class Slow:
        def __init__(self) -> None:
            made.append(self)
            self.closed = False

        def close(self) -> None:
            self.closed = True

    store = DataStore("s", Slow)
    threads = [threading.Thread(target=lambda: store.interface) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    with store:
        first = store.interface
    assert first.closed
    assert store.interface is not first


def test_set_interface_class_changes_the_primary() -> None:
    store = DataStore("s", Stateful())
    store.set_interface_class(Configured, root="/elsewhere")
    assert store.interface.root == "/elsewhere"
    store.set_interface_class(Configured, rot="/x")
    with pytest.raises(ConfigError, match="did you mean 'root'"):
        _ = store.interface


def test_a_store_without_an_interface_says_so() -> None:
    with pytest.raises(ConfigError, match="store 's' has no interface"):
        _ = DataStore("s").interface


@pytest.mark.parametrize("name", ["", "a.b", None])
def test_a_stores_name_has_no_dot(name: Any) -> None:
    with pytest.raises(ConfigError, match="without dots"):
        DataStore(name)


def test_an_undeclared_object_is_named_with_the_nearest() -> None:
    store = DataStore("s", objects={"flights": DataObject("flights")})
    assert store.object("flights").identifier == "flights"
    with pytest.raises(ConfigError, match="declares no object 'flihgts': did you mean 'flights'"):
        store.object("flihgts")


def test_the_registry_works_on_the_class_and_on_instances() -> None:
    mine = DataStoreRegistry()
    store = mine.add(DataStore("only_here", Stateful()))
    assert mine.get("only_here") is store
    assert "only_here" in mine
    assert len(mine) == 1
    with pytest.raises(ConfigError, match="no store 'only_here' is registered"):
        DataStoreRegistry.get("only_here")
    DataStoreRegistry.add(store)
    try:
        assert DataStoreRegistry.get("only_here") is DataStoreRegistry.default.get("only_here")
        with pytest.raises(ConfigError, match="did you mean 'only_here'"):
            DataStoreRegistry.get("only_her")
    finally:
        DataStoreRegistry.remove("only_here")


def test_the_type_of_objects_made_in_code_is_their_class() -> None:
    with pytest.raises(ConfigError, match="in code an object's class is its type"):
        DataStore("s", "memory", properties={"type": "table"})
