"""What can be learnt from a pyarrow Expression, which has no public way to look inside."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from dao.errors import DataError

__all__ = ["referenced_columns"]

_ENTRY = re.compile(r"^(nested_field_ref|field_ref|call|literal|end): '(.*)'$", re.MULTILINE)


def referenced_columns(expression: Any) -> frozenset[str]:
    """The names of the top-level columns that a `pyarrow.compute.Expression` refers to.

    Arrow pickles an expression as an IPC file whose schema metadata lists its parts in order: a ``field_ref`` per
    reference by name, and a ``nested_field_ref`` with the number of ``field_ref`` that follow for a nested one
    (cpp/src/arrow/compute/expression.cc, ``Serialize``).

    Raises:
        DataError: the expression refers to columns by position, or can't be pickled.
    """
    try:
        buffer = expression.__reduce__()[1][0]
        listing = pa.ipc.open_file(buffer).schema.to_string(truncate_metadata=False)
    except (pa.ArrowException, TypeError, NotImplementedError) as error:
        raise DataError(f"can't tell which columns the pyarrow Expression {expression} refers to: {error}") from error
    names: set[str] = set()
    inner = 0
    for key, value in _ENTRY.findall(listing):
        if key == "nested_field_ref":
            inner = -int(value)
        elif key == "field_ref" and inner <= 0:
            names.add(value)
            inner = -inner - 1 if inner < 0 else 0
        elif key == "field_ref":
            inner -= 1
    return frozenset(names)
