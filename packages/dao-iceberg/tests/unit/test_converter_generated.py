"""The model converter on generated models: there and back, rows in real tables, evolved tables with old data."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pytest
from generated_models import (
    LEAVES,
    NUMBERS,
    Leaf,
    Listed,
    Mapped,
    Slot,
    Struct,
    described,
    form_of,
    model_of,
    rows_of,
    slot,
    structs,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import assign_fresh_schema_ids

from dao import DataAccessObject, DataStore, TableObject
from dao.arrow import schema_of
from dao_iceberg.converter import IcebergConverter

CONVERTER = IcebergConverter()

# Without shrinking: a table a try is slow, and a failure names what failed anyway.
GENERATED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase is not Phase.shrink],
)
SOME_OR_MANY = pytest.mark.parametrize("examples", [5, pytest.param(200, marks=pytest.mark.slow)])


@pytest.mark.parametrize("examples", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_models_come_back_from_iceberg_and_arrow(examples):
    @settings(GENERATED, max_examples=examples)
    @given(structs(3))
    def comes_back(struct):
        model = model_of(struct)
        schema = CONVERTER.to_iceberg(model)
        back = CONVERTER.to_model(schema)
        assert described(back) == form_of(Slot(struct, optional=False))
        assert CONVERTER.to_iceberg(back) == schema == assign_fresh_schema_ids(schema)
        arrow = CONVERTER.to_arrow(model)
        assert CONVERTER.to_arrow(CONVERTER.to_iceberg(arrow)).equals(arrow, check_metadata=True)
        assert arrow == CONVERTER.to_arrow(schema_of(back, uuid=pa.uuid(), notes=True))

    comes_back()


@contextmanager
def tables():
    """Makes tables by their schema, in an embedded catalog of their own."""
    folder = Path(tempfile.mkdtemp())
    catalog = load_catalog("test", type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=str(folder))
    catalog.create_namespace("n")
    try:
        yield lambda schema: catalog.create_table("n.t", schema)
    finally:
        catalog.engine.dispose()
        shutil.rmtree(folder)


def stored(make: Any, model: type[BaseModel], rows: list[BaseModel]) -> Any:
    table = make(CONVERTER.to_iceberg(model))
    table.append(CONVERTER.to_table(rows, model))
    return table


@SOME_OR_MANY
def test_rows_come_back_from_tables(examples):
    @settings(GENERATED, max_examples=examples)
    @given(st.data())
    def rows_come_back(data):
        struct = data.draw(structs(3))
        model = model_of(struct)
        rows = [model.model_validate(row) for row in data.draw(st.lists(rows_of(struct), min_size=1, max_size=5))]
        with tables() as make:
            table = stored(make, model, rows)
            assert CONVERTER.to_rows(table.scan().to_arrow(), model) == rows

    rows_come_back()


@SOME_OR_MANY
def test_rows_come_back_from_tables_that_dao_writes(examples):
    @settings(GENERATED, max_examples=examples)
    @given(st.data())
    def rows_come_back(data):
        struct = data.draw(structs(3, Slot))
        model = model_of(struct)
        rows = [model.model_validate(row) for row in data.draw(st.lists(rows_of(struct), min_size=1, max_size=5))]
        with tempfile.TemporaryDirectory() as folder:
            dao = DataAccessObject()
            table = TableObject("t", DataStore("lake", "iceberg", options={"root": folder}))
            dao.write(CONVERTER.to_table(rows, model), table)
            assert CONVERTER.to_rows(dao.read(table), model) == rows

    rows_come_back()


@attrs.define
class Evolution:
    """Changes models at random, noting the steps that a plan has to have."""

    draw: Any
    steps: set[tuple[str, str]] = attrs.field(factory=set)

    def may(self) -> bool:
        return self.draw(st.integers(0, 3)) == 0

    def note(self, kind: str, path: tuple[str, ...]) -> None:
        self.steps.add((kind, ".".join(path)))

    def struct(self, old: Struct, path: tuple[str, ...], to: tuple[str, ...]) -> tuple[Struct, Callable[[Any], Any]]:
        """The new struct, and what a value of the old one is in it."""
        fields: list[Slot] = []
        convert: dict[str, tuple[str, Callable[[Any], Any]]] = {}
        for one in old.fields:
            where = (*path, one.name)
            if self.may() and len(old.fields) > 1 and one is not old.fields[0]:
                self.note("drop", where)
                continue
            name = one.name
            if self.may():
                name = f"r{next(NUMBERS)}"
                self.note("rename", where)
            new, within = self.slot(one, where, (*to, name))
            fields.append(attrs.evolve(new, name=name, was=one.name if name != one.name else None))
            convert[one.name] = (name, within)
        added = []
        for kind in self.draw(st.lists(st.sampled_from(LEAVES) | structs(1), max_size=2)):
            if isinstance(kind, Struct):  # inside lists pyiceberg can't read an added one with required fields
                kind = Struct(tuple(attrs.evolve(one, optional=True) for one in kind.fields))
            added.append(Slot(kind, True, f"n{next(NUMBERS)}"))
            self.note("add", (*to, added[-1].name))
        order = self.draw(st.permutations([*fields, *added])) if self.may() else [*fields, *added]
        if order != [*fields, *sorted(added, key=order.index)]:
            self.note("reorder", to)
        nothing = dict.fromkeys(one.name for one in added)
        return (
            Struct(tuple(order)),
            lambda value: (
                None if value is None else nothing | {name: f(value[was]) for was, (name, f) in convert.items()}
            ),
        )

    def slot(self, old: Slot, path: tuple[str, ...], to: tuple[str, ...]) -> tuple[Slot, Callable[[Any], Any]]:
        kind, convert = self.kind(old.kind, path, to)
        new = attrs.evolve(old, kind=kind)
        if self.may() and not old.optional and slot(kind, True).optional:
            self.note("optional", path)
            new = attrs.evolve(new, optional=True)
        if self.may() and old.name and old.doc is None:
            self.note("doc", path)
            new = attrs.evolve(new, doc="new")
        return new, convert

    def kind(self, old: Any, path: tuple[str, ...], to: tuple[str, ...]) -> tuple[Any, Callable[[Any], Any]]:
        match old:
            case Leaf(wider=Leaf() as wider) if self.may():
                self.note("widen", path)
                return wider, lambda value: value
            case Listed():
                item, each = self.slot(old.item, (*path, "element"), (*to, "element"))
                items = attrs.evolve(old, item=item)
                return items, lambda value: None if value is None else old.container(map(each, value))
            case Mapped():
                item, each = self.slot(old.item, (*path, "value"), (*to, "value"))
                items = attrs.evolve(old, item=item)
                return items, lambda value: None if value is None else {k: each(v) for k, v in value.items()}
            case Struct():
                return self.struct(old, path, to)
        return old, lambda value: value


@SOME_OR_MANY
def test_evolved_tables_have_old_rows_and_new_ones(examples):
    @settings(GENERATED, max_examples=examples)
    @given(st.data())
    def evolves(data):
        struct = data.draw(structs(3))
        model = model_of(struct)
        values = data.draw(st.lists(rows_of(struct), min_size=1, max_size=3))
        evolution = Evolution(data.draw)
        later, convert = evolution.struct(struct, (), ())
        new = model_of(later)
        with tables() as make:
            table = stored(make, model, [model.model_validate(row) for row in values])
            plan = CONVERTER.evolution_plan(table, new)
            assert {(step.kind, ".".join(step.path)) for step in plan.steps} == evolution.steps
            assert plan.additive == all(kind != "drop" for kind, _ in evolution.steps)
            assert plan.apply(table, breaking=True).as_struct() == plan.schema.as_struct()
            assert CONVERTER.evolution_plan(table, new).steps == ()
            old_rows = [new.model_validate(convert(row)) for row in values]
            assert CONVERTER.to_rows(table.scan().to_arrow(), new) == old_rows
            new_rows = [new.model_validate(row) for row in data.draw(st.lists(rows_of(later), min_size=1, max_size=2))]
            table.append(CONVERTER.to_table(new_rows, new))
            assert CONVERTER.to_rows(table.scan().to_arrow(), new) == new_rows + old_rows

    evolves()
