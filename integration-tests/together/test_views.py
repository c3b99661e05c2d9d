"""Everything that a person looks at has a compact view in terminals and notebooks, escaped and without secrets."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pyarrow as pa
import pytest

from dao import (
    AsyncDataAccessObject,
    Capabilities,
    Catalog,
    DataAccessObject,
    DataObject,
    DataStore,
    DataStoreRegistry,
    FileInfo,
    InterfaceSpec,
    Listing,
    Outcome,
    Plugins,
    Position,
    Progress,
    Request,
    Secret,
    TableInfo,
    Version,
    WriteResult,
    hookimpl,
)
from dao.capabilities import Absence
from dao.increments import Increment
from dao.interface import TableFormat
from dao.memory import Budget
from dao.profiles import ColumnProfile, Histogram, Profile
from dao.results import History
from dao_iceberg.connector import Part, Records
from dao_iceberg.converter import EvolutionPlan, EvolutionStep
from dao_redshift.testing import SentStatement
from dao_s3.glue import Column, GlueCatalog, GlueTable

CANARY, MARKUP = "c4n4ry", "<b>bold</b>"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)

# Not those that only authors of interfaces go through, such as dao.tables.
DOORS = [
    *("dao", "dao.capabilities", "dao.catalog", "dao.events", "dao.increments", "dao.interface", "dao.memory"),
    *("dao.profiles", "dao.progress", "dao.results", "dao.secrets", "dao_files", "dao_s3", "dao_s3.glue", "dao_delta"),
    *("dao_iceberg", "dao_iceberg.connector", "dao_iceberg.converter", "dao_redshift", "dao_redshift.testing"),
]
TOOLS = {
    "interfaces, and bases of what one writes oneself": "DerivedReads Storage Snapshot Change Extractor",
    "storages and connectors": "LocalStorage MemoryStorage AWSConnector IcebergConverter GlueTranslator",
    "parts of a secret's text": "Interpolated Reference Template",
    "what a catalog is asked by": "StoreSource",
    "the stand-in for tests": "Fault FaultRule LocalRedshift RedshiftGateway User",
}
"""Public classes behind these doors of which nobody looks at an instance to learn something, and why."""


def public_classes() -> Iterator[type]:
    for door in DOORS:
        module = import_module(door)
        found = [getattr(module, name) for name in module.__all__]
        yield from (kind for kind in found if inspect.isclass(kind) and not issubclass(kind, BaseException))


def is_shown(kind: type) -> bool:
    tools = {name for names in TOOLS.values() for name in names.split()}
    return kind.__name__ not in tools and not kind.__name__.endswith(("Interface", "Connector"))


SHOWN = sorted({kind for kind in public_classes() if is_shown(kind)}, key=lambda kind: kind.__qualname__)
OPTIONS = {"host": MARKUP, "user": "me", "password": CANARY}
STORE = DataStore("shop", "redshift", options=OPTIONS, objects={})
ROWS = pa.table({MARKUP: [1]})
CATALOG = {
    "shop": {"interface": "redshift", "options": OPTIONS, "objects": {MARKUP: {"type": "table", "password": CANARY}}}
}
STEP = EvolutionStep("add", (MARKUP,), f"add {MARKUP}")
HISTOGRAM, PART = Histogram(0.0, 1.0, (1, 2)), Part(name=MARKUP, found=ROWS)
COLUMN = ColumnProfile(MARKUP, "string", 0, min=MARKUP, histogram=HISTOGRAM)


class Quiet:
    @hookimpl
    def dao_interfaces(self) -> dict[str, str]:
        return {}


def registered() -> Plugins:
    plugins = Plugins(discover=False)
    plugins.register(Quiet(), MARKUP)
    return plugins


EXAMPLES: dict[str, Any] = {
    "Absence": Absence("action", "upsert", MARKUP),
    "AsyncDataAccessObject": AsyncDataAccessObject(CATALOG),
    "Budget": Budget.of("64 MiB"),
    "Capabilities": Capabilities(lacks_actions={"upsert": MARKUP}),
    "Catalog": Catalog(CATALOG),
    "Column": Column(MARKUP, MARKUP),
    "ColumnProfile": COLUMN,
    "DataAccessObject": DataAccessObject(CATALOG),
    "DataStore": DataStore(MARKUP, "redshift", options=OPTIONS),
    "DataStoreRegistry": DataStoreRegistry([DataStore(MARKUP, "redshift", options=OPTIONS)]),
    "EvolutionPlan": EvolutionPlan((STEP,), None, None),
    "EvolutionStep": STEP,
    "FileInfo": FileInfo(MARKUP, 1, WHEN),
    "GlueCatalog": GlueCatalog(databases=[MARKUP], region="eu-central-1", access_key_id="me", secret_access_key=CANARY),
    "GlueTable": GlueTable(MARKUP, MARKUP, {"Parameters": {"password": CANARY}}),
    "Histogram": HISTOGRAM,
    "History": History([Version(1, WHEN, MARKUP, {"by": MARKUP})]),
    "Increment": Increment(ROWS.to_reader(), None, 2, Position(MARKUP, 2)),
    "InterfaceSpec": InterfaceSpec("redshift", options={**OPTIONS, MARKUP: 1}),
    "Listing": Listing([FileInfo(MARKUP, 1)]),
    "Outcome": Outcome(0.5, rows=1_000),
    "Part": PART,
    "Plugins": registered(),
    "Position": Position(MARKUP, 1),
    "Profile": Profile(MARKUP, 1, (COLUMN,)),
    "Progress": Progress("copy", MARKUP, rows=5),
    "Records": Records(parts=(PART,), config=None),
    "Request": Request("write", DataObject(MARKUP, STORE), {"data": [CANARY] * 10_000, "token": CANARY}),
    "Secret": Secret(CANARY),
    "SentStatement": SentStatement(f"SELECT '{MARKUP}'", "me", 7),
    "TableFormat": TableFormat(MARKUP, object_type=MARKUP),
    "TableInfo": TableInfo(MARKUP),
    "Version": Version(1, WHEN, MARKUP, {"by": MARKUP}),
    "WriteResult": WriteResult(1, details={"by": MARKUP}),
}


def example_of(kind: type) -> Any:
    if issubclass(kind, DataObject):
        return kind(MARKUP, STORE, password=CANARY, description=MARKUP)
    return EXAMPLES[kind.__name__]


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.__qualname__)
def test_what_is_public_and_looked_at_has_a_view(kind: type) -> None:
    shown = example_of(kind)
    html, text = shown._repr_html_(), repr(shown)
    assert MARKUP not in html
    assert CANARY not in html + text + str(shown)
    assert max(len(text.splitlines()), html.count("<tr>")) <= 25
    assert len(text) < 2_000


def test_the_objects_of_a_store_have_one_too() -> None:
    many = {f"{MARKUP}{number}": {"type": "table", "password": CANARY} for number in range(1_000)}
    catalog = Catalog({"shop": {"interface": "memory", "objects": {**many, "day_{day}": {"type": "file"}}}})
    objects = catalog.stores["shop"].objects
    assert repr(objects).splitlines()[-1] == "the first 20 of 1,000 objects, 1 name patterns"
    assert MARKUP not in objects._repr_html_()
    assert CANARY not in repr(objects) + objects._repr_html_()
