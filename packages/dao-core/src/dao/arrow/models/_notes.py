"""What a class says about its fields beyond their types, as metadata of Arrow fields."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.types as pt
from attrs import NOTHING

from dao.arrow.models._fields import pydantic_fields
from dao.errors import DataError

__all__ = ["default_of", "doc_of", "notes_of"]


def notes_of(model: Any) -> dict[str, dict[str, str]]:
    """The notes about each field of a class that has any: ``doc``, ``default`` and ``aliases``.

    See :func:`dao.arrow.models.schema_of` for what they hold.
    """
    found = {name: dict(_written(facts)) for name, facts in _facts(model)}
    return {name: notes for name, notes in found.items() if notes}


def doc_of(field: pa.Field) -> str | None:
    """The description that a field carries."""
    return _note(field, b"doc")


def default_of(field: pa.Field) -> Any:
    """Return the default that a field carries, see :func:`dao.arrow.schema_of`, as a Python value; None for none.

    Raises:
        DataError: it is no value of the field's type.

    >>> default_of(pa.field("day", pa.date32(), metadata={"default": '"2026-01-02"'}))
    datetime.date(2026, 1, 2)
    """
    text = _note(field, b"default")
    if text is None:
        return None
    try:
        return _value(json.loads(text), field.type)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise DataError(f"column {field.name!r}: its default {text} is no value of type {field.type}") from error


def _note(field: pa.Field, key: bytes) -> str | None:
    note = (field.metadata or {}).get(key)
    return None if note is None else note.decode()


_Facts = tuple[Any, Any, Iterable[str]]
"""A field's description, its default (None for none) and its other names."""


def _facts(model: Any) -> Iterator[tuple[str, _Facts]]:
    if isinstance(model, Mapping):
        return
    infos = pydantic_fields(model)
    if infos is not None:
        for name, info in infos.items():
            default = None if info.is_required() or info.default_factory is not None else info.default
            yield name, (info.description, default, _other_names(name, info))
    elif hasattr(model, "__attrs_attrs__"):
        for a in model.__attrs_attrs__:
            default = None if a.default is NOTHING else a.default  # NOTHING is an Enum: it has a value
            yield a.name, (a.metadata.get("doc"), default, ())
    elif is_dataclass(model):
        for f in fields(model):
            yield f.name, (f.metadata.get("doc"), f.default, ())
    else:
        for name, default in getattr(model, "_field_defaults", {}).items():
            yield name, (None, default, ())


def _other_names(name: str, info: Any) -> list[str]:
    """The names under which pydantic also takes a field, and those it says that it had, without its own."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, Mapping) else {}
    renamed = extra.get("renamed_from", ())
    choices = [info.alias, *getattr(info.validation_alias, "choices", [info.validation_alias])]
    names = dict.fromkeys(
        n for n in (*choices, *([renamed] if isinstance(renamed, str) else renamed)) if isinstance(n, str)
    )
    return [other for other in names if other != name]


def _written(facts: _Facts) -> Iterator[tuple[str, str]]:
    doc, default, aliases = facts
    if doc:
        yield "doc", str(doc)
    plain = _plain(default)
    if plain is not None:
        yield "default", json.dumps(plain, ensure_ascii=False)
    if names := list(aliases):
        yield "aliases", json.dumps(names, ensure_ascii=False)


def _plain(default: Any) -> Any:
    """A default as JSON has it; None if there is none, or if it is no single value, such as a list."""
    value = default.value if isinstance(default, Enum) else default
    if isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    return str(value) if isinstance(value, (Decimal, UUID)) else None


def _value(plain: Any, kind: pa.DataType) -> Any:
    if pt.is_decimal(kind):
        return Decimal(str(plain))
    if pt.is_timestamp(kind):
        return dt.datetime.fromisoformat(plain)
    if pt.is_date(kind):
        return dt.date.fromisoformat(plain)
    if pt.is_time(kind):
        return dt.time.fromisoformat(plain)
    if pt.is_duration(kind):
        return dt.timedelta(microseconds=plain)
    if kind.equals(pa.uuid()):
        return UUID(plain)
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind):
        return bytes.fromhex(plain)
    return float(plain) if pt.is_floating(kind) else pa.scalar(plain, kind).as_py()
