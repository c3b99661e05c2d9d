"""The items of lists."""

from __future__ import annotations

import pyarrow as pa

__all__ = ["items_of"]


def items_of(lists: pa.Array) -> pa.Array:
    """The items of all lists of an array, one after the other, without those that null lists hide.

    As ``flatten``, which fails for lists of structs and lists of extension types where every list is null (pyarrow 26).
    """
    return lists.values[:0] if lists.null_count == len(lists) else lists.flatten()
