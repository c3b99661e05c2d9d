"""The model converter on generated models: there and back, rows in real tables, evolved tables with old data."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, get_args, get_origin
from uuid import UUID

import attrs
import pyarrow as pa
import pydantic
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime
from pyiceberg.catalog import load_catalog
from pyiceberg.schema import assign_fresh_schema_ids

from dao import DataAccessObject, DataStore, TableObject
from dao.arrow import schema_of
from dao_iceberg.converter import IcebergConverter

CONVERTER = IcebergConverter()
NUMBERS = count()

# Without shrinking: a table a try is slow, and a failure names what failed anyway.
GENERATED = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[phase for phase in Phase if phase is not Phase.shrink],
)
SOME_OR_MANY = pytest.mark.parametrize("examples", [5, pytest.param(200, marks=pytest.mark.slow)])


class Letter(Enum):
    A = "a"
    B = "b"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Word(StrEnum):
    ONE = "one"


@attrs.frozen
class Leaf:
    """A type without parts: its annotation, what it comes back as, its values, and the wider type, if there is one."""

    annotation: Any
    form: str
    values: st.SearchStrategy[Any] = attrs.field(eq=False, repr=False)
    key: bool = True
    wider: Leaf | None = None


def _decimal(digits: int, places: int) -> Any:
    return Annotated[Decimal, Field(max_digits=digits, decimal_places=places)]


def _decimals(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda n: Decimal(n).scaleb(-places))


LONG = Leaf(int, "int", st.integers(-(2**63), 2**63 - 1))
DOUBLE = Leaf(float, "float", st.floats(allow_nan=False), key=False)
WIDE = Leaf(_decimal(20, 3), "decimal(20, 3)", _decimals(20, 3))
LEAVES = [
    LONG,
    DOUBLE,
    WIDE,
    Leaf(bool, "bool", st.booleans()),
    Leaf(Annotated[int, pa.int32()], "int as int32", st.integers(-(2**31), 2**31 - 1), wider=LONG),
    Leaf(Annotated[float, pa.float32()], "float as float", st.floats(allow_nan=False, width=32), False, DOUBLE),
    Leaf(Decimal, "decimal(38, 18)", _decimals(28, 18)),
    Leaf(_decimal(5, 3), "decimal(5, 3)", _decimals(5, 3), wider=WIDE),
    Leaf(str, "str", st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    Leaf(bytes, "bytes", st.binary(max_size=5)),
    Leaf(dt.date, "date", st.dates()),
    Leaf(dt.time, "time", st.times()),
    Leaf(dt.datetime, "NaiveDatetime", st.datetimes()),
    Leaf(NaiveDatetime, "NaiveDatetime", st.datetimes()),
    Leaf(AwareDatetime, "AwareDatetime", st.datetimes(timezones=st.just(dt.UTC))),
    Leaf(UUID, "UUID as extension<arrow.uuid>", st.uuids()),
    Leaf(Letter, "str", st.sampled_from(Letter)),
    Leaf(Level, "int", st.sampled_from(Level)),
    Leaf(Word, "str", st.sampled_from(Word)),
    Leaf(Literal["x", "y"], "str", st.sampled_from(["x", "y"])),
    Leaf(Literal[1, 2], "int", st.sampled_from([1, 2])),
]


@attrs.frozen
class Listed:
    """A list, a set or a tuple of something."""

    item: Slot
    container: Callable[[Any], Any]
    annotate: Callable[[Any], Any] = attrs.field(eq=False)


@attrs.frozen
class Mapped:
    """A dict."""

    key: Leaf
    item: Slot


@attrs.frozen
class Slot:
    """A place for a value, which may be None or not; a field has a name, and perhaps a doc and the name it had."""

    kind: Leaf | Listed | Mapped | Struct
    optional: bool
    name: str = ""
    doc: str | None = None
    was: str | None = None


@attrs.frozen
class Struct:
    """A model."""

    fields: tuple[Slot, ...]


def annotation_of(slot: Slot) -> Any:
    match slot.kind:
        case Leaf():
            inner = slot.kind.annotation
        case Listed():
            inner = slot.kind.annotate(annotation_of(slot.kind.item))
        case Mapped():
            inner = dict[slot.kind.key.annotation, annotation_of(slot.kind.item)]
        case Struct():
            inner = model_of(slot.kind)
    return Optional[inner] if slot.optional else inner  # noqa: UP045 - not every annotation has __or__


def model_of(struct: Struct) -> type[BaseModel]:
    def field(slot: Slot) -> Any:
        extra = {"renamed_from": slot.was} if slot.was else None
        return annotation_of(slot), Field(None if slot.optional else ..., description=slot.doc, json_schema_extra=extra)

    return pydantic.create_model(f"Model{next(NUMBERS)}", **{slot.name: field(slot) for slot in struct.fields})


def values_of(slot: Slot) -> st.SearchStrategy[Any]:
    match slot.kind:
        case Leaf():
            inner = slot.kind.values
        case Listed():
            size = {"min_size": 2, "max_size": 2} if slot.kind.annotate is _pair else {"max_size": 3}
            inner = st.lists(values_of(slot.kind.item), **size).map(slot.kind.container)
        case Mapped():
            inner = st.dictionaries(slot.kind.key.values, values_of(slot.kind.item), max_size=3)
        case Struct():
            inner = rows_of(slot.kind)
    return st.none() | inner if slot.optional else inner


def rows_of(struct: Struct) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({slot.name: values_of(slot) for slot in struct.fields})


def form_of(slot: Slot) -> Any:
    """What the slot's annotation comes back as, as :func:`described` says it."""
    match slot.kind:
        case Leaf():
            inner: Any = slot.kind.form
        case Listed():
            inner = ("list", form_of(slot.kind.item))
        case Mapped():
            inner = ("dict", slot.kind.key.form, form_of(slot.kind.item))
        case Struct():
            inner = tuple((one.name, form_of(one), one.doc) for one in slot.kind.fields)
    return ("optional", inner) if slot.optional else inner


def described(annotation: Any, notes: tuple[Any, ...] = ()) -> Any:
    """An annotation in plain words."""
    if get_origin(annotation) is Annotated:
        return described(get_args(annotation)[0], get_args(annotation)[1:])
    if type(None) in get_args(annotation):
        return ("optional", described(next(a for a in get_args(annotation) if a is not type(None)), notes))
    if get_origin(annotation) is list:
        return ("list", described(*get_args(annotation)))
    if get_origin(annotation) is dict:
        return ("dict", *map(described, get_args(annotation)))
    if issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return tuple((name, described(f.annotation, tuple(f.metadata)), f.description) for name, f in fields.items())
    if annotation is Decimal:
        limits = [vars(m) if hasattr(m, "__dict__") else {} for n in notes for m in getattr(n, "metadata", [n])]
        digits, places = (next(x[k] for x in limits if k in x) for k in ("max_digits", "decimal_places"))
        return f"decimal({digits}, {places})"
    arrow = next((n for n in notes if isinstance(n, pa.DataType)), None)
    return annotation.__name__ + (f" as {arrow}" if arrow is not None else "")


def _pair(item: Any) -> Any:
    return tuple[item, item]


DOCS = st.none() | st.sampled_from(["what it is", "two\nlines", "übergroß"])


def slot(kind: Any, optional: bool, name: str = "", doc: str | None = None) -> Slot:
    """A slot, optional if pyiceberg can keep a null there.

    It stores a null list or map of structs as an empty one: github.com/apache/iceberg-python/issues/3833
    """
    return Slot(
        kind, optional and not isinstance(getattr(getattr(kind, "item", None), "kind", None), Struct), name, doc
    )


def structs(depth: int, slot: Any = slot) -> st.SearchStrategy[Struct]:
    def named(slots: list[tuple[Any, bool, str | None]]) -> Struct:
        return Struct(tuple(slot(kind, o, f"f{i}", doc) for i, (kind, o, doc) in enumerate(slots)))

    return st.lists(st.tuples(kinds(depth - 1, slot), st.booleans(), DOCS), min_size=1, max_size=4).map(named)


def kinds(depth: int, slot: Any) -> st.SearchStrategy[Any]:
    leaves = st.sampled_from(LEAVES)
    if not depth:
        return leaves
    inner = kinds(depth - 1, slot)
    items = st.builds(slot, inner, st.booleans())
    keys = leaves.filter(lambda leaf: leaf.key)
    return st.one_of(
        leaves,
        st.builds(Listed, items, st.just(list), st.just(lambda item: list[item])),
        st.builds(Listed, items, st.just(tuple), st.sampled_from([lambda item: tuple[item, ...], _pair])),
        st.builds(Listed, st.builds(Slot, keys, st.just(False)), st.just(set), st.just(lambda item: set[item])),
        st.builds(Mapped, keys, items),
        structs(depth, slot),
    )


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
