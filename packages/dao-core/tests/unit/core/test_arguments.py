"""The front door: what a call is given is checked before anything else happens to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dao import DataAccessObject, DataError, DataObject, DataStore, NoRouteError, PluginError, UnsupportedError
from dao._arguments import CONTRACT, checks_of
from dao.interface import ROUTED_ACTIONS, when


class Recorder:
    """An interface that remembers what reached it."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def read(self, data_object, *, columns=None, where=None, limit: int | None = None, path=None):
        self.calls.append({"columns": columns, "where": where, "limit": limit, "path": path})
        return pa.table({"id": [1]})

    @when(into="geopandas")
    def read_shapes(self, data_object, *, into):
        self.calls.append({"into": into})
        return "shapes"

    @when(mode="merge")
    def write_merged(self, data, data_object, *, mode):
        self.calls.append({"mode": mode})

    def write(self, data, data_object, *, mode="error", partition_by=None):
        self.calls.append({"mode": mode, "partition_by": partition_by})


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def thing(recorder: Recorder) -> DataObject:
    return DataObject("thing", DataStore("shop", recorder))


def test_the_contract_knows_every_action() -> None:
    assert set(CONTRACT) == set(ROUTED_ACTIONS)
    assert all(set(checks_of(action, {})) <= set(CONTRACT[action]) for action in ROUTED_ACTIONS)


@pytest.mark.parametrize("given", [3, np.int64(3), np.uint8(3), np.float64(3.0), 3.0, np.array(3)])
def test_a_number_of_any_library_is_a_number(recorder: Recorder, thing: DataObject, given: Any) -> None:
    DataAccessObject().read(thing, limit=given)
    assert recorder.calls[0]["limit"] == 3
    assert type(recorder.calls[0]["limit"]) is int


@pytest.mark.parametrize("given", [-1, 2.5, float("nan"), True, np.bool_(True), "3", [3], pd.NA, np.array([3])])
def test_what_is_no_number_of_rows_is_refused(recorder: Recorder, thing: DataObject, given: Any) -> None:
    with pytest.raises(DataError, match=r"read 'shop.thing': limit: found .*whole number of at least 0"):
        DataAccessObject().read(thing, limit=given)
    assert not recorder.calls


@pytest.mark.parametrize(
    "given",
    [
        "id",
        ["id"],
        ("id",),
        pd.Index(["id"]),
        np.array(["id"]),
        (n for n in ["id"]),
        {"id": 1}.keys(),
        pa.array(["id"]),
    ],
)
def test_names_of_any_library_are_a_list_of_texts(recorder: Recorder, thing: DataObject, given: Any) -> None:
    DataAccessObject().read(thing, columns=given)
    assert recorder.calls[0]["columns"] == ["id"]
    assert type(recorder.calls[0]["columns"][0]) is str


@pytest.mark.parametrize("given", [{"id"}, {"id": 1}, [1], 5, b"id", [None]])
def test_what_is_no_names_is_refused(recorder: Recorder, thing: DataObject, given: Any) -> None:
    with pytest.raises(DataError, match="columns: found .*expected the name of a column"):
        DataAccessObject().read(thing, columns=given)
    assert not recorder.calls


@pytest.mark.parametrize("given", [5, True, {"id": 1}, "", "  ", b"id = 1", pd.Series([True]), Path("id"), len])
def test_what_is_no_predicate_is_refused(recorder: Recorder, thing: DataObject, given: Any) -> None:
    with pytest.raises(DataError, match="where: found .*expected a condition"):
        DataAccessObject().read(thing, where=given)
    assert not recorder.calls


def test_predicates_and_paths_go_on_as_they_are(recorder: Recorder, thing: DataObject) -> None:
    expression = pc.field("id") > 1
    for where in ("id > 1", [("id", ">", 1)], expression):
        DataAccessObject().read(thing, where=where, path=Path("a/b.csv"))
        assert recorder.calls[-1]["where"] is where
        assert recorder.calls[-1]["path"] == "a/b.csv"


def test_modes_and_targets_are_those_of_the_contract_and_of_the_routes(recorder: Recorder, thing: DataObject) -> None:
    dao: Any = DataAccessObject()
    assert dao.read(thing, into="geopandas") == "shapes"
    dao.write([], thing, mode="merge")
    assert recorder.calls == [{"into": "geopandas"}, {"mode": "merge"}]
    with pytest.raises(DataError, match="into: found 'geopandsa'; did you mean 'geopandas'"):
        dao.read(thing, into="geopandsa")
    with pytest.raises(DataError, match="mode: found 'apend'; did you mean 'append'"):
        dao.write([], thing, mode="apend")
    with pytest.raises(DataError, match="mode: found True"):
        dao.write([], thing, mode=True)
    assert len(recorder.calls) == 2


def test_a_library_that_is_missing_is_missed_before_the_read(
    recorder: Recorder, thing: DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(PluginError, match="needs polars"):
        DataAccessObject().read(thing, into="polars")
    assert not recorder.calls


FILES = {"interface": "memory", "objects": {"t": {"type": "table"}, "u": {"type": "table"}, "f": {"type": "file"}}}


@pytest.fixture
def dao() -> DataAccessObject:
    dao = DataAccessObject({"m": FILES})
    dao.write(pa.table({"id": [1, 2, 3]}), "m.t")
    return dao


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("colums", "columns"), ("limt", "limit"), ("wher", "where"), ("filter", "where"), ("filters", "where"),
        ("nrows", "limit"), ("n_rows", "limit"), ("usecols", "columns"), ("select", "columns"), ("sep", "delimiter"),
        ("Columns", "columns"), ("LIMIT", "limit"), ("dtype", "schema"), ("fmt", "format"), ("delimeter", "delimiter"),
    ],
)  # fmt: skip
def test_the_words_of_others_and_slips_are_understood(dao: DataAccessObject, given: str, meant: str) -> None:
    for action in (dao.read, dao.read_stream):
        with pytest.raises(NoRouteError, match=rf"'m.t': takes no '{given}' \(did you mean '{meant}'\?\)$"):
            action("m.t", **{given: 1})  # type: ignore[operator]


def test_every_action_suggests_its_own_arguments(dao: DataAccessObject) -> None:
    calls: list[tuple[Callable[..., Any], tuple[Any, ...], str, str]] = [
        (dao.write, ([{"id": 9}], "m.t"), "mdoe", "mode"),
        (dao.write, ([{"id": 9}], "m.t"), "if_exists", "mode"),
        (dao.write_stream, (iter([{"id": 9}]), "m.t"), "partitionBy", "partition_by"),
        (dao.upsert, ([{"id": 9}], "m.t"), "on", "keys"),
        (dao.upsert, ([{"id": 9}], "m.t"), "sort_by", "order_by"),
        (dao.delete, ("m.t",), "wher", "where"),
        (dao.count, ("m.t",), "filter", "where"),
        (dao.list, ("m.t",), "pth", "path"),
        (dao.exists, ("m.t",), "pth", "path"),
        (dao.schema, ("m.t",), "fromat", "format"),
        (dao.copy, ("m.t", "m.u"), "wher", "where"),
        (dao.copy, ("m.t", "m.u"), "limt", "limit"),
        (dao.move, ("m.t", "m.u"), "modus", "mode"),
        (dao.run, ("metadata", "m.t"), "pth", "path"),
    ]
    for action, args, wrong, meant in calls:
        with pytest.raises(NoRouteError, match=f"takes no '{wrong}' .*did you mean '{meant}'"):
            action(*args, **{wrong: "x"})
        with pytest.raises(NoRouteError, match=f"takes no '{wrong}' .*did you mean '{meant}'"):
            dao.explain(action.__name__, *args, **{wrong: "x"})
    with pytest.raises(
        NoRouteError, match="takes no 'limit' .it is an argument of read, read_stream, read_changes, copy;"
    ):
        dao.count("m.t", limit=1)
    assert dao.read("m.t")["id"].to_pylist() == [1, 2, 3]
    assert not dao.exists("m.u")


def test_faults_come_before_what_is_there(dao: DataAccessObject) -> None:
    """Neither NotFoundError nor AlreadyExistsError hides what is wrong with the call itself."""
    wrong: Any
    for wrong in ({"where": "id ="}, {"schema": 5}, {"format": "parqet"}, {"version": 3}, {"limit": -1}, {"into": "x"}):
        with pytest.raises((DataError, UnsupportedError)):
            dao.read("m.u", **wrong)
    for wrong in ({"mode": "w"}, {"schema_mode": "x"}, {"format": "csvv"}, {"partition_by": 5}):
        with pytest.raises((DataError, UnsupportedError)):
            dao.write([{"id": 9}], "m.t", **wrong)
    with pytest.raises(UnsupportedError, match="'parquet' has no option 'delimiter'"):
        dao.write([{"id": 9}], "m.t", format="parquet", delimiter=",")
    with pytest.raises(DataError, match="copy 'm.t': mode: found 'replace'"):
        dao.copy("m.t", "m.u", mode="replace")  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [5, None, "rows", {1, 2}, [1], {"id": 1}, object(), [[1]]])
def test_what_is_no_table_is_refused(dao: DataAccessObject, data: Any) -> None:
    for action in (dao.write, dao.write_stream):
        with pytest.raises(DataError, match="not tabular|data is a str"):
            action(data, "m.t")
    with pytest.raises(DataError, match="not tabular"):
        dao.upsert(data, "m.t", keys="id")


def test_swapped_arguments_are_noticed(dao: DataAccessObject) -> None:
    swapped: Any
    for swapped in ("m.t", DataObject("t", DataStore("m", "memory"))):
        for action in (dao.write, dao.upsert, dao.write_stream):
            with pytest.raises(
                DataError, match=rf"the data comes first, then the object: dao.{action.__name__}\(data, "
            ):
                action(swapped, [{"id": 1}])
    with pytest.raises(DataError, match=r"copy\(\) takes two objects"):
        dao.write(DataObject("t"), "m.t")
    for wrong in (5, None, Path("m.t"), [1], DataStore("x", "memory")):
        with pytest.raises(DataError, match="an object is a DataObject or its name 'store.object', found"):
            dao.read(wrong)  # type: ignore[call-overload]


def test_an_interface_that_takes_anything_decides_for_itself() -> None:
    class Greedy:
        def read(self, data_object, **options):
            return options

    thing = DataObject("a", DataStore("s", Greedy()))
    assert DataAccessObject().read(thing, colums=1, limit=np.int64(2)) == {"colums": 1, "limit": 2}
    with pytest.raises(DataError, match="limit"):
        DataAccessObject().read(thing, limit=-1)


def test_a_required_parameter_that_a_property_could_fill_is_told() -> None:
    class Strict:
        def upsert(self, data, data_object, *, keys):
            return keys

    thing = DataObject("a", DataStore("s", Strict()), keys=["id"])
    with pytest.raises(NoRouteError, match="the object has a property 'keys': give the parameter a default"):
        DataAccessObject().upsert([], thing)


def test_a_store_may_be_the_subject_of_an_operation() -> None:
    class Database:
        def run_sql(self, data_object, *, text):
            return f"{data_object.full_name} {data_object.key!r}: {text}"

    store = DataStore("db", Database())
    assert DataAccessObject().run("sql", store, text="SELECT 1") == "db '': SELECT 1"
