"""Tables of a format that a plugin claims: Glue's are objects of its type, read by its interface."""

from __future__ import annotations

import sys
import types

import pytest
from glue_server import Glue, plugins_alone

from dao import DataAccessObject, DataObject, TableObject, hookimpl
from dao.interface import TableFormat


class Paimon:
    """An interface of a table format that DAO knows nothing of."""

    def __init__(self, *, region: str | None = None) -> None:
        self.region = region

    def read(self, data_object: DataObject) -> str:
        return f"{data_object.location} in {self.region}"


class PaimonTable(TableObject):
    type_name = "paimon.table"


class PaimonPlugin:
    @hookimpl
    def dao_interfaces(self):
        return {"paimon": "backend_of_paimon:Paimon"}

    @hookimpl
    def dao_object_types(self):
        return {"paimon.table": "backend_of_paimon:PaimonTable"}

    @hookimpl
    def dao_table_formats(self):
        return {name: TableFormat("paimon", object_type="paimon.table") for name in ("paimon", "delta")}


@pytest.mark.parametrize("marker", ["PAIMON", "delta"])
def test_a_plugin_claims_a_table_format(glue: Glue, monkeypatch: pytest.MonkeyPatch, marker: str) -> None:
    backend = types.ModuleType("backend_of_paimon")
    backend.Paimon, backend.PaimonTable = Paimon, PaimonTable
    monkeypatch.setitem(sys.modules, "backend_of_paimon", backend)
    glue.database("sales", LocationUri="s3://lake/sales/")
    glue.table("sales", "new", "s3://lake/sales/new", Parameters={"table_type": marker})
    plugins = plugins_alone()
    plugins.register(PaimonPlugin(), "paimon")
    catalog = glue.catalog(plugins=plugins)
    found = catalog["sales.new"]
    assert (type(found), [spec.name for spec in found.data_store.specs]) == (PaimonTable, ["paimon"])
    assert DataAccessObject(catalog, plugins=plugins).read("sales.new") == "s3://lake/sales/new in eu-central-1"
    own = glue.catalog(plugins=plugins, interfaces={marker.lower(): "s3"})["sales.new"]
    assert [spec.name for spec in own.data_store.specs] == ["s3"]
    assert type(glue.catalog()["sales.new"]) is not PaimonTable


class ByNamePlugin(PaimonPlugin):
    """Whose interface asks Glue itself for a table."""

    @hookimpl
    def dao_table_formats(self):
        asked = {"options": {"root": "of the format"}, "by_name": True, "endpoint": "asks"}
        return {"paimon": TableFormat("paimon", object_type="paimon.table", **asked)}


def test_a_format_whose_tables_glue_is_asked_for(glue: Glue, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = types.ModuleType("backend_of_paimon")
    backend.Paimon, backend.PaimonTable = Paimon, PaimonTable
    monkeypatch.setitem(sys.modules, "backend_of_paimon", backend)
    glue.database("sales", LocationUri="s3://lake/sales/")
    glue.table("sales", "new", "s3://lake/else/where-123", Parameters={"table_type": "PAIMON"})
    plugins = plugins_alone()
    plugins.register(ByNamePlugin(), "paimon")
    catalog = glue.catalog(plugins=plugins)
    found = catalog["sales.new"]
    assert found.key == "sales/new"
    [spec] = found.data_store.specs
    assert (spec.options["root"], spec.options["asks"]) == ("of the format", glue.url)
    own = {"paimon": {"interface": "paimon", "options": {"root": "mine"}}}
    [spec] = glue.catalog(plugins=plugins, interfaces=own)["sales.new"].data_store.specs
    assert spec.options["root"] == "mine"
    assert glue.catalog(plugins=plugins, interfaces={"paimon": "s3"})["sales.new"].key == "else/where-123"
