"""Which of a store's interfaces serves an object: the one that is for its type or format, else by the other rules."""

from __future__ import annotations

from typing import Any

import pytest

from dao._core.execute import Executor
from dao._core.prepare import table_of
from dao._core.routing.explain import step_of
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import NoRouteError
from dao.interface import arguments_of
from dao.plugins import Plugins

EXECUTOR = Executor(Plugins(discover=False))


class LakeTable(TableObject):
    """A type that a plugin brought, of one format."""

    type_name = "lake.table"
    table_format = "lake"


class NearerLakeTable(LakeTable):
    type_name = "lake.nearer"


class RiverTable(TableObject):
    """A type that a plugin brought, of no format of its own."""

    type_name = "river.table"


class Files:
    """Takes any object, in any format."""

    def write(self, data: Any, data_object: DataObject, *, format=None, **options):
        return "files"

    def write_bytes(self, data: bytes, data_object: DataObject):
        return "files"

    def read(self, data_object: DataObject, *, format=None, **options):
        return "files"

    def list(self, data_object: DataObject):
        return "files"


class Lake:
    """Keeps tables of its own format, whose data files are Parquet."""

    table_formats = ("lake", "parquet")

    def write(self, data: Any, data_object: TableObject, *, mode=None):
        return "lake"

    def read(self, data_object: TableObject, *, version=None):
        return "lake"

    def list(self, data_object: DirectoryObject):
        return "lake"


class River:
    def read(self, data_object: RiverTable):
        return "river"


def call(
    action: str, kind: type[DataObject], interfaces: tuple[object, ...], given: Any = (), **properties: Any
) -> Any:
    first, *others = interfaces
    data_object = kind("it", DataStore("shop", first, secondary_interfaces=others), **properties)
    return EXECUTOR.execute(action, data_object, dict(given))


BOTH_WAYS = pytest.mark.parametrize("both", [(Files(), Lake()), (Lake(), Files())], ids=["files first", "lake first"])


@BOTH_WAYS
def test_a_table_goes_to_the_interface_of_its_type_or_format(both: tuple[object, ...]) -> None:
    for _ in range(2):  # the second time from memory
        for kind in (LakeTable, NearerLakeTable):
            assert call("read", kind, both) == "lake"
            assert call("write", kind, both, {"data": [1]}) == "lake"
            assert call("write", kind, both, {"data": b"bytes, which the files ask for"}) == "lake"
            assert call("list", kind, both) == "lake"
        assert call("read", TableObject, both, format="lake") == "lake"
        assert call("write", TableObject, both, {"data": [1], "format": "lake"}) == "lake"
        assert call("read", TableObject, both, format="parquet") == "files"
        assert call("write", TableObject, both, {"data": [1], "format": "csv"}) == "files"
        assert call("read", TableObject, both, format="csv") == "files"
        assert call("read", FileObject, both) == "files"
        assert call("read", FileObject, both, format="parquet") == "files"


def test_without_a_format_the_order_decides() -> None:
    assert call("read", TableObject, (Files(), Lake())) == "files"
    assert call("read", TableObject, (Lake(), Files())) == "lake"


def test_an_interface_alone_takes_its_formats_and_no_others() -> None:
    alone = (Lake(),)
    for given in ({}, {"format": "lake"}, {"format": "parquet"}):
        assert call("read", TableObject, alone, **given) == "lake"
        assert call("write", TableObject, alone, {"data": [1], **given}) == "lake"
    for properties, given in (
        ({"format": "csv"}, {}),
        ({}, {"format": "csv"}),
        ({"format": "lake"}, {"format": "csv"}),
    ):
        with pytest.raises(NoRouteError, match="needs format='lake' or 'parquet', found 'csv'"):
            call("read", TableObject, alone, given, **properties)
    assert arguments_of(Lake)["format"] == {"lake", "parquet"}


def test_the_type_is_stronger_than_a_format_of_the_store() -> None:
    store = DataStore("shop", Files(), secondary_interfaces=[Lake()], properties={"format": "csv"})
    assert EXECUTOR.execute("read", LakeTable("it", store), {}) == "lake"
    assert EXECUTOR.execute("read", TableObject("it", store), {}) == "files"


def test_an_annotation_by_the_own_type_of_an_object_goes_first() -> None:
    for interfaces in ((Files(), River()), (River(), Files())):
        assert call("read", RiverTable, interfaces) == "river"
        assert call("read", TableObject, interfaces) == "files"
    assert call("read", TableObject, (Files(), Lake())) == "files", "DAO's own types are nobody's own"


def test_of_two_that_are_for_it_the_one_that_asks_for_the_data_goes_first() -> None:
    class LakeOfFrames(Lake):
        def write(self, data: dict, data_object: TableObject):
            return "frames"

    for interfaces in ((Lake(), LakeOfFrames()), (Files(), Lake(), LakeOfFrames())):
        assert call("write", LakeTable, interfaces, {"data": {}}) == "frames"
        assert call("write", LakeTable, interfaces, {"data": []}) == "lake"


@pytest.mark.parametrize(
    ("kind", "properties", "passed", "reason"),
    [
        (LakeTable, {}, "Files", "is for any object; Lake.read is for tables of the format 'lake'"),
        (TableObject, {"format": "lake"}, "Files", "is for any object; Lake.read is for tables of the format 'lake'"),
        (TableObject, {"format": "csv"}, "Lake", "needs format='lake' or 'parquet', found 'csv'"),
        (
            TableObject,
            {"format": "parquet"},
            "Lake",
            "is for tables of the format 'lake', and takes others where no other interface does",
        ),
        (RiverTable, {}, "Files", "is for any object; River.read is for objects of type RiverTable"),
    ],
)
def test_an_explanation_says_so(kind: type[DataObject], properties: Any, passed: str, reason: str) -> None:
    it = kind("it", DataStore("shop", Files(), secondary_interfaces=[Lake(), River()]), **properties)
    step = step_of(table_of(it).plan("read", it, {}), it, {}, {})
    assert {one.interface: one.reason for one in step.considered}[passed] == reason
