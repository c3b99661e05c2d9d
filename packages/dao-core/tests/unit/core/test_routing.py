"""Which route serves a call, and what is said when none does."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from dao._core.execute import Executor
from dao._core.prepare import table_of
from dao._core.routing.explain import step_of
from dao._core.routing.table import RouteTable
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import AmbiguousRouteError, DataError, NoRouteError
from dao.interface import register, when
from dao.plugins import Plugins

EXECUTOR = Executor(Plugins(discover=False))


def call(
    interface: object, action: str, *, kind: type[DataObject] = DataObject, also: Iterable[object] = (), **given: Any
) -> Any:
    properties = given.pop("properties", {})
    by = given.pop("dao_interface", None)
    store = DataStore("shop", interface, secondary_interfaces=also)
    return EXECUTOR.execute(action, kind("users", store, **properties), given, by)


class Named:
    """Routes found by name: the longest action name wins."""

    def read(self, data_object):
        return "read"

    def read_stream_all(self, data_object):
        return "read_stream"

    def run_restore(self, data_object, *, version):
        return f"restored {version}"

    def _read_hidden(self, data_object, *, hidden):
        return "never"

    @register("count", "exists")
    def look(self, data_object):
        return "looked"


@pytest.mark.parametrize(
    ("action", "expected"),
    [("read", "read"), ("read_stream", "read_stream"), ("count", "looked"), ("exists", "looked")],
)
def test_routes_are_found_by_name_and_by_mark(action: str, expected: str) -> None:
    assert call(Named(), action) == expected


def test_a_method_named_after_an_operation_serves_it_alone() -> None:
    assert call(Named(), "run", operation="restore", version=3) == "restored 3"
    with pytest.raises(NoRouteError, match="no operation 'presign' here: known: 'restore'"):
        call(Named(), "run", operation="presign", version=3)


def test_a_private_method_is_no_route() -> None:
    with pytest.raises(NoRouteError):
        call(Named(), "read", hidden=1)


class Conditional:
    def read(self, data_object, *, limit=None):
        return "any"

    @when(format="csv")
    def read_csv(self, data_object, *, delimiter=","):
        return f"csv {delimiter}"

    @when(format=("json", "ndjson"))
    def read_json(self, data_object):
        return "json"

    @when(format="csv", header=True)
    def read_with_header(self, data_object, *, delimiter=","):
        return "header"


def test_a_condition_looks_at_the_argument_first_and_then_at_the_property() -> None:
    assert call(Conditional(), "read", format="csv") == "csv ,"
    assert call(Conditional(), "read", properties={"format": "ndjson"}) == "json"
    assert call(Conditional(), "read", properties={"format": "csv"}, format="json") == "json"
    assert call(Conditional(), "read", properties={"format": "csv", "header": True}) == "header"
    assert call(Conditional(), "read", properties={"format": ["unhashable"]}) == "any"


def test_properties_fill_what_was_left_out_and_never_change_the_route() -> None:
    semicolon = {"format": "csv", "delimiter": ";"}
    assert call(Conditional(), "read", properties=semicolon) == "csv ;"
    assert call(Conditional(), "read", properties=semicolon, delimiter="|") == "csv |"
    assert call(Conditional(), "read", properties=semicolon, delimiter=None) == "csv ;"
    assert call(Conditional(), "read", properties={"delimiter": ";"}) == "any"


def test_store_properties_fill_in_after_the_objects_own() -> None:
    store = DataStore("shop", Conditional(), properties={"format": "csv", "delimiter": "t"})
    assert EXECUTOR.execute("read", DataObject("a", store), {}) == "csv t"
    assert EXECUTOR.execute("read", DataObject("a", store, delimiter=":"), {}) == "csv :"


class Special(TableObject):
    """A backend's own type of table."""


class Typed:
    def read(self, data_object: DataObject):
        return "object"

    def read_directory(self, data_object: DirectoryObject):
        return "directory"

    def read_table(self, data_object: TableObject):
        return "table"

    def write_bytes(self, data: bytes | bytearray, data_object):
        return "bytes"

    def write_number(self, data: float, data_object):
        return "number"

    def write_rows(self, data: list[dict[str, Any]], data_object):
        return "rows"

    def write_frame(self, data: pandalike.DataFrame | polarlike.DataFrame, data_object):  # noqa: F821  (not imported on purpose)
        return "frame"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (DataObject, "object"),
        (FileObject, "object"),
        (DirectoryObject, "directory"),
        (TableObject, "table"),
        (Special, "table"),
    ],
)
def test_the_nearest_object_type_wins(kind: type[DataObject], expected: str) -> None:
    assert call(Typed(), "read", kind=kind) == expected


@pytest.mark.parametrize(
    ("data", "expected"), [(b"x", "bytes"), (3, "number"), (2.5, "number"), ([{}], "rows"), (({},), "rows")]
)
def test_the_data_type_chooses_the_route(data: object, expected: str) -> None:
    assert call(Typed(), "write", data=data) == expected


def test_a_type_is_matched_by_name_without_its_library() -> None:
    frame = type("DataFrame", (), {"__module__": "polarlike.dataframe.frame"})
    assert call(Typed(), "write", data=frame()) == "frame"
    other = type("DataFrame", (), {"__module__": "elsewhere"})
    assert call(Typed(), "write", data=type("Sub", (frame,), {})()) == "frame"
    with pytest.raises(NoRouteError, match="elsewhere.DataFrame"):
        call(Typed(), "write", data=other())


class Twins:
    def read_left(self, data_object):
        return "left"

    def read_right(self, data_object):
        return "right"


def test_a_tie_names_both_and_is_never_luck() -> None:
    with pytest.raises(AmbiguousRouteError, match=r"(?s)Twins.read_left.*Twins.read_right"):
        call(Twins(), "read")


class Second:
    def read(self, data_object, *, columns=None):
        return "second"

    def history(self, data_object):
        return []


def test_interfaces_are_tried_in_order_and_a_named_one_alone() -> None:
    assert call(Conditional(), "read", also=[Second()]) == "any"
    assert call(Conditional(), "read", also=[Second()], columns=["a"]) == "second"
    assert call(Conditional(), "read", also=[Second()], dao_interface="Second") == "second"
    with pytest.raises(NoRouteError, match="columns"):
        call(Conditional(), "read", also=[Second()], dao_interface="Conditional", columns=["a"])
    with pytest.raises(NoRouteError, match="did you mean 'Second'"):
        call(Conditional(), "read", also=[Second()], dao_interface="Secnd")


def test_no_route_says_why_for_each_candidate() -> None:
    with pytest.raises(NoRouteError) as caught:
        call(Conditional(), "read", colums=["a"], limit=3)
    assert str(caught.value) == "read 'shop.users': takes no 'colums' (known: 'delimiter', 'into', 'limit')"
    with pytest.raises(NoRouteError) as caught:
        call(Conditional(), "read", delimiter=";", limit=3)
    lines = str(caught.value).splitlines()
    assert lines[0] == "read 'shop.users': no route for a DataObject with (delimiter: str, limit: int):"
    assert len(lines) == 5
    assert "Conditional.read: takes no 'delimiter'" in str(caught.value)
    with pytest.raises(NoRouteError, match="no interface of its store has a method for upsert"):
        call(Conditional(), "upsert", data=[])


def test_none_means_not_given() -> None:
    assert call(Conditional(), "read", where=None, columns=None) == "any"


class Greedy:
    def read(self, data_object, **options):
        return options


def test_extra_keywords_go_to_a_method_that_takes_them() -> None:
    assert call(Greedy(), "read", a=1, b=None) == {"a": 1}


class OwnNames:
    def read(self, thing):
        return thing.identifier

    def write(self, what, where_to):
        return what, where_to.identifier

    def copy(self, data_object, target, /):
        return data_object.identifier, target


def test_roles_go_to_positional_parameters_of_any_name() -> None:
    assert call(OwnNames(), "read") == "users"
    assert call(OwnNames(), "write", data=1) == (1, "users")
    assert call(OwnNames(), "copy", target=2) == ("users", 2)


def test_an_object_without_a_store_is_refused() -> None:
    with pytest.raises(DataError, match="in no store"):
        EXECUTOR.execute("read", DataObject("users"), {})


def test_a_bug_in_an_interface_stays_what_it_is_with_a_note() -> None:
    class Buggy:
        def read(self, data_object):
            return {}["missing"]

    with pytest.raises(KeyError) as caught:
        call(Buggy(), "read")
    assert "in read 'shop.users' by Buggy" in caught.value.__notes__[0]


def test_the_number_of_remembered_plans_is_bounded() -> None:
    store = DataStore("shop", Greedy())
    thing = DataObject("users", store)
    for number in range(5000):
        EXECUTOR.execute("read", thing, {f"name{number}": 1})
    assert len(table_of(thing)._plans) <= 4096


def test_condition_values_that_no_route_names_share_a_plan() -> None:
    table = RouteTable((("c", Conditional),))
    for number in range(100):
        table.plan("read", DataObject("users", None, format=f"format{number}"), {"limit": 1})
    assert len(table._plans) == 1


def test_planning_is_safe_between_threads() -> None:
    results: list[str] = []
    store = DataStore("shop", Conditional())

    def work() -> None:
        results.extend(EXECUTOR.execute("read", DataObject("u", store, format="csv"), {}) for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["csv ,"] * 1600


def test_a_step_explains_the_choice_as_data() -> None:
    store = DataStore("shop", Conditional())
    thing = DataObject("users", store, format="csv", delimiter=";", password="hunter2")
    step = step_of(table_of(thing).plan("read", thing, {}), thing, {}, {})
    assert (step.route, step.filled) == ("Conditional.read_csv", {"delimiter": ";"})
    assert [c.reason for c in step.considered if c.reason == "chosen"] == ["chosen"]
    assert "header" in next(c.reason for c in step.considered if c.route.endswith("read_with_header"))
    assert "hunter2" not in repr(thing) + repr(step) + thing._repr_html_()
