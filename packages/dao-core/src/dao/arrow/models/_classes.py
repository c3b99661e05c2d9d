"""Record classes generated from Arrow schemas, for typed rows."""

from __future__ import annotations

import datetime as dt
import keyword
from collections.abc import Callable
from dataclasses import field, make_dataclass
from decimal import Decimal
from importlib import import_module
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.models._annotations import field_of
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
    class and field.

    Args:
        schema: a :class:`pyarrow.Schema`, or anything else that :func:`schema_of` accepts.
        kind: ``dataclass`` and ``attrs`` classes are frozen; ``pydantic`` models validate their values.
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


_Maker = Callable[[str, dict[str, Any]], type[Any]]


def _class(columns: list[pa.Field], name: str, maker: _Maker) -> type[Any]:
    for column in columns:
        if not column.name.isidentifier() or keyword.iskeyword(column.name) or column.name.startswith("_"):
            raise DataError(f"column {column.name!r} can't be a field of a class: rename it, or work with the table")
    return maker(name, {c.name: _annotation(c, f"{name}_{c.name}", maker) for c in columns})


def _annotation(column: pa.Field, name: str, maker: _Maker) -> Any:
    annotation = _python_type(column.type, name, maker)
    if not field_of(column.name, annotation, name).type.equals(column.type):
        annotation = Annotated[annotation, column.type]
    return annotation | None if column.nullable else annotation


def _python_type(kind: pa.DataType, name: str, maker: _Maker) -> Any:
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


def _dataclass(name: str, annotations: dict[str, Any]) -> type[Any]:
    columns = [(n, a, field(default=None)) if _nullable(a) else (n, a) for n, a in annotations.items()]
    return make_dataclass(name, columns, frozen=True, kw_only=True, slots=True)


def _attrs(name: str, annotations: dict[str, Any]) -> type[Any]:
    import attrs

    columns = {n: attrs.field(type=a, default=None if _nullable(a) else attrs.NOTHING) for n, a in annotations.items()}
    made: type[Any] = attrs.make_class(name, columns, frozen=True, kw_only=True, slots=True)
    return made


def _pydantic(name: str, annotations: dict[str, Any]) -> type[Any]:
    try:
        pydantic = import_module("pydantic")
    except ImportError as error:
        raise PluginError("kind='pydantic' needs pydantic: pip install pydantic") from error
    config = pydantic.ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())
    columns: dict[str, Any] = {n: (a, None if _nullable(a) else ...) for n, a in annotations.items()}
    made: type[Any] = pydantic.create_model(name, __config__=config, **columns)
    return made


def _nullable(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ()) or annotation is type(None)


_MAKERS: dict[str, _Maker] = {"attrs": _attrs, "dataclass": _dataclass, "pydantic": _pydantic}
