"""Conversion of Python annotations to Arrow types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence, Set
from decimal import Decimal
from enum import Enum
from itertools import chain
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin
from uuid import UUID

import pyarrow as pa
from attrs import evolve, field, frozen

from dao.arrow.models._fields import annotations_of
from dao.arrow.models._notes import notes_of
from dao.arrow.models._typenames import parse_field
from dao.errors import DataError

__all__ = ["Reading", "field_of", "fields_of"]

_PLAIN: dict[type, pa.DataType] = {
    NoneType: pa.null(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    bytearray: pa.binary(),
    dt.datetime: pa.timestamp("us"),
    dt.date: pa.date32(),
    dt.time: pa.time64("us"),
    dt.timedelta: pa.duration("us"),
    UUID: pa.string(),
}
"""Arrow types by Python type, looked up in MRO order: ``class UserId(str)`` is text, a ``datetime`` no ``date``."""
_PYDANTIC = {
    "AwareDatetime": pa.timestamp("us", "UTC"),
    "NaiveDatetime": pa.timestamp("us"),
    "PastDatetime": pa.timestamp("us"),
    "FutureDatetime": pa.timestamp("us"),
    "PastDate": pa.date32(),
    "FutureDate": pa.date32(),
    "EmailStr": pa.string(),
}
_DEFAULT_DECIMAL = (38, 18)
_LISTS = (list, set, frozenset, Sequence, MutableSequence, Set)
_MAPS = (dict, Mapping, MutableMapping)
_WORKS = (
    "bool, int, float, str, bytes, date, datetime, time, timedelta, Decimal, UUID, Enum, Literal, list[...], "
    "dict[..., ...], a class with fields, any of them with '| None', an Arrow type or its name, "
    "or Annotated[..., pa.int32()]"
)


@frozen
class Reading:
    """How annotations are read.

    Attributes:
        uuid: the type of UUIDs.
        notes: whether fields get what their class says about them as metadata.
        within: the classes that contain the annotation, innermost last: a class that contains itself has no schema.
    """

    uuid: pa.DataType = field(factory=pa.string)
    notes: bool = False
    within: tuple[type, ...] = ()


_WRAPPERS = ("Required", "NotRequired", "ReadOnly", "Final", "ClassVar")


def fields_of(model: Any, path: str, reading: Reading) -> list[pa.Field]:
    """The columns of a class with fields or of a mapping.

    Args:
        model: the class or mapping.
        path: its path, such as ``Flight.carrier``, for messages.
        reading: how its annotations are read.
    """
    if isinstance(model, Mapping):
        annotations: Mapping[str, Any] = model
    else:
        annotations = annotations_of(model) or {}
        reading = evolve(reading, within=(*reading.within, model))
        path = path if len(reading.within) > 1 else model.__name__
    bad = next((name for name in annotations if not isinstance(name, str) or not name), None)
    if bad is not None:
        raise DataError(f"{path}: {bad!r} is no column name: names are text")
    notes = notes_of(model) if reading.notes else {}
    found = [field_of(name, annotation, f"{path}.{name}", reading) for name, annotation in annotations.items()]
    return [one.with_metadata(notes[one.name]) if one.name in notes else one for one in found]


def field_of(name: str, annotation: Any, path: str, reading: Reading = Reading()) -> pa.Field:
    """Convert one annotation to a column: its type and its nullability.

    Args:
        name: the column's name.
        annotation: a Python type, an Arrow type or field, or the name of a type.
        path: the annotation's path, such as ``Flight.carrier``, for messages.
        reading: how it is read.

    Raises:
        DataError: the annotation has no Arrow equivalent; the message says what would work.
    """
    if isinstance(annotation, pa.Field):
        return annotation.with_name(name)
    if isinstance(annotation, str):
        return parse_field(name, annotation)
    if isinstance(annotation, pa.DataType):
        return pa.field(name, annotation)
    if isinstance(annotation, Mapping):
        return pa.field(name, struct_of(annotation, path, reading))
    nullable, inner, notes = _unwrap(annotation, path)
    return pa.field(name, _type(inner, notes, path, reading), nullable)


def _unwrap(annotation: Any, path: str) -> tuple[bool, Any, tuple[Any, ...]]:
    """Strip ``| None``, ``Annotated`` and other wrappers: nullability, the bare type, the metadata of ``Annotated``."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *notes = get_args(annotation)
        nullable, inner, more = _unwrap(inner, path)
        return nullable, inner, (*more, *chain.from_iterable([n, *getattr(n, "metadata", ())] for n in notes))
    if origin in (Union, UnionType):
        return _of_union(annotation, path)
    if getattr(origin, "_name", None) in _WRAPPERS:
        nullable, inner, notes_ = _unwrap(get_args(annotation)[0], path)
        return nullable or origin._name == "NotRequired", inner, notes_
    if annotation is None or annotation is NoneType:
        return True, NoneType, ()
    if isinstance(annotation, NewType):
        return _unwrap(annotation.__supertype__, path)
    if type(annotation).__name__ == "TypeAliasType":  # ``type X = ...`` of Python 3.12
        return _unwrap(annotation.__value__, path)
    return False, annotation, ()


def _of_union(annotation: Any, path: str) -> tuple[bool, Any, tuple[Any, ...]]:
    members = [m for m in get_args(annotation) if m is not NoneType]
    if len(members) != 1:
        raise _unknown(annotation, path, "a column has one type")
    _, inner, notes = _unwrap(members[0], path)
    return len(members) < len(get_args(annotation)), inner, notes


def _type(annotation: Any, notes: tuple[Any, ...], path: str, reading: Reading) -> pa.DataType:
    arrow = [n for n in notes if isinstance(n, pa.DataType)]
    if arrow:
        return arrow[-1]
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        return _type_of_values(get_args(annotation), annotation, path)
    if isinstance(origin, type):
        return _type_of_class(origin, annotation, notes, path, reading)
    raise _unknown(annotation, path)


def _type_of_class(kind: type, annotation: Any, notes: tuple[Any, ...], path: str, reading: Reading) -> pa.DataType:
    if annotations_of(kind) is not None:
        return struct_of(kind, path, reading)
    if issubclass(kind, Enum):
        return _type_of_values([member.value for member in kind], annotation, path)
    if issubclass(kind, Decimal):
        return _decimal(notes)
    if kind in _LISTS or kind is tuple:
        return _list(annotation, path, reading)
    if kind in _MAPS:
        return _map(annotation, path, reading)
    if kind.__module__.startswith("pydantic") and kind.__name__ in _PYDANTIC:
        return _PYDANTIC[kind.__name__]
    if issubclass(kind, UUID):
        return reading.uuid
    for base in kind.__mro__:
        if base in _PLAIN:
            return _PLAIN[base]
        if base.__module__ == "numpy":
            return _numpy(kind, path)
    raise _unknown(annotation, path)


def struct_of(model: Any, path: str, reading: Reading) -> pa.DataType:
    """The struct type of a class with fields, or of a mapping of names to types."""
    if model in reading.within if isinstance(model, type) else False:
        raise DataError(
            f"{path}: {model.__name__} contains itself, which no schema can: leave that field out or make it text"
        )
    return pa.struct(fields_of(model, path, reading))


def _type_of_values(values: Sequence[Any], annotation: Any, path: str) -> pa.DataType:
    """The Arrow type of an Enum's values or a Literal's choices."""
    kinds = {type(v) for v in values if v is not None}
    plain = {
        _PLAIN[base] for kind in kinds for base in kind.__mro__[:-1] if base in _PLAIN and not issubclass(kind, Enum)
    }
    if len(plain) == 1 and len(kinds) == 1:
        return plain.pop()
    if kinds and all(issubclass(kind, Enum) for kind in kinds):
        return _type_of_values([v.value for v in values if v is not None], annotation, path)
    raise _unknown(annotation, path, "its values have to be all text or all integers")


def _decimal(notes: Sequence[Any]) -> pa.DataType:
    digits, places = (
        next((value for n in notes if (value := getattr(n, limit, None)) is not None), None)
        for limit in ("max_digits", "decimal_places")
    )
    if digits is None:
        return pa.decimal128(_DEFAULT_DECIMAL[0], _DEFAULT_DECIMAL[1] if places is None else places)
    if places is None:  # any of the digits may be after the point, so that both sides need room for them
        places = min(_DEFAULT_DECIMAL[1], digits)
        digits = max(digits, min(digits + places, _DEFAULT_DECIMAL[0]))
    return pa.decimal128(digits, places) if digits <= 38 else pa.decimal256(digits, places)


def _list(annotation: Any, path: str, reading: Reading) -> pa.DataType:
    items = [a for a in get_args(annotation) if a is not Ellipsis]
    if not items or any(isinstance(item, TypeVar) for item in items):
        raise _unknown(annotation, path, "give the item type, as in list[int]")
    item, *others = (field_of("item", one, f"{path}[]", reading) for one in items)
    if any(other != item for other in others):
        raise _unknown(annotation, path, "the items of a tuple have to be of one type; make it a class")
    fixed = (get_origin(annotation) or annotation) is tuple and Ellipsis not in get_args(annotation)
    return pa.list_(item, len(items)) if fixed else pa.list_(item)


def _map(annotation: Any, path: str, reading: Reading) -> pa.DataType:
    arguments = get_args(annotation)
    if len(arguments) != 2 or any(isinstance(a, TypeVar) for a in arguments):
        raise _unknown(annotation, path, "give the key and value types, as in dict[str, int]")
    key = field_of("key", arguments[0], f"{path}.key", reading)
    return pa.map_(key.type, field_of("value", arguments[1], f"{path}.value", reading))


def _numpy(kind: type, path: str) -> pa.DataType:
    try:
        return pa.from_numpy_dtype(kind)
    except (pa.ArrowNotImplementedError, TypeError) as error:
        raise _unknown(kind, path) from error


def _unknown(annotation: Any, path: str, why: str = "") -> DataError:
    shown = annotation.__qualname__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    return DataError(f"{path} is {shown}, which is no column type: {why or 'what works: ' + _WORKS}")
