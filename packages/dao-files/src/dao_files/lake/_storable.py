"""The types of Arrow in which a table format keeps values: for each type, the narrowest one that holds all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen

from dao.errors import DataError

__all__ = ["StorableTypes"]

_KEPT = (pt.is_boolean, pt.is_float32, pt.is_float64, pt.is_date32)
_WIDER = {
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
}
_TEXTS = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BYTES = (pt.is_binary, pt.is_large_binary, pt.is_binary_view)
_LISTS = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)
_DIGITS = 38


@frozen(kw_only=True)
class StorableTypes:
    """The types of a format. Decimals have 38 digits at most, and moments are of microseconds.

    Attributes:
        format: its name, for messages.
        whole: for the integers of 8 and 16 bits that aren't kept as they are, those that they become.
        own: what the format keeps beside plain types: for a type the one in which it is kept, None for all others.
        check_names: checks the names of columns, and of the fields of a struct; raises a DataError.

    >>> types = StorableTypes(format="Lake", whole={}, own=lambda kind: None, check_names=lambda names: None)
    >>> print(types.field(pa.field("tags", pa.large_list(pa.large_string())), "tags"))
    pyarrow.Field<tags: list<element: string>>
    """

    format: str
    whole: Mapping[pa.DataType, pa.DataType]
    own: Callable[[pa.DataType], pa.DataType | None]
    check_names: Callable[[Sequence[str]], None]

    def field(self, field: pa.Field, place: str) -> pa.Field:
        """The field in which a field is kept.

        Args:
            field: the column, or the field of a struct.
            place: where it is, for messages.

        Raises:
            DataError: the format has no type for it.
        """
        return pa.field(field.name, self._type(field.type, place), field.nullable)

    def _type(self, kind: pa.DataType, place: str) -> pa.DataType:
        own = self.own(kind)
        if own is not None:
            return own
        if isinstance(kind, pa.BaseExtensionType):
            return self._type(kind.storage_type, place)
        if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
            return self._type(kind.value_type, place)
        plain = self._plain(kind)
        if plain is not None:
            return plain
        nested = self._nested(kind, place)
        if nested is None:
            raise DataError(f"column {place!r} is {kind}, for which {self.format} has no type{_way_out(kind)}")
        return nested

    def _plain(self, kind: pa.DataType) -> pa.DataType | None:
        wider = self.whole.get(kind, _WIDER.get(kind))
        if wider is not None or any(test(kind) for test in _KEPT) or pt.is_signed_integer(kind):
            return kind if wider is None else wider
        if any(test(kind) for test in _TEXTS):
            return pa.string()
        if any(test(kind) for test in _BYTES):
            return pa.binary()
        if pt.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= _DIGITS:
            return pa.decimal128(kind.precision, kind.scale)
        if pt.is_timestamp(kind) and kind.unit != "ns":
            return pa.timestamp("us", "UTC" if kind.tz else None)
        return None

    def _nested(self, kind: pa.DataType, place: str) -> pa.DataType | None:
        if any(test(kind) for test in _LISTS):
            return pa.list_(self._child(kind.value_field, "element", f"{place}[]"))
        if pt.is_map(kind):
            key = self._child(kind.key_field, "key", f"{place}.key")
            return pa.map_(key, self._child(kind.item_field, "value", f"{place}[]"))
        if pt.is_struct(kind) and kind.num_fields:
            self.check_names([field.name for field in kind])
            return pa.struct([self.field(field, f"{place}.{field.name}") for field in kind])
        return None

    def _child(self, field: pa.Field, name: str, place: str) -> pa.Field:
        return pa.field(name, self._type(field.type, place), field.nullable)


def _way_out(kind: pa.DataType) -> str:
    if pt.is_timestamp(kind) or pt.is_time(kind):
        return ": its times are of microseconds; cast to them"
    if pt.is_null(kind):
        return ": cast it to the type that its values will have"
    if pt.is_uint64(kind):
        return ": cast it to int64, or to decimal128(20, 0)"
    return "; cast it"
