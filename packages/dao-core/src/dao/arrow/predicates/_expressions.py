"""Inspection of pyarrow Expressions, for which pyarrow has no public API."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from typing import Any

import pyarrow as pa

from dao.errors import DataError

__all__ = ["check_size", "referenced_columns"]

_ENTRY = re.compile(r"^(nested_field_ref|field_ref|call|literal|end): '(.*)'$", re.MULTILINE)


def referenced_columns(expression: Any) -> frozenset[str]:
    """Return the names of the top-level columns that a `pyarrow.compute.Expression` refers to.

    Arrow pickles an expression as an IPC file whose schema metadata lists its parts in order: a ``field_ref`` per
    reference by name, and a ``nested_field_ref`` with the number of ``field_ref`` that follow for a nested one
    (cpp/src/arrow/compute/expression.cc, ``Serialize``).

    Raises:
        DataError: the expression refers to columns by position, or can't be pickled.
    """
    names: set[str] = set()
    inner = 0
    for key, value in _parts(expression):
        if key == "nested_field_ref":
            inner = -int(value)
        elif key == "field_ref" and inner <= 0:
            names.add(value)
            inner = -inner - 1 if inner < 0 else 0
        elif key == "field_ref":
            inner -= 1
    return frozenset(names)


_MOST_CALLS = 2_000
_STACK_BYTES = 512 << 20
_stack_size = threading.Lock()


def check_size(expression: Any) -> None:
    """Check that Arrow can evaluate a `pyarrow.compute.Expression`: it recurses on the C stack, in quadratic time.

    The inspection recurses as well, so it runs in a thread with a large stack.

    Raises:
        DataError: the expression has more than 2,000 operations, or can't be inspected.
    """
    done: Future[int] = Future()

    def count() -> None:
        try:
            done.set_result(sum(key == "call" for key, _ in _parts(expression)))
        except BaseException as error:
            done.set_exception(error)

    with _stack_size:
        before = threading.stack_size(_STACK_BYTES)
        try:
            thread = threading.Thread(target=count)
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    calls = done.result()
    if calls > _MOST_CALLS:
        raise DataError(
            f"the pyarrow Expression has {calls} operations, and Arrow can work with {_MOST_CALLS}: use isin() for "
            "many values, or give where= as SQL text or tuples"
        )


def _parts(expression: Any) -> list[tuple[str, str]]:
    try:
        buffer = expression.__reduce__()[1][0]
        listing = pa.ipc.open_file(buffer).schema.to_string(truncate_metadata=False)
    except (pa.ArrowException, TypeError, NotImplementedError) as error:
        raise DataError(f"can't tell what the pyarrow Expression refers to: {error}") from error
    return _ENTRY.findall(listing)
