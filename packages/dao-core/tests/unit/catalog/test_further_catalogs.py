"""A catalog whose stores are partly known elsewhere: who is asked, when, and who wins."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dao.catalog import Catalog, StoreSource, load
from dao.data_object import DataObject
from dao.data_store import DataStore
from dao.errors import ConfigError, PermissionDeniedError
from dao.plugins import Plugins


class Metastore(StoreSource):
    """Knows stores, and writes down what it is asked for."""

    def __init__(self, label: str, **stores: list[str]) -> None:
        self._label = label
        self._known = stores
        self._made: dict[str, DataStore] = {}
        self.asked: list[str] = []
        self.may_list = True

    @property
    def label(self) -> str:
        return self._label

    def at_hand(self) -> list[DataStore]:
        return list(self._made.values())

    def __getitem__(self, name: str) -> DataStore:
        self.asked.append(name)
        if name not in self._known:
            raise KeyError(name)
        if name not in self._made:
            objects: dict[str, DataObject] = {}
            self._made[name] = DataStore(name, "memory", objects=objects, properties={"of": self._label})
            objects.update({each: DataObject(each, self._made[name]) for each in self._known[name]})
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        self.asked.append("*")
        if not self.may_list:
            raise PermissionDeniedError("nobody may list")
        return iter(self._known)


@pytest.fixture
def glue() -> Metastore:
    return Metastore("glue", sales=["orders", "returns"], bronze=["hidden"], hr=["people"])


DECLARED: Mapping[str, Any] = {"bronze": {"interface": "memory", "objects": {"raw": {}, "raw_{x}": {}}}}


@pytest.fixture
def catalog(glue: Metastore, plugins: Plugins) -> Catalog:
    return Catalog(DECLARED, glue, plugins=plugins)


def test_nothing_is_asked_before_it_is_needed(catalog: Catalog, glue: Metastore) -> None:
    assert catalog["bronze.raw"].full_name == "bronze.raw"
    assert "bronze.raw" in catalog
    assert [store.name for store in catalog.stores.at_hand()] == ["bronze"]
    assert [found.identifier for found in catalog.search("bronze.*")] == ["raw"]
    assert [line.split() for line in repr(catalog).splitlines()] == [
        ["Catalog", "of", "dict,", "glue"],
        ["store", "interfaces", "objects", "name", "patterns"],
        ["bronze", "memory", "1", "1"],
    ]
    assert repr(catalog.stores) == "<stores: bronze, glue>"
    assert repr(glue) == "<stores of glue>"
    assert catalog.asks
    assert not Catalog(DECLARED).asks
    assert glue.asked == []


def test_a_name_is_asked_for_alone(catalog: Catalog, glue: Metastore) -> None:
    assert catalog["sales.orders"].get("of") == "glue"
    assert catalog["sales.orders"] is catalog.store("sales").object("orders")
    assert catalog.stores["sales"] is catalog.store("sales") is catalog.stores.get("sales")
    assert "sales.returns" in catalog
    assert "sales.nothing" not in catalog
    assert "nowhere.orders" not in catalog
    assert [found.full_name for found in catalog.search("sales.*s")] == ["sales.orders", "sales.returns"]
    assert "*" not in glue.asked
    assert list(catalog.stores.specs_at_hand()) == ["bronze", "sales"]
    assert catalog.stores.names_at_hand() == ["bronze.raw", "bronze.raw_{x}", "sales.orders", "sales.returns"]
    assert ["sales", "memory"] in [line.split() for line in repr(catalog).splitlines()]


def test_what_is_declared_hides_what_is_known_elsewhere(catalog: Catalog) -> None:
    assert list(catalog.stores) == ["bronze", "sales", "hr"]
    assert len(catalog.stores) == 3
    assert list(catalog) == ["bronze.raw", "sales.orders", "sales.returns", "hr.people"]
    assert len(catalog) == 4
    assert "bronze.hidden" not in catalog
    assert [found.full_name for found in catalog.search("*.*r*s*")] == ["sales.orders", "sales.returns"]
    assert [found.full_name for found in catalog.search(re.compile("^hr"))] == ["hr.people"]


def test_the_last_of_several_is_asked_first(glue: Metastore, plugins: Plugins) -> None:
    other = Metastore("other", sales=["orders"])
    catalog = Catalog(glue, DECLARED, other, plugins=plugins)
    assert catalog["sales.orders"].get("of") == "other"
    assert catalog["hr.people"].get("of") == "glue"
    assert "sales.returns" not in catalog
    assert list(catalog.stores) == ["bronze", "sales", "hr"]


def test_a_catalog_is_a_source_too(catalog: Catalog, glue: Metastore, plugins: Plugins) -> None:
    whole = Catalog({"gold": {"interface": "memory", "objects": {"out": {}}}}, catalog, plugins=plugins)
    assert whole.sources == ("dict", "dict, glue")
    assert whole["bronze.raw_1"] == catalog["bronze.raw_1"]
    assert whole["sales.orders"] is catalog["sales.orders"]
    assert list(whole.stores.specs_at_hand()) == ["gold", "bronze", "sales"]
    assert "*" not in glue.asked
    assert list(whole) == ["gold.out", *catalog]


def test_loading_one_catalog_gives_it_back(catalog: Catalog, glue: Metastore) -> None:
    assert load([catalog]) is catalog
    assert load([catalog, glue]) is not catalog


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("sles.orders", "no store 'sles' in the catalog for 'sles.orders', did you mean 'sales'?"),
        ("sales.ordrs", "no object 'ordrs' in store 'sales', did you mean 'orders'?"),
    ],
)
def test_missing_names_are_told_with_what_is_known_elsewhere(catalog: Catalog, name: str, told: str) -> None:
    assert catalog.get(name) is None
    with pytest.raises(ConfigError, match=re.escape(told)):
        catalog[name]
    with pytest.raises(ConfigError, match="no store 'hrr' in the catalog, did you mean 'hr'"):
        catalog.store("hrr")


def test_who_may_not_list_is_told_of_the_name_all_the_same(catalog: Catalog, glue: Metastore) -> None:
    glue.may_list = False
    with pytest.raises(ConfigError, match="no store 'sles' in the catalog for 'sles.orders', known: 'bronze'"):
        catalog["sles.orders"]
    with pytest.raises(PermissionDeniedError):
        list(catalog)


def test_an_empty_catalog_says_that_it_asks(glue: Metastore) -> None:
    assert "asked for when they are used" in repr(Catalog(glue))


def test_it_travels(catalog: Catalog) -> None:
    there: Catalog = pickle.loads(pickle.dumps(catalog))
    assert list(there) == list(catalog)
    assert there["sales.orders"] == catalog["sales.orders"]
