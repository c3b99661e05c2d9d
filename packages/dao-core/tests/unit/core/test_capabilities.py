"""What an interface's class says that it can't do, and who reads it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from attrs import define, evolve

from dao import (
    Capabilities,
    ConfigError,
    DataAccessObject,
    DataObject,
    DataStore,
    DataStoreRegistry,
    FileObject,
    NoRouteError,
    TableObject,
    UnsupportedError,
    WriteResult,
)
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


def test_capabilities_are_printed_one_absence_a_line() -> None:
    assert str(Declaring.capabilities) == "mode append: it is written once\nformats: csv"
    assert str(Capabilities()) == "nothing is absent"


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


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ({"lacks_modes": {"append": "no"}}, "dict"),
        (None, "NoneType"),
        (property(lambda self: Capabilities()), "property"),
        (Capabilities, "type"),
    ],
)
def test_a_declaration_of_another_type_is_refused_when_the_class_is_first_used(declared: object, found: str) -> None:
    wrong = type("Wrong", (), {"capabilities": declared, "read": lambda self, data_object: [{"a": 1}]})
    thing = DataObject("o", DataStore("s", wrong()))
    dao, told = DataAccessObject(), f"Wrong.capabilities: found {found}, expected .*Capabilities"
    for call in (dao.read, dao.capabilities, lambda one: dao.explain("read", one)):
        with pytest.raises(ConfigError, match=told):
            call(thing)


class Lacking:
    capabilities: ClassVar = Capabilities(
        lacks_modes={"overwrite_partitions": "it has none", "append": "it is written once"},
        lacks_operations={"vacuum": "it keeps all"},
        lacks_features={
            "partitions": "one file",
            "schema_evolution": "columns are fixed",
            "time_travel": "no versions",
            "branches": "no branches",
            "tags": "no tags",
            "idempotency": "no log",
        },
    )

    def __init__(self) -> None:
        self.calls: list[object] = []

    def write(
        self, data, data_object, *, mode="error", schema_mode=None, partition_by=None, branch=None, idempotency_key=None
    ):
        self.calls.append(mode)
        return WriteResult()

    def read(self, data_object, *, version=None, as_of=None, **options):
        self.calls.append(options)
        return [{"a": 1}]

    def run(self, operation, data_object):
        self.calls.append(operation)


ROWS = [{"a": 1}]


@pytest.mark.parametrize(
    ("action", "arguments", "told"),
    [
        (
            "write",
            {"mode": "append"},
            "mode='append': Lacking declares this absent: it is written once; it has",
        ),
        ("write", {"mode": "overwrite_partitions"}, "it has none"),
        ("write", {"partition_by": ["a"]}, r"partition_by=\['a'\]: Lacking declares this absent: one file"),
        ("write", {"schema_mode": "evolve"}, "columns are fixed"),
        ("write", {"branch": "b"}, "no branches"),
        ("write", {"idempotency_key": "once"}, "no log"),
        ("read", {"version": 1}, "no versions"),
        ("read", {"as_of": "2026-01-01"}, "no versions"),
        ("read", {"tag": "t"}, "no tags"),
        ("run", {"operation": "vacuum"}, "it keeps all"),
    ],
)
def test_what_is_declared_absent_is_refused_before_the_method_is_called(action, arguments, told) -> None:
    interface, dao = Lacking(), DataAccessObject()
    thing = TableObject("o", DataStore("s", interface))
    given = dict(arguments)
    place = (ROWS, thing) if action == "write" else (given.pop("operation"), thing) if action == "run" else (thing,)
    for call in (getattr(dao, action), lambda *args, **named: dao.explain(action, *args, **named)):
        with pytest.raises(UnsupportedError, match=told) as caught:
            call(*place, **given)
        assert caught.value.data_object == "s.o"
    assert interface.calls == []


def test_a_property_that_is_declared_absent_is_refused_too() -> None:
    interface, dao = Lacking(), DataAccessObject()
    with pytest.raises(UnsupportedError, match="one file"):
        dao.write(ROWS, TableObject("o", DataStore("s", interface), partition_by=["a"]))
    with pytest.raises(UnsupportedError, match="one file"):
        dao.write(ROWS, TableObject("o", DataStore("s", interface, properties={"partition_by": ["a"]})))
    assert interface.calls == []


class Versioned(Lacking):
    """Its tables have no versions, the files of its bucket do."""

    capabilities: ClassVar = evolve(Lacking.capabilities, files_have=("vacuum", "time_travel"))


def test_files_have_of_what_tables_lack_only_what_the_class_names() -> None:
    """A store of files may keep the versions that its bucket keeps, and restore one."""
    interface, dao = Versioned(), DataAccessObject()
    store = DataStore("s", interface)
    file, table = FileObject("o", store), TableObject("t", store)
    dao.run("vacuum", file)
    dao.read(file, version="v1")
    dao.read(DataObject("o", store), version="v1")  # it may be a file
    assert interface.calls == ["vacuum", {}, {}]
    for call in (
        lambda: dao.read(file, tag="t"),
        lambda: dao.write(ROWS, file, idempotency_key="once"),
        lambda: dao.read(table, version="v1"),
        lambda: dao.run("vacuum", table),
        lambda: dao.explain("run", "vacuum", table),
        lambda: dao.read(FileObject("o", DataStore("s", Lacking())), version="v1"),
    ):
        with pytest.raises(UnsupportedError, match="declares this absent"):
            call()


def test_users_learn_what_files_have() -> None:
    store = DataStore("s", Versioned())
    dao = DataAccessObject()
    for place in (store, TableObject("t", store), DataObject("o", store)):
        assert str(dao.capabilities(place).absence("operation:vacuum")) == "operation vacuum (of tables): it keeps all"
    file = dao.capabilities(FileObject("f", store))
    assert file.absence("vacuum") is None
    assert file.absence("time_travel") is None
    assert str(file.absence("tags")) == "feature tags: no tags"


def test_a_store_has_for_files_what_one_of_its_interfaces_has() -> None:
    both = combined([capabilities_of(Lacking), capabilities_of(Versioned)])
    assert both.files_have == ("vacuum", "time_travel")
    assert combined([capabilities_of(Versioned), Capabilities()]).files_have == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["restore"], r"files_have: found \['restore'\], expected a tuple of names"),
        (("restor",), "unknown operation or feature 'restor': did you mean 'restore'"),
        (("restore",), "files_have has 'restore', which isn't declared absent"),
    ],
)
def test_what_files_have_is_checked(given, told) -> None:
    with pytest.raises(ConfigError, match=told):
        Capabilities(files_have=given)


class Own:
    """Sets what the class should say."""

    def __init__(self) -> None:
        self.capabilities = Capabilities()

    def read(self, data_object): ...


@define(slots=False)
class Field:
    """A field, for want of ClassVar."""

    capabilities: Capabilities = Versioned.capabilities

    def read(self, data_object): ...


@pytest.mark.parametrize("kind", [Own, Field])
def test_capabilities_of_an_instance_are_refused(kind) -> None:
    told = f"{kind.__name__}.capabilities is set on the instance, expected on the class"
    with pytest.raises(ConfigError, match=told):
        DataStore("s", kind())
    with pytest.raises(ConfigError, match=told):
        DataStore("s", kind).interface  # noqa: B018


def test_what_is_not_declared_absent_is_called() -> None:
    interface, dao = Lacking(), DataAccessObject()
    thing = TableObject("o", DataStore("s", interface))
    for mode in ("error", "overwrite", "append"):
        if mode == "append":
            with pytest.raises(UnsupportedError):
                dao.write(ROWS, thing, mode=mode)
        else:
            dao.write(ROWS, thing, mode=mode, schema_mode="strict", partition_by=None)
    dao.run("tidy", thing)
    dao.read(thing, delimiter=",")
    assert interface.calls == ["error", "overwrite", "tidy", {"delimiter": ","}]


def test_a_class_that_declares_nothing_is_called_with_everything() -> None:
    class Free:
        def write(self, data, data_object, *, mode="error", partition_by=None):
            return WriteResult(details={"mode": mode, "partition_by": partition_by})

    thing = DataObject("o", DataStore("s", Free()))
    assert DataAccessObject().write(ROWS, thing, mode="append", partition_by=["a"]).details == {
        "mode": "append",
        "partition_by": ["a"],
    }


def test_a_copy_in_an_absent_mode_is_refused_by_the_call_and_by_explain() -> None:
    interface, dao = Lacking(), DataAccessObject()
    source, target = DataObject("a", DataStore("m", "memory")), DataObject("o", DataStore("s", interface))
    dao.write(ROWS, source)
    for call in (dao.copy, lambda *args, **named: dao.explain("copy", *args, **named)):
        with pytest.raises(UnsupportedError, match="it is written once"):
            call(source, target, mode="append")
    assert interface.calls == []


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
