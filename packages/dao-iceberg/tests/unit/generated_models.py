"""Models made at random: structs of leaves, lists, maps and other structs, with what their annotations come back as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from itertools import count
from typing import Annotated, Any, Literal, Optional, get_args, get_origin
from uuid import UUID

import attrs
import pyarrow as pa
import pydantic
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime

NUMBERS = count()


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
