"""Columns of data files as a table has them: found by the names or ids of its column mapping, in the table's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import field, frozen

from dao.arrow.convert import cast_array, rebuild_nested

__all__ = ["ColumnMapping"]

_ID = b"PARQUET:field_id"


@frozen
class ColumnMapping:
    """Under which names a table's columns are in its data files.

    Attributes:
        fields: the columns in Delta's JSON; empty where files have the table's own names.
        mode: ``none``, ``name`` or ``id``.
    """

    fields: Sequence[Mapping[str, Any]] = ()
    mode: str = "none"
    _by_name: Mapping[str, Mapping[str, Any]] = field(init=False, repr=False)

    @_by_name.default
    def _index(self) -> Mapping[str, Mapping[str, Any]]:
        return {one["name"]: one for one in self.fields}

    def physical(self, name: str) -> str:
        """The name of a column in the log, and in files."""
        return self._physical(self._by_name[name]) if name in self._by_name else name

    def find(self, stored: pa.Schema, name: str) -> str | None:
        """The name of a column in a file; None if the file lacks it."""
        if self.mode == "id" and name in self._by_name:
            wanted = str(self._by_name[name]["metadata"].get("delta.columnMapping.id")).encode()
            found = next((one.name for one in stored if (one.metadata or {}).get(_ID) == wanted), None)
            if found is not None:
                return str(found)
        physical = self.physical(name)
        return physical if physical in stored.names else None

    def fit(self, array: pa.Array, wanted: pa.Field) -> pa.Array:
        """A column of a file in the type of the table.

        Raises:
            pyarrow.ArrowInvalid: a value that the type can't hold.
            pyarrow.ArrowNotImplementedError: there is no cast between the types.
        """
        given = self._by_name.get(wanted.name)
        return self._fit(array, None if given is None else given["type"], wanted.type)

    def _physical(self, given: Mapping[str, Any]) -> str:
        name: str = given["name"]
        return name if self.mode == "none" else given["metadata"].get("delta.columnMapping.physicalName", name)

    def _fit(self, array: pa.Array, given: Any, kind: pa.DataType) -> pa.Array:
        if array.type.equals(kind):
            return array
        inner = _inner_types(given)
        if pt.is_struct(array.type) and pt.is_struct(kind) and isinstance(given, Mapping):
            return self._fit_struct(array, given["fields"], kind)
        nested = None
        if pt.is_nested(array.type):
            parts = iter(inner)
            nested = rebuild_nested(array, kind, lambda part, into: self._fit(part, next(parts, None), into))
        return _cast(array, kind) if nested is None else nested

    def _fit_struct(self, array: pa.Array, fields: Sequence[Mapping[str, Any]], kind: pa.StructType) -> pa.Array:
        """The fields of a struct; those that the file lacks are null."""
        stored = dict(zip((one.name for one in array.type), array.flatten(), strict=True))
        children = []
        for given, wanted in zip(fields, kind, strict=True):
            found = stored.get(self._physical(given))
            missing = found is None
            children.append(
                pa.nulls(len(array), wanted.type) if missing else self._fit(found, given["type"], wanted.type)
            )
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=array.is_null())


def _inner_types(given: Any) -> tuple[Any, ...]:
    """The types inside a list or a map, in the order in which Arrow has them."""
    if not isinstance(given, Mapping):
        return ()
    return (given["elementType"],) if given["type"] == "array" else (given.get("keyType"), given.get("valueType"))


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    # Arrow would make texts of numbers, and leave out the fields of structs, such as the parts of a shredded variant.
    if pt.is_nested(array.type) or _is_text(array.type) != _is_text(kind):
        raise pa.ArrowNotImplementedError(f"there is no cast from {array.type} to {kind} of a table's column")
    return cast_array(array, kind)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))
