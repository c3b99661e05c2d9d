"""Columns of data files as a table has them: found by field ids, at any depth, in the table's names and types.

Source: the Iceberg specification, "Column Projection" and "Name Mapping".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen
from pyiceberg.table.name_mapping import MappedField, NameMapping
from pyiceberg.types import ListType, MapType, NestedField, StructType

from dao.arrow.convert import cast_array, rebuild_nested
from dao.errors import StoreError, UnsupportedError
from dao_iceberg._tables.schemas import arrow_field, field_id

__all__ = ["Found", "find_columns", "with_mapped_ids"]


@frozen(eq=False, slots=False)
class Found:
    """Where a column of a table is in a file.

    Attributes:
        wanted: the column.
        stored: the column of the file; None if the file lacks it.
        constant: what all rows have then, as an Arrow scalar.
    """

    wanted: NestedField
    stored: pa.Field | None
    constant: pa.Scalar | None = None

    @property
    def field(self) -> pa.Field:
        """The column in Arrow."""
        return arrow_field(self.wanted)

    @cached_property
    def is_plain(self) -> bool:
        """Whether the file has it as the table has it, in name and type, and with the same ids inside."""
        return self.stored is not None and arrow_field(self.wanted, ids=True).equals(
            self.stored.with_nullable(not self.wanted.required), check_metadata=not self.wanted.field_type.is_primitive
        )

    def column(self, batch: pa.RecordBatch) -> pa.Array:
        """The column of some rows of the file.

        Raises:
            UnsupportedError: the file has it in a type that can't be read as the table's.
        """
        if self.stored is None:
            assert self.constant is not None
            return pa.repeat(self.constant, batch.num_rows)
        try:
            return _fit(batch.column(self.stored.name), self.stored, self.wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnsupportedError(
                f"column {self.wanted.name!r}: the file has it as {self.stored.type}, which can't be read as "
                f"{self.wanted.field_type}: {error}"
            ) from error


def find_columns(fields: Sequence[NestedField], stored: pa.Schema, constants: Mapping[int, pa.Scalar]) -> list[Found]:
    """Where columns of a table are in a file.

    Args:
        fields: the columns.
        stored: the columns of the file, with ids.
        constants: the values, by id, of columns that a file may lack since its partition has them.

    Raises:
        StoreError: the file lacks a column that may not be null.
    """
    by_id = {field_id(one): one for one in stored}
    return [_found(one, by_id.get(one.field_id), constants) for one in fields]


def _found(wanted: NestedField, stored: pa.Field | None, constants: Mapping[int, pa.Scalar]) -> Found:
    if stored is not None:
        return Found(wanted, stored)
    constant = constants.get(wanted.field_id)
    return Found(wanted, None, _absent(wanted) if constant is None else constant)


def _absent(wanted: NestedField) -> pa.Scalar:
    """What rows have in a column that their file is older than.

    Raises:
        StoreError: null, which the column doesn't allow.
    """
    kind = arrow_field(wanted).type
    default = wanted.initial_default
    if default is None and wanted.required:
        raise StoreError(f"column {wanted.name!r} may not be null, and a data file lacks it")
    return pa.scalar(None if default is None else _default(default, kind), kind)


def _default(value: Any, kind: pa.DataType) -> Any:
    """A default value of a schema as Arrow takes it: moments and dates are counts there."""
    if isinstance(value, int) and not isinstance(value, bool) and (pt.is_temporal(kind)):
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.scalar(value, width).cast(kind)
    return value


def _fit(array: pa.Array, stored: pa.Field, wanted: NestedField) -> pa.Array:
    """A column of a file in the type of the table.

    Args:
        array: the column.
        stored: as the file has it, with ids at every depth, which the array's own type may lack.
        wanted: as the table has it.
    """
    kind, into, found = wanted.field_type, arrow_field(wanted).type, stored.type
    if isinstance(kind, StructType):
        return _fit_struct(array, found, kind, into)
    if isinstance(kind, ListType) and _is_list(array.type):
        return _rebuilt(array, into, [(found.value_field, kind.element_field)])
    if isinstance(kind, MapType) and pt.is_map(array.type):
        pairs = [(found.key_field, kind.key_field), (found.item_field, kind.value_field)]
        return _rebuilt(array, into, pairs)
    return _cast(array, into)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind))


def _rebuilt(array: pa.Array, into: pa.DataType, parts: Sequence[tuple[pa.Field, NestedField]]) -> pa.Array:
    waiting = iter(parts)
    found = rebuild_nested(array, into, lambda part, _: _fit(part, *next(waiting)))
    if found is None:
        raise pa.ArrowNotImplementedError(f"there is no cast from {array.type} to {into}")
    return found


def _fit_struct(array: pa.Array, found: pa.DataType, kind: StructType, into: pa.StructType) -> pa.Array:
    """The fields of a struct, by their ids; those that the file lacks are null or have their default."""
    if not pt.is_struct(array.type):
        raise pa.ArrowNotImplementedError(f"there is no cast from {array.type} to {into}")
    stored = {field_id(one): (one, part) for one, part in zip(found, array.flatten(), strict=True)}
    children = []
    for wanted in kind.fields:
        if wanted.field_id in stored:
            one, part = stored[wanted.field_id]
            children.append(_fit(part, one, wanted))
        else:
            children.append(pa.repeat(_absent(wanted), len(array)))
    return pa.StructArray.from_arrays(children, fields=list(into), mask=array.is_null())


def _cast(array: pa.Array, into: pa.DataType) -> pa.Array:
    found = array.type
    if found.equals(into):
        return array
    if isinstance(found, pa.BaseExtensionType) and not isinstance(into, pa.BaseExtensionType):
        return _cast(array.storage, into)
    if into == pa.uuid() and pt.is_fixed_size_binary(found):
        return pa.ExtensionArray.from_storage(into, _cast(array, into.storage_type))
    # Arrow would make texts of numbers, zones of none, and cut times of day off.
    loses_time = pt.is_timestamp(found) and pt.is_date(into)
    if loses_time or pt.is_nested(found) or _family(found) != _family(into):
        raise pa.ArrowNotImplementedError(f"there is no cast from {found} to {into} of a table's column")
    return cast_array(array, into)


def _family(kind: pa.DataType) -> str:
    if pt.is_dictionary(kind):
        return _family(kind.value_type)
    for name, tests in _FAMILIES.items():
        if any(test(kind) for test in tests):
            return name
    return str(kind)


_FAMILIES: Mapping[str, Sequence[Any]] = {
    "integers": (pt.is_integer,),
    "floats": (pt.is_floating,),
    "decimals": (pt.is_decimal,),
    # A file without annotations has texts as bytes.
    "bytes": (pt.is_binary, pt.is_large_binary, pt.is_string, pt.is_large_string, pt.is_fixed_size_binary),
    "moments": (pt.is_timestamp, pt.is_date),
    "times": (pt.is_time,),
}


def with_mapped_ids(stored: pa.Schema, mapping: NameMapping | None, path: str) -> pa.Schema:
    """The columns of a file with ids: its own, or else those of the table's name mapping.

    Args:
        stored: the columns of the file.
        mapping: of the table.
        path: the file, for the error.

    Raises:
        UnsupportedError: the file has no ids, and the table no mapping.
    """
    if _has_ids(stored):
        return stored
    if mapping is None:
        raise UnsupportedError(
            f"the file {path!r} has no field ids, and its table no name mapping (schema.name-mapping.default): "
            "which column is which can't be told"
        )
    return pa.schema([_mapped(one, mapping.root) for one in stored])


def _has_ids(fields: Any) -> bool:
    return any(field_id(one) is not None or (pt.is_struct(one.type) and _has_ids(one.type)) for one in fields)


def _mapped(field: pa.Field, among: Sequence[MappedField]) -> pa.Field:
    found = next((one for one in among if field.name in one.names), None)
    if found is None:
        return field
    made = field.with_type(_mapped_type(field.type, found.fields))
    return made if found.field_id is None else made.with_metadata({"PARQUET:field_id": str(found.field_id)})


def _mapped_type(kind: pa.DataType, among: Sequence[MappedField]) -> pa.DataType:
    if pt.is_struct(kind):
        return pa.struct([_mapped(one, among) for one in kind])
    if pt.is_list(kind):
        return pa.list_(_mapped(kind.value_field.with_name("element"), among))
    if pt.is_map(kind):
        key, value = kind.key_field.with_name("key"), kind.item_field.with_name("value")
        return pa.map_(_mapped(key, among), _mapped(value, among))
    return kind
