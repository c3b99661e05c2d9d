"""How results, listings, histories, objects, catalogs, explanations and errors look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

from dao._core.dao import DataAccessObject
from dao.capabilities import Capabilities
from dao.data_object import DataObject, TableObject
from dao.data_store import DataStore, DataStoreRegistry
from dao.errors import AmbiguousRouteError, NoRouteError
from dao.increments import Increment, Position
from dao.interface import register
from dao.results import FileInfo, History, Listing, Version, WriteResult
from dao.secrets import Secret

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (
            WriteResult(336776, bytes=4101332, files=12, version_before=3, version_after=4, interface="local"),
            "inserted 336,776 rows in 12 files, 4.1 MB, version 3 -> 4, by local",
        ),
        (WriteResult(1, 2, 0), "inserted 1 row, updated 2 rows"),
        (WriteResult(0, 0, None), "inserted 0 rows, updated 0 rows"),
        (WriteResult(rows_deleted=5, interface="delta"), "deleted 5 rows, by delta"),
        (WriteResult(files=1, bytes=12), "1 file, 12 B"),
        (WriteResult(version_after=8744736658442914487), "version 8744736658442914487"),
        (WriteResult(version_before=3, version_after=3), "version 3"),
        (WriteResult(), "nothing known"),
    ],
)
def test_a_write_result_is_one_line(result: WriteResult, text: str) -> None:
    assert str(result) == f"WriteResult({text})"


def test_the_repr_of_a_write_result_has_every_field() -> None:
    result = WriteResult(336776, bytes=4101332, version_after="a", interface="local")
    assert eval(repr(result), {"WriteResult": WriteResult}) == result


def test_a_write_result_in_a_notebook() -> None:
    html = WriteResult(336776, version_after=8744736658442914487)._repr_html_()
    assert "336,776" in html
    assert "8744736658442914487" in html  # a version is a name: no separators
    assert "updated" not in html


def test_a_listing() -> None:
    listing = Listing([FileInfo("a/b.csv", 1234567, WHEN), FileInfo("c.csv", 7)])
    assert repr(listing).splitlines() == [
        "key          bytes  modified",
        "a/b.csv  1,234,567  2026-01-02 03:04:05",
        "c.csv            7",
        "2 files, 1.2 MB",
    ]
    assert repr(Listing([])) == "nothing"


def test_a_long_listing_is_not_fetched_for_its_look() -> None:
    fetched = []

    def pages():
        for number in range(10**6):
            fetched.append(number)
            yield FileInfo(f"<{number}>")

    listing = Listing(pages())
    assert repr(listing).splitlines()[-1] == "the first 20 files; there are more"
    assert "&lt;3&gt;" in listing._repr_html_()
    assert len(fetched) < 50


def test_a_history_is_a_list_that_reads_as_a_table() -> None:
    versions = History([Version(4, WHEN, "upsert", {"rows": 3, "by": None}), Version(3, None, "write")])
    assert versions[0].version == 4
    assert versions == [Version(4, WHEN, "upsert", {"rows": 3, "by": None}), Version(3, None, "write")]
    assert repr(versions).splitlines() == [
        "version  made                 operation  details",
        "4        2026-01-02 03:04:05  upsert     rows=3",
        "3                             write",
    ]
    assert repr(History()) == "no versions"
    assert "<table" in versions._repr_html_()


class Reading:
    def read(self, data_object: TableObject, *, columns: Any = None, delimiter: str = ",", options: Any = None) -> int:
        return 1

    def read_only_here(self, data_object: TableObject, *, encoding: str) -> int:
        return 3

    def history(self, data_object: DataObject) -> list[Version]:
        return [Version(1)]


class Twins:
    def read(self, data_object: DataObject, *, columns: Any = None) -> int:
        return 1

    @register("read")
    def parse(self, data_object: DataObject, *, columns: Any = None) -> int:
        return 2


def access(interface: type = Reading, **properties: Any) -> DataAccessObject:
    store = DataStore("shop", interface=interface(), objects={})
    made = DataAccessObject(registry=DataStoreRegistry([store]))
    store._objects["users"] = TableObject("users", store, **properties)  # type: ignore[index]
    return made


def test_history_of_any_interface_reads_as_a_table() -> None:
    assert repr(access().history("shop.users")) == "version\n1"


def test_an_explanation_reads_well_and_masks_secrets() -> None:
    options = {"user": "me", "password": "hunter2"}
    told = str(access(delimiter=";", options=options).explain("read", "shop.users", columns=["a"]))
    assert "hunter2" not in told
    lines = told.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["read", "shop.users"], ["at", "users"], ["by", "Reading:"]]
    assert "  filled in    delimiter=';'" in lines
    assert lines[-1].startswith("  passed over  Reading: Reading.read_only_here: takes no 'columns'")
    assert max(map(len, lines)) <= 100


def test_an_explanation_in_a_notebook_is_escaped() -> None:
    html = access(delimiter="<b>").explain("read", "shop.users", columns=["a"])._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html


def test_no_route_has_one_line_per_candidate() -> None:
    with pytest.raises(NoRouteError) as caught:
        access().read("shop.users", columns=["a"], encoding="utf-8")
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert lines[0] == "read 'shop.users': no route for a TableObject with (columns: list, encoding: str):"
    assert lines[1].startswith("  Reading: Reading.read: takes no 'encoding' (known: ")


def test_an_argument_that_no_route_takes_is_one_line() -> None:
    with pytest.raises(NoRouteError) as caught:
        access().read("shop.users", colums=["a"])
    assert str(caught.value) == "read 'shop.users': takes no 'colums' (did you mean 'columns'?)"


def test_a_tie_has_one_line_per_route() -> None:
    with pytest.raises(AmbiguousRouteError) as caught:
        access(Twins).read("shop.users", columns=["a"])
    first, left, right, advice = str(caught.value).splitlines()
    assert first == "read 'shop.users': 2 routes fit equally well:"
    assert "Twins.read " in left
    assert "Twins.parse " in right
    assert "@when(...)" in advice


def test_objects_mask_secrets_however_deep() -> None:
    options = {"user": "me", "login": [{"password": "hunter2"}]}
    shown = DataObject("users", None, token="hunter2", options=options, secret=Secret("hunter2"), tag="<i>")
    for text in (repr(shown), shown._repr_html_()):
        assert "hunter2" not in text
        assert "me" in text
    assert "<i>" not in shown._repr_html_()


def test_a_catalog_shows_its_stores() -> None:
    dao = DataAccessObject(
        {"a<b": {"interface": "dao.x:Y", "objects": {"users": {}, "s_{day}": {}}}}, registry=DataStoreRegistry()
    )
    assert repr(dao.catalog).splitlines()[1].split() == ["store", "interfaces", "objects", "name", "patterns"]
    registry = DataStoreRegistry([dao.catalog.store("a<b")])
    for view in (dao.catalog, dao, registry, dao.catalog.store("a<b")):
        assert "a&lt;b" in view._repr_html_()
        assert "a<b" not in view._repr_html_()


def test_capabilities_in_a_notebook() -> None:
    html = Capabilities(lacks_actions={"history": "<b> keeps no log"}, formats=("csv",))._repr_html_()
    assert "action history" in html
    assert "&lt;b&gt; keeps no log" in html
    assert "csv" in html
    assert "nothing is absent" in Capabilities()._repr_html_()


def test_an_increment_is_one_line_and_is_not_read_to_be_shown() -> None:
    changes = pa.table({"id": [1]}).to_reader()
    later = Increment(changes, 4, 7, Position("bronze.flights", 7))
    assert str(later) == "Increment of bronze.flights: since version 4, until version 7"
    assert str(evolve(later, since=None)) == "Increment of bronze.flights: since its beginning, until version 7"
    assert str(evolve(later, is_empty=True)) == "Increment of bronze.flights: nothing changed since version 4"
    assert "bronze.flights" in later._repr_html_()
    assert "bronze.flights" in later.position._repr_html_()
    assert changes.read_all().num_rows == 1
