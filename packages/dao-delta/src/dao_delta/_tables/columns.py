"""Columns of data files as a table has them: found by the names or ids of its column mapping, in the table's types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import field, frozen

from dao.arrow.convert import cast_array, rebuild_nested
from dao_delta._tables.footers import Footer
from dao_delta._tables.stored_types import is_widening, may_hold, unwrapped

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
        """The name of a column in a file; None if the file lacks it.

        Raises:
            pyarrow.ArrowInvalid: more than one has it, in letters of another case.
        """
        found = self._by_id(stored, name)
        return found if found is not None else _named(stored.names, self.physical(name))

    def agrees(self, stored: pa.Schema, wanted: pa.Field) -> bool:
        """Whether deltalake reads a column of the table right from a file with some columns.

        Args:
            stored: the file's columns.
            wanted: the table's column.
        """
        found = self._exact(stored, wanted.name)
        if found is None:
            return wanted.nullable and not _is_hidden(stored.names, self.physical(wanted.name))
        given = self._by_name.get(wanted.name)
        return self._agrees(stored.field(found).type, None if given is None else given["type"], wanted.type)

    def int96_of(self, footer: Footer, names: Sequence[str]) -> list[str]:
        """The leaves of type INT96 in some columns of a file that has these names exactly."""
        places = [place for name in names if (place := self._exact(footer.schema, name)) is not None]
        return [leaf for leaf in footer.int96 if any(f"{leaf}.".startswith(f"{place}.") for place in places)]

    def _exact(self, stored: pa.Schema, name: str) -> str | None:
        found, physical = self._by_id(stored, name), self.physical(name)
        return found if found is not None else physical if physical in stored.names else None

    def _by_id(self, stored: pa.Schema, name: str) -> str | None:
        if self.mode != "id" or name not in self._by_name:
            return None
        wanted = str(self._by_name[name]["metadata"].get("delta.columnMapping.id")).encode()
        return next((str(one.name) for one in stored if (one.metadata or {}).get(_ID) == wanted), None)

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

    def _agrees(self, stored: pa.DataType, given: Any, kind: pa.DataType, *, whole: bool = False) -> bool:
        """Whether deltalake reads a type right, at every level; ``whole`` forbids structs to lack a field."""
        stored = unwrapped(stored)
        if not pt.is_nested(stored) or stored.equals(kind):
            return is_widening(stored, kind) or bool(pt.is_null(stored))
        if pt.is_struct(stored) and pt.is_struct(kind):
            return self._agrees_struct(stored, given, kind, whole)
        if pt.is_map(stored) != pt.is_map(kind) or not _is_list_or_map(stored) or not _is_list_or_map(kind):
            return False
        inner = [*_inner_types(given), None, None]
        if pt.is_map(kind):
            return self._agrees(stored.key_type, inner[0], kind.key_type, whole=True) and self._agrees(
                stored.item_type, inner[1], kind.item_type, whole=True
            )
        return self._agrees(stored.value_type, inner[0], kind.value_type, whole=whole)

    def _agrees_struct(self, stored: pa.StructType, given: Any, kind: pa.StructType, whole: bool) -> bool:
        known = {one.name: one.type for one in stored}
        if not isinstance(given, Mapping):  # a variant, whose parts have no names in the log
            return known.keys() == {one.name for one in kind} and all(
                self._agrees(known[one.name], None, one.type) for one in kind
            )
        found = 0
        for one, wanted in zip(given["fields"], kind, strict=True):
            name = self._physical(one)
            if name in known:
                found += 1
                if not self._agrees(known[name], one["type"], wanted.type, whole=whole):
                    return False
            elif whole or not wanted.nullable or _is_hidden(known, name):
                return False
        return found > 0

    def _fit(self, array: pa.Array, given: Any, kind: pa.DataType) -> pa.Array:
        if isinstance(array.type, pa.BaseExtensionType):
            array = array.storage
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
            found = _named(stored, self._physical(given))
            if found is None and not wanted.nullable:
                raise pa.ArrowInvalid(f"it lacks the field {wanted.name!r}, which isn't nullable")
            missing = found is None
            children.append(
                pa.nulls(len(array), wanted.type) if missing else self._fit(stored[found], given["type"], wanted.type)
            )
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=array.is_null())


def _inner_types(given: Any) -> tuple[Any, ...]:
    """The types inside a list or a map, in the order in which Arrow has them."""
    if not isinstance(given, Mapping):
        return ()
    return (given["elementType"],) if given["type"] == "array" else (given.get("keyType"), given.get("valueType"))


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    # Arrow would make texts of numbers, and leave out the fields of structs, such as the parts of a shredded variant.
    if not may_hold(unwrapped(array.type), kind):
        raise pa.ArrowNotImplementedError(f"there is no cast from {array.type} to {kind} of a table's column")
    return pa.nulls(len(array), kind) if pt.is_null(array.type) else cast_array(array, kind)


def _named(names: Iterable[str], name: str) -> str | None:
    """The one of some names that is a name, or else that differs from it by the case of letters alone.

    Raises:
        pyarrow.ArrowInvalid: several do.
    """
    names = list(names)
    if name in names:
        return name
    alike = [one for one in names if one.casefold() == name.casefold()]
    if len(alike) > 1:
        raise pa.ArrowInvalid(f"it has {alike}, which differ by the case of letters alone")
    return alike[0] if alike else None


def _is_hidden(names: Iterable[str], name: str) -> bool:
    """Whether one of some names is a name but for the case of letters, so that deltalake doesn't find it."""
    return any(one.casefold() == name.casefold() for one in names)


def _is_list_or_map(kind: pa.DataType) -> bool:
    return bool(pt.is_nested(kind) and not pt.is_struct(kind) and not pt.is_union(kind))
