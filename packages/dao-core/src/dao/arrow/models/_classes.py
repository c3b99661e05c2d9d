"""Record classes generated from Arrow schemas, for typed rows."""

from __future__ import annotations

import datetime as dt
import keyword
from collections.abc import Callable
from dataclasses import field, make_dataclass
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any, Literal
from uuid import UUID

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen

from dao.arrow.models._annotations import field_of
from dao.arrow.models._notes import default_of, doc_of
from dao.errors import DataError, PluginError, did_you_mean

__all__ = ["model_of"]

_PLAIN: tuple[tuple[Callable[[pa.DataType], bool], Any], ...] = (
    (pt.is_boolean, bool),
    (pt.is_integer, int),
    (pt.is_floating, float),
    (pt.is_decimal, Decimal),
    (pt.is_string, str),
    (pt.is_large_string, str),
    (pt.is_string_view, str),
    (pt.is_binary, bytes),
    (pt.is_large_binary, bytes),
    (pt.is_binary_view, bytes),
    (pt.is_fixed_size_binary, bytes),
    (pt.is_date, dt.date),
    (pt.is_timestamp, dt.datetime),
    (pt.is_time, dt.time),
    (pt.is_duration, dt.timedelta),
    (pt.is_null, type(None)),
)


def model_of(
    schema: Any, *, kind: Literal["dataclass", "attrs", "pydantic"] = "dataclass", name: str = "Row"
) -> type[Any]:
    """Generate a class whose fields are the columns of a schema, keyword-only; nullable fields default to None.

    ``schema_of(model_of(schema))`` equals ``schema``, except for metadata: if a Python type alone would map to another
    Arrow type, the annotation is ``Annotated`` with the right one. Structs become classes of the same kind, named after
    class and field. What fields carry as ``doc`` and ``default``, see :func:`schema_of`, the class's fields have too.

    Args:
        schema: a :class:`pyarrow.Schema`, or anything else that :func:`schema_of` accepts.
        kind: ``dataclass`` and ``attrs`` classes are frozen; ``pydantic`` models validate their values: a decimal's
            digits and whether a moment has a zone too.
        name: the name of the class.

    Raises:
        DataError: an unknown kind, a column whose name can't be the name of a field, a type without a Python type.
        PluginError: pydantic is not installed.

    >>> Flight = model_of({"carrier": "text not null", "delay": "smallint"}, name="Flight")
    >>> Flight(carrier="UA")
    Flight(carrier='UA', delay=None)
    """
    from dao.arrow.models._schema import schema_of

    maker = _MAKERS.get(kind)
    if maker is None:
        raise DataError(f"kind={kind!r} is not known: {did_you_mean(str(kind), _MAKERS)}")
    return _class(list(schema_of(schema)), name, maker)


@frozen
class _Column:
    """A field of a class to be made.

    Attributes:
        annotation: its type, ``| None`` included.
        doc: its description.
        default: its default, as a tuple of one; empty for none.
    """

    annotation: Any
    doc: str | None
    default: tuple[Any, ...]


_Columns = dict[str, _Column]
_Maker = Callable[[str, _Columns], type[Any]]


def _class(columns: list[pa.Field], name: str, maker: _Maker) -> type[Any]:
    for column in columns:
        if not column.name.isidentifier() or keyword.iskeyword(column.name) or column.name.startswith("_"):
            raise DataError(f"column {column.name!r} can't be a field of a class: rename it, or work with the table")
    return maker(name, {c.name: _column(c, f"{name}_{c.name}", maker) for c in columns})


def _column(column: pa.Field, name: str, maker: _Maker) -> _Column:
    default = default_of(column)
    known = column.nullable or default is not None
    return _Column(_annotation(column, name, maker), doc_of(column), (default,) if known else ())


def _annotation(column: pa.Field, name: str, maker: _Maker) -> Any:
    annotation = _python_type(column.type, name, maker)
    if maker is _pydantic:
        annotation = _checked(annotation, column.type)
    if not field_of(column.name, annotation, name).type.equals(column.type):
        annotation = Annotated[annotation, column.type]
    return annotation | None if column.nullable else annotation


def _checked(annotation: Any, kind: pa.DataType) -> Any:
    """An annotation with which pydantic refuses a value that the type can't hold."""
    pydantic = _imported()
    if pt.is_timestamp(kind):
        return pydantic.NaiveDatetime if kind.tz is None else pydantic.AwareDatetime
    if pt.is_decimal(kind) and 0 <= kind.scale <= kind.precision:
        return Annotated[annotation, pydantic.Field(max_digits=kind.precision, decimal_places=kind.scale)]
    return annotation


def _python_type(kind: pa.DataType, name: str, maker: _Maker) -> Any:
    if kind.equals(pa.uuid()):
        return UUID
    if isinstance(kind, pa.BaseExtensionType):
        return _python_type(kind.storage_type, name, maker)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _python_type(kind.value_type, name, maker)
    if pt.is_struct(kind):
        return _class(list(kind), name, maker)
    if pt.is_map(kind):
        key = _annotation(kind.key_field, f"{name}_key", maker)
        return dict[key, _annotation(kind.item_field, f"{name}_value", maker)]  # type: ignore[valid-type,misc]
    if pt.is_nested(kind) and hasattr(kind, "value_field"):
        return list[_annotation(kind.value_field, f"{name}_item", maker)]  # type: ignore[misc]
    for test, python in _PLAIN:
        if test(kind):
            return python
    raise DataError(f"{name}: no Python type corresponds to {kind}")


def _dataclass(name: str, columns: _Columns) -> type[Any]:
    fields = [
        (n, c.annotation, field(**({"default": c.default[0]} if c.default else {}), metadata=_metadata(c)))
        for n, c in columns.items()
    ]
    return make_dataclass(name, fields, frozen=True, kw_only=True, slots=True)


def _attrs(name: str, columns: _Columns) -> type[Any]:
    import attrs

    fields = {
        n: attrs.field(type=c.annotation, default=c.default[0] if c.default else attrs.NOTHING, metadata=_metadata(c))
        for n, c in columns.items()
    }
    made: type[Any] = attrs.make_class(name, fields, frozen=True, kw_only=True, slots=True)
    return made


def _metadata(column: _Column) -> dict[str, str]:
    return {"doc": column.doc} if column.doc else {}


def _pydantic(name: str, columns: _Columns) -> type[Any]:
    pydantic = _imported()
    config = pydantic.ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())
    fields: dict[str, Any] = {
        n: (c.annotation, pydantic.Field(c.default[0] if c.default else ..., description=c.doc))
        for n, c in columns.items()
    }
    made: type[Any] = pydantic.create_model(name, __config__=config, **fields)
    return made


def _imported() -> Any:
    try:
        return import_module("pydantic")
    except ImportError as error:
        raise PluginError("kind='pydantic' needs pydantic: pip install pydantic") from error


_MAKERS: dict[str, _Maker] = {"attrs": _attrs, "dataclass": _dataclass, "pydantic": _pydantic}
