"""Digests of rows and of requests, by which a backend tells whether a call with an ``idempotency_key=`` is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import frozen

from dao.arrow.convert import cast_array
from dao.errors import DataError, UnsupportedError
from dao.memory import current

__all__ = ["RequestDigest", "RowsDigest"]

_SIZE = 16
"""Bytes of a digest: two different requests of one key are equal by accident once in 2**128."""

_CALL = 16
"""Digits of a request's text that stand for its action and arguments."""

_SLICE = 1 << 16
"""The most rows of a slice that is decoded at once, which takes memory beside that of the rows."""


class RowsDigest:
    """The digest of a stream of rows, taken batch by batch. It holds no rows.

    It is equal for equal rows in the same order under the same column names and types, however they are laid out:
    in whichever batches and slices, as dictionaries, runs, views or large offsets, with whatever is in memory below
    nulls. Floats are compared by their bits, so ``0.0`` and ``-0.0`` differ. Metadata of the schema, and whether a
    column is nullable, don't count.

    Args:
        schema: the schema of the rows.

    Raises:
        UnsupportedError: a column is a union, or has one inside.

    >>> one, other = RowsDigest(pa.schema({"id": pa.int64()})), RowsDigest(pa.schema({"id": pa.int64()}))
    >>> one.update(pa.record_batch({"id": [1, 2]}))
    >>> for row in (1, 2):
    ...     other.update(pa.record_batch({"id": [row]}))
    >>> one.hexdigest() == other.hexdigest()
    True
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._names = [[field.name, _type_text(field.type, field.name)] for field in schema]
        self._kinds = [_plain_type(field.type) for field in schema]
        self._columns = [_Values(kind) for kind in self._kinds]
        self._rows = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Append the rows of a batch, whose columns are those of the schema in the same order.

        Raises:
            UnsupportedError: Arrow can't decode the layouts of a column.
        """
        size = _slice_rows(batch)
        for start in range(0, batch.num_rows, size):
            part = batch.slice(start, size)
            for column, field, kind, values in zip(part.columns, part.schema, self._kinds, self._columns, strict=True):
                try:
                    values.add(cast_array(column, kind))
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    raise UnsupportedError(
                        f"idempotency_key: column {field.name!r} of type {field.type} has rows that Arrow can't bring "
                        f"into a form to compare: {error}"
                    ) from error
        self._rows += batch.num_rows

    def hexdigest(self) -> str:
        """Return the digest of the rows so far, as 32 hexadecimal digits."""
        whole = _hash(json.dumps(self._names).encode())
        whole.update(_number(self._rows))
        for values in self._columns:
            values.finish(whole)
        return str(whole.hexdigest())


@frozen
class RequestDigest:
    """The digest of one call: its action, its arguments and its rows.

    Attributes:
        text: 48 hexadecimal digits: 16 of the action and the arguments, 32 of the rows.
    """

    text: str

    @classmethod
    def of(cls, action: str, arguments: Mapping[str, Any], rows: RowsDigest | None = None) -> RequestDigest:
        """Compute it; the same for arguments that are None as for none, and for a list as for a tuple.

        Args:
            action: the name of the action.
            arguments: the arguments that change the outcome: texts, numbers, booleans, lists and mappings of such, or
                Arrow schemas. A predicate is given as ``str(parse(where))``, so that each notation of it is the same.
            rows: the digest of the data, whose rows have all been read; None for an action without data.

        Raises:
            DataError: an argument of another type.

        >>> asked = RequestDigest.of("delete", {"where": "id = 1"})
        >>> asked == RequestDigest.of("delete", {"where": "id = 1", "path": None})
        True
        >>> asked == RequestDigest.of("delete", {"where": "id = 2"})
        False
        """
        given = {name: _encodable(name, value) for name, value in arguments.items() if value is not None}
        call = _hash(json.dumps([action, given], sort_keys=True).encode()).hexdigest()[:_CALL]
        return cls(call + ("0" * 2 * _SIZE if rows is None else rows.hexdigest()))

    def difference(self, known: str) -> str:
        """What is another than in the call of a text that was kept; empty where that is the same call.

        >>> first, second = RequestDigest.of("delete", {"where": "a"}), RequestDigest.of("delete", {"where": "b"})
        >>> second.difference(first.text)
        'the action or an argument differs'
        """
        is_call, is_rows = known[:_CALL] != self.text[:_CALL], known[_CALL:] != self.text[_CALL:]
        call, rows = "the action or an argument", "the rows, their order or their types differ"
        if is_call and is_rows:
            return f"{call} and {rows}"
        return f"{call} differs" if is_call else rows if is_rows else ""

    @property
    def number(self) -> int:
        """The digest as a number of 63 bits, for stores that keep a number with a key."""
        return int(_hash(self.text.encode()).hexdigest()[:16], 16) >> 1


def _slice_rows(batch: pa.RecordBatch) -> int:
    """Return how many rows to decode at once: fewer where the texts of a dictionary are long."""
    dictionaries = [column.dictionary for column in batch.columns if pt.is_dictionary(column.type)]
    longest = max((values.nbytes // len(values) for values in dictionaries if len(values)), default=0)
    return max(1, min(_SLICE, current().chunk // max(longest, 1)))


def _encodable(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [_encodable(name, item) for item in value]
    if isinstance(value, Mapping):
        return [[_encodable(name, part) for part in item] for item in sorted(value.items())]
    if isinstance(value, pa.Schema):
        return [[field.name, _type_text(field.type, field.name)] for field in value]
    raise DataError(
        f"{name}: found a {type(value).__qualname__}, with which that of a later call of the same idempotency_key "
        "can't be compared"
    )


def _type_text(kind: pa.DataType, column: str) -> str:
    """Name a type without its layout: the same text for all types that hold the same values.

    Raises:
        UnsupportedError: it is a union, or has one inside.
    """
    if pt.is_union(kind):
        raise UnsupportedError(f"idempotency_key: column {column!r} is a union, whose rows can't be compared")
    if isinstance(kind, pa.BaseExtensionType):
        return f"{kind}({_type_text(kind.storage_type, column)})"
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _type_text(kind.value_type, column)
    if pt.is_struct(kind):
        return f"struct{json.dumps([[field.name, _type_text(field.type, column)] for field in kind])}"
    if pt.is_map(kind):
        return f"map<{_type_text(kind.key_type, column)}, {_type_text(kind.item_type, column)}>"
    if pt.is_nested(kind):
        return f"list{[kind.list_size] if pt.is_fixed_size_list(kind) else ''}<{_type_text(kind.value_type, column)}>"
    return str(kind).removeprefix("large_").removesuffix("_view")


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the same values without extensions, dictionaries, runs and views, at any depth."""
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    if pt.is_struct(kind):
        return pa.struct([_plain_field(field) for field in kind])
    if pt.is_map(kind):
        return pa.map_(_plain_field(kind.key_field), _plain_field(kind.item_field))
    if pt.is_fixed_size_list(kind):
        return pa.list_(_plain_field(kind.value_field), kind.list_size)
    if pt.is_large_list(kind) or pt.is_large_list_view(kind):
        return pa.large_list(_plain_field(kind.value_field))
    if pt.is_list(kind) or pt.is_list_view(kind):
        return pa.list_(_plain_field(kind.value_field))
    return {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}.get(kind, kind)


def _plain_field(field: pa.Field) -> pa.Field:
    return field.with_type(_plain_type(field.type))


class _Values:
    """The digest of one column or child: of its nulls' positions, of its lengths, and of its values without nulls.

    Each is a stream of bytes, to which a slice adds what its rows have, so it doesn't matter where slices begin.
    """

    def __init__(self, kind: pa.DataType) -> None:
        self._rows = 0
        self._nulls, self._lengths, self._content = _hash(), _hash(), _hash()
        self._children = [_Values(child) for child in _children(kind)]

    def add(self, array: pa.Array) -> None:
        """Append the rows of an array of a plain type."""
        before, self._rows = self._rows, self._rows + len(array)
        if pt.is_null(array.type):
            return
        if array.null_count:
            self._nulls.update(
                _fixed_width(pc.add(pc.indices_nonzero(array.is_null()), pa.scalar(before, pa.uint64())))
            )
            array = array.drop_null()
        if len(array):
            self._add_valid(array)

    def _add_valid(self, array: pa.Array) -> None:
        kind = array.type
        if pt.is_struct(kind):
            # Not by flatten(), which looks for nulls of the struct: there are none.
            for index, child in enumerate(self._children):
                child.add(array.field(index))
        elif pt.is_nested(kind):
            lists = _list_of_entries(array) if pt.is_map(kind) else array
            self._lengths.update(_fixed_width(pc.list_value_length(lists).cast(pa.int64())))
            self._children[0].add(lists.flatten())
        elif pt.is_boolean(kind):
            self._content.update(_fixed_width(array.cast(pa.uint8())))
        elif _is_variable(kind):
            self._lengths.update(_fixed_width(pc.binary_length(array).cast(pa.int64())))
            self._content.update(_variable_width(array))
        else:
            self._content.update(_fixed_width(array))

    def finish(self, whole: Any) -> None:
        """Append what is known so far to the digest of the rows."""
        whole.update(_number(self._rows))
        for part in (self._nulls, self._lengths, self._content):
            whole.update(part.digest())
        for child in self._children:
            child.finish(whole)


def _children(kind: pa.DataType) -> list[pa.DataType]:
    if pt.is_struct(kind):
        return [field.type for field in kind]
    if pt.is_map(kind):
        return [_as_list(kind).value_type]
    return [kind.value_type] if pt.is_nested(kind) else []


def _as_list(kind: pa.MapType) -> pa.ListType:
    """Return the type of a map as a list of its entries."""
    return pa.list_(pa.struct([pa.field("key", kind.key_type, nullable=False), pa.field("value", kind.item_type)]))


def _list_of_entries(array: pa.MapArray) -> pa.ListArray:
    """Return a map that has no nulls as a list of its entries.

    Not by a cast, which refuses what is below the nulls of a fixed-size list whose items allow none.
    """
    fields = list(_as_list(array.type).value_type)
    entries = pa.StructArray.from_arrays([array.keys, array.items], fields=fields)
    return pa.ListArray.from_arrays(array.offsets, entries)


def _is_variable(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_binary(kind) or pt.is_large_string(kind) or pt.is_large_binary(kind))


def _fixed_width(array: pa.Array) -> memoryview:
    """Return the bytes of an array's values, which are of one width; it has no nulls."""
    width = array.type.byte_width
    content = array.buffers()[1]
    return memoryview(content or b"")[array.offset * width : (array.offset + len(array)) * width]


def _variable_width(array: pa.Array) -> memoryview:
    """Return the bytes of an array's texts, one after the other; it has a row and no nulls."""
    _, offsets, content = array.buffers()
    small = array.type in (pa.string(), pa.binary())
    bounds = memoryview(offsets).cast("B").cast("i" if small else "q")
    first, last = bounds[array.offset], bounds[array.offset + len(array)]
    return memoryview(content or b"")[first:last]


def _hash(content: bytes = b"") -> Any:
    return blake2b(content, digest_size=_SIZE)


def _number(value: int) -> bytes:
    return value.to_bytes(8, "little")
