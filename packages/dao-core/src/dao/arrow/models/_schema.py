"""The schema of a class, a mapping or whatever has one."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, NotRequired

import pyarrow as pa

from dao.arrow.models._annotations import field_of
from dao.errors import DataError

__all__ = ["annotations_of", "fields_of", "schema_of"]


def schema_of(model: Any) -> pa.Schema:
    """The Arrow schema that something declares, its columns in the order of declaration.

    Taken are pydantic models (v2), dataclasses, attrs classes, TypedDicts, NamedTuples; a mapping from names to types;
    a :class:`pyarrow.Schema`, a list of :class:`pyarrow.Field`, and anything that exports ``__arrow_c_schema__``.

    =============================== ===================================================================================
    Python                          Arrow
    =============================== ===================================================================================
    bool, int, float                bool, int64, double
    str, bytes                      string, binary
    date, time, timedelta           date32, time64[us], duration[us]
    datetime                        timestamp[us], without a zone; pydantic's AwareDatetime: timestamp[us, tz=UTC]
    Decimal                         decimal128(38, 18); with pydantic's max_digits and decimal_places their precision
    UUID                            string, 36 characters: few stores have a type of its own for it
    Enum, Literal                   the type of the values: string or int64
    list, set, tuple[T, ...]        list; tuple[T, T] is a fixed_size_list of 2
    dict[K, V]                      map
    a class with fields, a mapping  struct
    T | None                        the same, nullable; without it the column may not be null, whatever its default is
    Annotated[T, pa.int32()]        that type
    =============================== ===================================================================================

    In a mapping a type may also be an Arrow type, another mapping (a struct), or the name of a type, see
    :func:`dao.arrow.models.parse_type`. Such a column may be null unless the name ends with ``not null``. Note that the
    name ``int`` means 32 bits, as in SQL and Arrow, and the Python type ``int`` means 64.

    Raises:
        DataError: a type that means nothing in Arrow, with its place, or something that declares no columns.

    >>> schema_of({"id": "bigint not null", "name": "varchar(20)", "price": "decimal(10, 2)"})
    id: int64 not null
    name: string
    price: decimal128(10, 2)
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Flight:
    ...     carrier: str
    ...     delay: Annotated[int, pa.int16()] | None = None
    >>> schema_of(Flight)
    carrier: string not null
    delay: int16
    """
    if isinstance(model, pa.Schema):
        return model
    if isinstance(model, Sequence) and model and all(isinstance(field, pa.Field) for field in model):
        return pa.schema(model)
    if isinstance(model, Mapping) or annotations_of(model) is not None:
        return pa.schema(fields_of(model, getattr(model, "__name__", "schema"), ()))
    if hasattr(model, "__arrow_c_schema__"):
        return _exported(model)
    shown = model.__qualname__ if isinstance(model, type) else f"a value of type {type(model).__name__}"
    raise DataError(
        f"{shown} declares no columns; what works: a pydantic model, a dataclass, an attrs class, a TypedDict, "
        "a mapping from names to types, a pyarrow.Schema"
    )


def _exported(model: Any) -> pa.Schema:
    try:
        return pa.schema(model)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"{type(model).__name__} exports no schema of columns: {error}") from error


def fields_of(model: Any, path: str, within: tuple[type, ...]) -> list[pa.Field]:
    """The columns of a class with fields or a mapping. ``path`` is where it stands, for messages."""
    if isinstance(model, Mapping):
        annotations: Mapping[str, Any] = model
    else:
        annotations = annotations_of(model) or {}
        within = (*within, model)
        path = path if len(within) > 1 else model.__name__
    bad = next((name for name in annotations if not isinstance(name, str) or not name), None)
    if bad is not None:
        raise DataError(f"{path}: {bad!r} is no column name: names are text")
    return [field_of(name, annotation, f"{path}.{name}", within) for name, annotation in annotations.items()]


def annotations_of(model: Any) -> dict[str, Any] | None:
    """The fields of a class and their annotations, resolved; ``None`` for what is no class with fields."""
    if not isinstance(model, type):
        return None
    if hasattr(model, "__pydantic_complete__") and hasattr(model, "model_fields"):
        return dict(_of_pydantic(model))
    if hasattr(model, "__required_keys__"):  # a TypedDict, typing's or typing_extensions'
        return dict(_of_typed_dict(model))
    if hasattr(model, "__attrs_attrs__"):
        hints = _hints(model)  # older attrs gives a made class no annotations
        return {a.name: hints.get(a.name, a.type) for a in model.__attrs_attrs__}
    if is_dataclass(model):
        names = [f.name for f in fields(model)]
    elif issubclass(model, tuple) and hasattr(model, "_fields"):
        names = list(model._fields)
    else:
        return None
    hints = _hints(model)
    return {name: hints.get(name, Any) for name in names}


def _hints(model: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(model, include_extras=True)
    except NameError as error:
        raise DataError(
            f"{model.__name__} has an annotation that can't be resolved: {error}. "
            "Import the name where the class is, and not only under TYPE_CHECKING"
        ) from error


def _of_pydantic(model: Any) -> Iterator[tuple[str, Any]]:
    """Pydantic keeps what ``Annotated`` and ``Field`` say of a field apart from its type."""
    for name, info in model.model_fields.items():
        yield name, Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def _of_typed_dict(model: Any) -> Iterator[tuple[str, Any]]:
    for name, hint in _hints(model).items():
        # What a field says itself goes first: __required_keys__ is wrong where annotations are postponed.
        says_itself = getattr(typing.get_origin(hint), "_name", None) in ("Required", "NotRequired")
        yield name, hint if says_itself or name in model.__required_keys__ else NotRequired[hint]
