"""Looking things up, how a catalog looks, and that it can be pickled and shared."""

from __future__ import annotations

import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dao.catalog import Catalog
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import ConfigError
from dao.plugins import Plugins

DECLARED: dict[str, Any] = {
    "silver": {
        "interface": "bucket",
        "options": {"bucket": "b"},
        "properties": {"owner": "data team", "format": "parquet"},
        "objects": {
            "flights": {"type": "table", "partition_by": ["month"]},
            "raw.csv": {"type": "file", "format": "csv", "prefix": "in"},
            "folder": {"type": "directory"},
            "plain": {},
            "sheet": {"type": "sheet"},
            "sales_{region}": {"type": "table", "prefix": "sales/{region}", "where": ["{region}", {"r": "{region}"}]},
            "sales_emea": {"prefix": "exact"},
        },
    },
    "gold": {"interface": "memory", "objects": {"flights": {}}},
}


@pytest.fixture
def catalog(plugins: Plugins) -> Catalog:
    return Catalog(DECLARED, plugins=plugins)


def test_objects_have_their_types_properties_and_stores(catalog: Catalog, backend: Any) -> None:
    types = {
        "flights": TableObject,
        "raw.csv": FileObject,
        "folder": DirectoryObject,
        "plain": DataObject,
        "sheet": backend.Sheet,
    }
    assert {name: type(catalog[f"silver.{name}"]) for name in types} == types
    flights = catalog["silver.flights"]
    assert (flights.full_name, flights.owner, flights.format) == ("silver.flights", "data team", "parquet")
    assert flights.properties == {"partition_by": ["month"]}
    assert catalog["silver.raw.csv"].key == "in/raw.csv"
    assert flights.data_store is catalog.store("silver") is catalog.stores["silver"]
    assert catalog["silver.flights"] is flights is catalog.store("silver").object("flights")


def test_patterns_fill_what_is_declared(catalog: Catalog) -> None:
    sales = catalog["silver.sales_apac"]
    assert type(sales) is TableObject
    assert (sales.identifier, sales.key) == ("sales_apac", "sales/apac")
    assert sales.where == ["apac", {"r": "apac"}]
    assert catalog["silver.sales_emea"].key == "exact/sales_emea"
    assert catalog.store("silver").object("sales_apac") == sales
    assert "silver.sales_apac" in catalog
    assert "silver.sales_{region}" not in catalog


@pytest.mark.parametrize("value", ["a/b", "..", "a..b", "../x", "a\\b", "a\x00", "a\nb", "{region}", "", ".", "..."])
def test_values_that_would_leave_their_place_fit_nothing(catalog: Catalog, value: str) -> None:
    assert f"silver.sales_{value}" not in catalog
    with pytest.raises(ConfigError, match="no object"):
        catalog[f"silver.sales_{value}"]


def test_a_filled_value_is_never_a_reference(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAO_T_REGION", "{x}")
    objects = {"{x}": {"prefix": "p/{x}/${env:DAO_T_REGION}", "note": "{{x}} $${{x}}"}}
    found = Catalog({"s": {"interface": "memory", "objects": objects}}, plugins=plugins)["s.$env"]
    assert found.prefix == "p/$env/{x}"
    assert found.note == "{x} ${x}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("silver.flihgts", "no object 'flihgts' in store 'silver', did you mean 'flights'?"),
        ("sliver.flights", "no store 'sliver' in the catalog for 'sliver.flights', did you mean 'silver'?"),
        (
            "flights",
            "an object is called 'store.object', found 'flights'; did you mean 'silver.flights' or 'gold.flights'?",
        ),
        ("silver.", "no object '' in store 'silver'"),
        ("silver.sale_{region}", "did you mean 'sales_{region}'?"),
        ("", "an object is called 'store.object'"),
    ],
)
def test_missing_names(catalog: Catalog, name: str, told: str) -> None:
    assert name not in catalog
    assert catalog.get(name) is None
    assert catalog.get(name, "default") == "default"
    with pytest.raises(ConfigError, match=re.escape(told)):
        catalog[name]


def test_missing_stores(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="no store 'bronze' in the catalog, known: 'gold', 'silver'"):
        catalog.store("bronze")
    with pytest.raises(KeyError):
        catalog.stores["bronze"]
    assert catalog.stores.get("bronze") is None
    assert catalog.stores.get("gold") is catalog.store("gold")


def test_iteration_and_length_leave_patterns_out(catalog: Catalog) -> None:
    names = [
        "silver.flights",
        "silver.raw.csv",
        "silver.folder",
        "silver.plain",
        "silver.sheet",
        "silver.sales_emea",
        "gold.flights",
    ]
    assert list(catalog) == names
    assert len(catalog) == 7
    assert [catalog[name].full_name for name in catalog] == names
    assert list(catalog.store("silver").objects) == [name.removeprefix("silver.") for name in names[:6]]
    assert list(catalog.stores) == ["silver", "gold"]
    assert 3 not in catalog


def test_search(catalog: Catalog) -> None:
    def found(pattern: Any) -> list[str]:
        return [data_object.full_name for data_object in catalog.search(pattern)]

    assert found("*.flights") == ["silver.flights", "gold.flights"]
    assert found("gold.*") == ["gold.flights"]
    assert found("gold") == []
    assert found("GOLD.*") == []
    assert found("silver.[fp]*") == ["silver.flights", "silver.folder", "silver.plain"]
    assert found(re.compile("GOLD", re.IGNORECASE)) == ["gold.flights"]


def test_a_tie_between_patterns_names_both(plugins: Plugins) -> None:
    objects = {"a_{x}_c": {}, "a_b_{y}": {}, "a_{z}": {}, "{q}": {}}
    catalog = Catalog({"s": {"interface": "memory", "objects": objects}}, plugins=plugins)
    with pytest.raises(ConfigError, match=r"'a_b_c' fits 'a_\{x\}_c' and 'a_b_\{y\}' equally well"):
        catalog["s.a_b_c"]
    assert catalog["s.a_x"].identifier == "a_x"
    assert "s.zzz" in catalog


def test_relative_secret_files_start_at_their_config(
    write: Any, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("conf/secrets/pw", "hunter2\n")
    write("conf/secrets/bucket", "b\n")
    options = {"bucket": "${file:secrets/bucket}", "password": "${file:secrets/pw}"}
    path = write("conf/c.json", json.dumps({"s": {"interface": "bucket", "options": options}}))
    monkeypatch.chdir(path.parent.parent)
    store = Catalog(Path("conf/c.json"), plugins=plugins).store("s")
    monkeypatch.chdir("/")
    assert store.interface.password.reveal() == "hunter2"
    assert store.interface.bucket == "b"


def test_what_is_outside_is_looked_up_on_use(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAO_T_LATER", raising=False)
    options = {"bucket": "b", "port": "${env:DAO_T_LATER}"}
    store = {"interface": "bucket", "options": options, "objects": {"x": {"prefix": "${env:DAO_T_LATER}"}}}
    catalog = Catalog({"s": store}, plugins=plugins)
    with pytest.raises(ConfigError, match=r"'DAO_T_LATER' is not set.* @ s.options.port"):
        catalog.store("s").interface  # noqa: B018
    with pytest.raises(ConfigError, match=r"'DAO_T_LATER' is not set.* @ s.objects.x.prefix"):
        catalog["s.x"]
    monkeypatch.setenv("DAO_T_LATER", "80")
    assert catalog.store("s").interface.port == 80
    assert catalog["s.x"].key == "80/x"
    assert "80" not in repr(catalog["s.x"].properties)


def test_how_it_looks(plugins: Plugins) -> None:
    catalog = Catalog(DECLARED, plugins=plugins)
    assert [line.split() for line in repr(catalog).splitlines()] == [
        ["Catalog", "of", "dict"],
        ["store", "interfaces", "objects", "name", "patterns"],
        ["silver", "bucket", "6", "1"],
        ["gold", "memory", "1"],
    ]
    assert ">silver</td>" in catalog._repr_html_()
    assert "silver, gold" in repr(catalog.stores)
    odd = Catalog({"<b>": {"interface": "memory"}}, plugins=plugins)
    assert "<b>" not in odd._repr_html_()


def test_it_can_be_pickled(catalog: Catalog) -> None:
    before = catalog["silver.sales_apac"], catalog["silver.flights"]
    there: Catalog = pickle.loads(pickle.dumps(catalog))
    assert list(there) == list(catalog)
    assert there.store("silver").specs == catalog.store("silver").specs
    data_object = pickle.loads(pickle.dumps(before[0]))
    assert data_object == before[0]
    assert data_object.data_store.object("flights") == before[1]
    assert data_object.data_store.object("sales_x").key == "sales/x"


def test_threads_see_one_store_and_one_object(plugins: Plugins) -> None:
    for _ in range(20):
        catalog = Catalog(DECLARED, plugins=plugins)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, c=catalog: (c.store("silver"), c["silver.flights"]), range(16)))
        assert len({id(store) for store, _ in found}) == 1
        assert len({id(data_object) for _, data_object in found}) == 1


def test_what_was_given_may_change_later(plugins: Plugins) -> None:
    declared = {"s": {"interface": "memory", "options": {"root": "a"}, "objects": {"x": {"prefix": "p"}}}}
    catalog = Catalog(declared, plugins=plugins)
    declared["s"]["options"]["root"] = "b"  # type: ignore[index]
    declared["s"]["objects"]["x"]["prefix"] = "q"  # type: ignore[index]
    declared["s"]["objects"]["y"] = {}  # type: ignore[index]
    assert catalog.store("s").interface.root == "a"
    assert catalog["s.x"].prefix == "p"
    assert list(catalog) == ["s.x"]
