"""What is in the fields of a null struct: Arrow has slots there, and in a required field a null would be no value."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["filled"]

_VIEWS = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


def filled(child: pa.Array, member: pa.Field, masked: Sequence[bool]) -> pa.Array:
    """Put values into the slots of a struct's field where the struct itself is null, if the field is required.

    They are never seen, but pyarrow's Parquet writer refuses nulls in required fields wherever they are, except for
    lists and maps.

    Args:
        child: the field's array.
        member: the field.
        masked: by slot, whether the struct is null.
    """
    kind = child.type
    if member.nullable or not child.null_count or not any(masked):
        return child
    if pt.is_struct(kind) and kind.num_fields:  # its own null slots are filled already
        nulls = [null and not within for null, within in zip(child.is_null().to_pylist(), masked, strict=True)]
        fields = [child.field(index) for index in range(kind.num_fields)]
        return pa.StructArray.from_arrays(fields, fields=list(kind), mask=pa.array(nulls, pa.bool_()))
    if pt.is_nested(kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind):
        return child
    places = pa.array([len(child) if null else index for index, null in enumerate(masked)], pa.int64())
    plain = child.cast(_VIEWS[kind]) if kind in _VIEWS else child  # pyarrow can't take from views
    taken = pa.concat_arrays([plain, _filler(plain.type)]).take(places)
    return taken.cast(kind) if kind in _VIEWS else taken


def _filler(kind: pa.DataType) -> pa.Array:
    """An array of one value that is not null."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, _filler(kind.storage_type))
    if pt.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(
            pa.array([0], kind.index_type), _filler(kind.value_type), ordered=kind.ordered
        )
    null = pa.nulls(1, kind)  # its bytes are zeros
    return null if pt.is_null(kind) else pa.Array.from_buffers(kind, 1, [None, *null.buffers()[1:]])
