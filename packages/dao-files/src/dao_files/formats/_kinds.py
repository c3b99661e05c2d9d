"""Families of Arrow types that formats treat alike."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["is_bytes", "is_text", "plain_type"]


def is_text(kind: pa.DataType) -> bool:
    """Check whether a type is one of texts, in any layout."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Check whether a type is one of bytes, in any layout."""
    tests = (pt.is_binary, pt.is_large_binary, pt.is_binary_view, pt.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of the values: without extensions, dictionary and run-end encoding."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    return kind
