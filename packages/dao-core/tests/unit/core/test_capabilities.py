"""What an interface's class says that it can't do, and who reads it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from dao import Capabilities, DataAccessObject, DataObject, DataStore, DataStoreRegistry, NoRouteError
from dao.capabilities import FEATURES, MODES, OPERATIONS, capabilities_of, combined


class Silent:
    def read(self, data_object): ...
    def write(self, data, data_object, *, partition_by=None): ...
    def run_compact(self, data_object): ...


class Declaring:
    capabilities: ClassVar = Capabilities(lacks_modes={"append": "it is written once"}, formats=("csv",))

    def read(self, data_object, *, version=None): ...
    def write(self, data, data_object, **options): ...
    def run_compact(self, data_object): ...


def test_a_class_that_declares_nothing_promises_its_methods_alone() -> None:
    found = capabilities_of(Silent)
    assert found.absence("read") is None
    assert found.absence("copy") is None, "DAO makes a copy of read and write"
    assert found.absence("move") is not None, "a move deletes"
    assert {a.name for a in found.absences() if a.kind == "mode"} == set(MODES)
    assert {a.name for a in found.absences() if a.kind == "operation"} == set(OPERATIONS)
    assert {a.name for a in found.absences() if a.kind == "feature"} == set(FEATURES)


def test_what_has_no_method_or_argument_is_absent_without_being_named() -> None:
    found = capabilities_of(Declaring)
    assert [a.name for a in found.absences() if a.kind == "mode"] == ["append"]
    assert str(found.absence("upsert")) == "action upsert: the interface has no method for it"
    assert found.absence("compact") is None
    assert found.absence("vacuum") is not None
    assert found.absence("time_travel") is None
    assert found.absence("tags") is None, "its **options may take a tag"


def test_a_store_lacks_what_all_of_its_interfaces_lack() -> None:
    both = combined([capabilities_of(Declaring), capabilities_of(Silent)])
    assert both.absence("mode:append") is not None
    assert both.absence("mode:overwrite") is None
    assert both.formats == ("csv",)


def test_users_ask_for_those_of_an_object_a_store_or_one_interface() -> None:
    store = DataStore("s", Declaring(), secondary_interfaces=[Silent()])
    dao = DataAccessObject(registry=DataStoreRegistry([store]))
    expected = combined([capabilities_of(Declaring), capabilities_of(Silent)])
    assert dao.capabilities("s") == dao.capabilities(store) == dao.capabilities(DataObject("o", store)) == expected
    assert dao.capabilities("s", dao_interface="Silent") == capabilities_of(Silent)
    with pytest.raises(NoRouteError, match="has no interface 'Silen': did you mean 'Silent'"):
        dao.capabilities("s", dao_interface="Silen")


def test_a_call_that_nothing_serves_says_the_declared_reason() -> None:
    class Told:
        capabilities: ClassVar = Capabilities(lacks_actions={"upsert": "the log has no keys"})

        def read(self, data_object): ...

    dao = DataAccessObject(registry=DataStoreRegistry([DataStore("s", Told())]))
    thing = DataObject("o", dao.registry.get("s"))
    with pytest.raises(NoRouteError, match="the log has no keys"):
        dao.upsert([{"id": 1}], thing, keys=["id"])
    with pytest.raises(NoRouteError, match="the log has no keys"):
        dao.explain("upsert", [{"id": 1}], thing, keys=["id"])
