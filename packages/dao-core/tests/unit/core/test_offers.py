"""Copies between stores that an interface of one of them does by itself: no data passes through the client."""

from __future__ import annotations

import asyncio
from typing import Any

import pyarrow as pa
import pytest

from dao._core.aio import AsyncDataAccessObject
from dao._core.dao import DataAccessObject
from dao.data_object import DataObject, TableObject
from dao.data_store import DataStore
from dao.errors import AmbiguousRouteError, DataError, NoRouteError, StoreError, UnsupportedError
from dao.events import Request
from dao.hookspecs import hookimpl
from dao.interface import when
from dao.plugins import Plugins
from dao.results import WriteResult

ROWS = pa.table({"id": [1, 2, 3]})


class BucketTable(TableObject):
    """A table of files that a warehouse can reach by itself."""


class WarehouseTable(TableObject):
    """A table of the warehouse."""


class Bucket:
    """Files: takes and gives any rows, and records each call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def read_stream(self, data_object, *, columns=None, where=None, limit=None):
        self.calls.append(f"read_stream {data_object.key}")
        return ROWS.to_reader()

    def write(self, data, data_object, *, mode="error"):
        self.calls.append(f"write {type(data).__name__} {data_object.key}")
        return WriteResult(rows_inserted=pa.table(data).num_rows)

    def delete(self, data_object):
        self.calls.append(f"delete {data_object.key}")
        return WriteResult()

    def copy(self, data_object, target, *, mode="error"):
        self.calls.append(f"copy {target.key}")
        return WriteResult()


class Warehouse(Bucket):
    """Loads from a bucket and unloads to it by itself; other rows come and go as they do for a bucket."""

    def write_from_bucket(self, data: BucketTable, data_object: WarehouseTable, *, mode="error", columns=None):
        self.calls.append(f"load {data.key} into {data_object.key} columns={columns} mode={mode}")
        return WriteResult(rows_inserted=3)

    def unload(self, data_object: WarehouseTable, target: BucketTable, *, mode="error", where=None, parallel=True):
        self.calls.append(f"unload {data_object.key} to {target.key} where={where} parallel={parallel}")
        return WriteResult(rows_inserted=3)

    def plan_call(self, action, data_object, arguments, options):
        if action == "unload" and arguments["target"].get("format") == "avro":
            raise UnsupportedError("a warehouse unloads no Avro")
        source = arguments.get("data")
        if isinstance(source, DataObject):
            return {"sql": f"COPY {data_object.key} FROM '{source.key}'", "options": {"access_key_id": "AKIA123"}}
        return {}


class AwaitedWarehouse(Warehouse):
    async def write_from_bucket(self, data: BucketTable, data_object: WarehouseTable, *, mode="error", columns=None):
        self.calls.append(f"load {data.key} awaited")
        return WriteResult(rows_inserted=3)

    async def unload(self, data_object: WarehouseTable, target: BucketTable, *, mode="error"):
        self.calls.append(f"unload {data_object.key} awaited")
        return WriteResult(rows_inserted=3)


class Stores:
    """A bucket and a warehouse, with a table in each."""

    def __init__(self, warehouse: type[Warehouse] = Warehouse, **properties: Any) -> None:
        self.bucket, self.warehouse = Bucket(), warehouse()
        self.files = BucketTable("files", DataStore("lake", self.bucket), **properties)
        self.sales = WarehouseTable("sales", DataStore("dwh", self.warehouse))
        self.dao = DataAccessObject()

    @property
    def calls(self) -> tuple[list[str], list[str]]:
        return self.bucket.calls, self.warehouse.calls


def test_the_source_object_is_offered_to_the_targets_write_first() -> None:
    stores = Stores()
    result = stores.dao.copy(stores.files, stores.sales, mode="append", columns=["id"])
    assert stores.calls == ([], ["load files into sales columns=['id'] mode=append"])
    assert (result.rows_inserted, result.interface) == (3, "Warehouse")


def test_the_target_object_is_offered_to_the_sources_unload_next() -> None:
    stores = Stores()
    result = stores.dao.copy(stores.sales, stores.files, where="id > 1", parallel=False)
    assert stores.calls == ([], ["unload sales to files where=id > 1 parallel=False"])
    assert (result.rows_inserted, result.interface) == (3, "Warehouse")


@pytest.mark.parametrize("ways", [("files", "sales"), ("sales", "files")])
def test_a_move_deletes_the_source_when_it_is_done(ways: tuple[str, str]) -> None:
    stores = Stores()
    source, target = (getattr(stores, name) for name in ways)
    stores.dao.move(source, target)
    everything = [*stores.warehouse.calls, *stores.bucket.calls]
    assert len(everything) == 2
    assert everything[0].startswith(("load", "unload"))
    assert everything[1] == f"delete {source.key}"


def test_what_no_route_takes_goes_as_rows() -> None:
    stores = Stores()
    stores.dao.copy(stores.files, stores.sales, where="id > 1")  # loading can't filter
    assert stores.calls == (["read_stream files"], ["write RecordBatchReader sales"])


def test_an_interface_declines_by_its_plan() -> None:
    stores = Stores(format="avro")
    told = stores.dao.explain("copy", stores.sales, stores.files)
    assert (told.way, dict(told.passed_over)) == ("rows", {"unload": "a warehouse unloads no Avro"})
    assert "not by unload: a warehouse unloads no Avro" in str(told)
    assert "not by unload: a warehouse unloads no Avro" in told._repr_html_()
    stores.dao.copy(stores.sales, stores.files)
    assert stores.calls == (["write RecordBatchReader files"], ["read_stream sales"])


@pytest.mark.parametrize(
    ("ways", "given"),
    [
        (("files", "sales"), {}),
        (("files", "sales"), {"where": "id > 1"}),
        (("sales", "files"), {"mode": "overwrite"}),
        (("sales", "files"), {"limit": 2}),
        (("files", "files2"), {}),
        (("files", "other"), {}),
    ],
)
@pytest.mark.parametrize("face", [DataAccessObject, AsyncDataAccessObject])
@pytest.mark.parametrize("warehouse", [Warehouse, AwaitedWarehouse])
def test_explain_says_the_calls_that_are_made(
    ways: tuple[str, str],
    given: dict[str, Any],
    face: type[DataAccessObject] | type[AsyncDataAccessObject],
    warehouse: type[Warehouse],
) -> None:
    stores = Stores(warehouse)
    objects = {
        "files": stores.files,
        "sales": stores.sales,
        "files2": BucketTable("files2", stores.files.data_store),
        "other": TableObject("other", DataStore("elsewhere", Bucket())),
    }
    source, target = (objects[name] for name in ways)
    requests = Requests()
    plugins = Plugins(discover=False)
    plugins.register(requests, "requests")
    dao = face(plugins=plugins)
    explained = dao.explain("copy", source, target, **given)
    done = dao.copy(source, target, **given)
    if asyncio.iscoroutine(done):
        asyncio.run(done)
    assert requests.parts == [(step.action, step.data_object) for step in explained.steps]
    if explained.way in ("write", "unload"):
        assert stores.bucket.calls == []
        assert len(stores.warehouse.calls) == 1


class Requests:
    """Records the calls of which others are no parts."""

    def __init__(self) -> None:
        self.found: list[Request] = []

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        self.found.append(request)

    @property
    def parts(self) -> list[tuple[str, str]]:
        wholes = [request.parent for request in self.found]
        return [(r.action, r.data_object.full_name) for r in self.found if not any(r is whole for whole in wholes)]


def test_the_synchronous_face_passes_over_coroutines_and_says_so() -> None:
    stores = Stores(AwaitedWarehouse)
    told = stores.dao.explain("copy", stores.files, stores.sales)
    assert told.way == "rows"
    assert "is asynchronous" in told.passed_over["write"]
    awaited = AsyncDataAccessObject().explain("copy", stores.files, stores.sales)
    assert (awaited.way, awaited.steps[0].route) == ("write", "AwaitedWarehouse.write_from_bucket")


def test_a_type_may_be_named_by_text() -> None:
    class Named(Bucket):
        def write_from(self, data: absent.FarTable, data_object):  # noqa: F821  (not installed)
            self.calls.append("by name")
            return WriteResult()

        def unload(self, data_object, target: "absent.FarTable"):  # noqa: F821, UP037
            self.calls.append("unloaded by name")
            return WriteResult()

    far = type("FarTable", (TableObject,), {"__module__": "absent.objects"})("far", DataStore("far", Bucket()))
    near = Named()
    mine = TableObject("mine", DataStore("near", near))
    DataAccessObject().copy(far, mine)
    DataAccessObject().copy(mine, far)
    assert near.calls == ["by name", "unloaded by name"]


@pytest.mark.parametrize("annotation", [Any, object, None])
def test_a_method_for_any_data_or_target_never_gets_an_object(annotation: Any) -> None:
    def write(self, data, data_object, *, mode="error"):
        assert not isinstance(data, DataObject)
        return WriteResult()

    def unload(self, data_object, target):
        pytest.fail("a method for any target would write into a store that isn't its own")

    if annotation is not None:
        write.__annotations__["data"] = unload.__annotations__["target"] = annotation
    careless = type("Careless", (Bucket,), {"write": write, "unload": unload})()
    stores, mine = Stores(), TableObject("mine", DataStore("careless", careless))
    assert stores.dao.copy(stores.files, mine).interface == "Careless"
    assert stores.dao.copy(mine, stores.files).interface == "Bucket"
    assert stores.bucket.calls == ["read_stream files", "write RecordBatchReader files"]


def test_the_objects_own_store_may_take_it_where_its_copy_can_not() -> None:
    class Selecting(Bucket):
        def write_selected(self, data: TableObject, data_object: TableObject, *, where=None):
            self.calls.append(f"insert from select where={where}")
            return WriteResult()

    inner = Selecting()
    store = DataStore("dwh", inner)
    dao = DataAccessObject()
    dao.copy(TableObject("a", store), TableObject("b", store), where="id > 1")
    dao.copy(TableObject("a", store), TableObject("b", store))
    assert inner.calls == ["insert from select where=id > 1", "copy b"]


def test_a_copy_within_a_store_gets_the_arguments_that_it_names() -> None:
    class Selecting(Bucket):
        def copy(self, data_object, target, *, mode="error", where=None):
            self.calls.append(f"copy where={where}")
            return WriteResult()

    inner = Selecting()
    store, dao = DataStore("dwh", inner), DataAccessObject()
    dao.copy(TableObject("a", store), TableObject("b", store), where="id > 1")
    dao.copy(TableObject("a", store), TableObject("b", store), columns=["id"])
    assert inner.calls == ["copy where=id > 1", "read_stream a", "write RecordBatchReader b"]


def test_the_plan_of_a_backend_is_a_part_of_the_explanation_without_its_secrets() -> None:
    stores = Stores()
    told = stores.dao.explain("copy", stores.files, stores.sales)
    assert (told.way, [step.route for step in told.steps]) == ("write", ["Warehouse.write_from_bucket"])
    assert told.steps[0].details["sql"] == "COPY sales FROM 'files'"
    assert "COPY sales FROM 'files'" in str(told)
    assert "AKIA123" not in str(told) + repr(told.steps) + told._repr_html_()
    assert stores.calls == ([], [])


def test_failing_says_which_part_failed_and_nothing_else_is_tried() -> None:
    class Broken(Warehouse):
        def write_from_bucket(self, data: BucketTable, data_object: WarehouseTable, *, mode="error", columns=None):
            raise OSError("no route to host")

    stores = Stores(Broken)
    with pytest.raises(StoreError, match="no route to host") as caught:
        stores.dao.move(stores.files, stores.sales)
    assert (caught.value.action, caught.value.data_object) == ("write", "dwh.sales")
    assert stores.calls == ([], [])


def test_arguments_are_checked_for_all_ways() -> None:
    stores = Stores()
    with pytest.raises(NoRouteError, match="takes no 'paralel'"):
        stores.dao.copy(stores.sales, stores.files, paralel=False)
    with pytest.raises(DataError, match="mode: found 'apend'"):
        stores.dao.copy(stores.files, stores.sales, mode="apend")
    assert stores.calls == ([], [])


def test_two_that_ask_for_it_equally_are_a_tie() -> None:
    class Tied(Warehouse):
        def write_again(self, data: BucketTable, data_object: WarehouseTable, *, mode="error", columns=None): ...

    stores = Stores(Tied)
    with pytest.raises(AmbiguousRouteError, match="write_again"):
        stores.dao.copy(stores.files, stores.sales)


@pytest.mark.parametrize("kind", ["table", "stream"])
def test_rows_go_as_the_kind_of_arrow_data_that_the_writer_was_chosen_for(kind: str) -> None:
    class Giving:
        def read(self, data_object):
            return ROWS

    class Taking:
        def __init__(self) -> None:
            self.got: list[type] = []

        def write_table(self, data: pa.Table, data_object):
            self.got.append(type(data))

        @when(streams=True)
        def write_stream(self, data: pa.RecordBatchReader, data_object):
            self.got.append(type(data))

    taking = Taking()
    source = TableObject("a", DataStore("one", Giving()))
    target = TableObject("b", DataStore("two", taking), streams=kind == "stream")
    dao = DataAccessObject()
    planned = dao.explain("copy", source, target).steps[1]
    dao.copy(source, target)
    assert taking.got == [pa.RecordBatchReader if kind == "stream" else pa.Table]
    assert planned.action == ("write_stream" if kind == "stream" else "write")
