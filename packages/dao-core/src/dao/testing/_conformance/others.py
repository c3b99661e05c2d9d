"""Tables that other programs made, whose columns have types that the backend itself wouldn't give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
import pytest

from dao._core.dao import DataAccessObject
from dao.arrow.predicates import filter_table
from dao.data_object import DataObject
from dao.errors import DaoError, StoreError
from dao.testing._backend import Backend
from dao.testing._conformance.base import Capability, needs

__all__ = ["TablesOfOthers"]

_TEXTS = ("a", "A", "a ", "", "abcd", "abcd   ", "\u00e9", "01", "1.005", "1.50", "x\n")
_FINE = datetime(2026, 1, 1, 12, 0, 0, 123_456)
_ASKED = (("=", 4), ("<", 2))
"""The operators of the predicates, and with how many of the stored values."""
_KEYS = 4
"""How many of the suspects are upserted: those that other rules than DAO's take for the same."""


def _suspects(kind: pa.DataType) -> Sequence[Any]:
    """Values that a narrower type than this one would cut, pad, round or write otherwise."""
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return _TEXTS
    if pt.is_binary(kind) or pt.is_large_binary(kind):
        return (b"", b"abcd\0", b"abcd  ")
    if pt.is_timestamp(kind):
        return (_FINE if kind.tz is None else _FINE.replace(tzinfo=UTC),)
    if pt.is_time(kind):
        return (time(12, 0, 0, 123_456),)
    if pt.is_decimal(kind):
        return (Decimal("1.005"), Decimal("123456.7"))
    if pt.is_floating(kind):
        return (0.1, 1e300)
    return (2**40, -300) if pt.is_integer(kind) else ()


class TablesOfOthers(
    Capability,
    requires=("read", "write", "mode:append", "schema"),
    written="docs/writing-an-interface.md, 'Tables of others'",
):
    """What is written into a table that another program made is read as it was written, or refused."""

    @pytest.fixture
    def others(self, backend: Backend) -> list[tuple[str, DataObject, Sequence[Any]]]:
        """A new table for each type of ``Backend.declared_types``: the type, the table, the values that it keeps."""
        made = []
        for number, (declared, kept) in enumerate(backend.declared_types.items()):
            assert backend.declare is not None, "a backend with declared_types sets Backend.declare"
            backend.declare(table := backend.table(f"others_{number}"), declared)
            made.append((declared, table, kept))
        return made

    def test_a_value_comes_back_or_is_refused(
        self, dao: DataAccessObject, others: list[tuple[str, DataObject, Sequence[Any]]]
    ) -> None:
        """A value appended to a column of any declared type, narrower than the backend's own or unknown to it, is read
        as it was written; or the write is a DaoError, and adds nothing.
        """
        faults: list[str] = []
        for declared, table, kept in others:
            stored = _fill(dao, table, kept)
            faults += [f"{declared}: {value!r} is refused" for value in kept if value not in stored]
            faults += _unlike(f"{declared}: {stored} were written, and", dao, table, stored)
        assert not faults, "\n".join(faults)

    def test_a_value_that_is_none_of_its_column_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """A value of others that the type of its column hasn't in Arrow, such as an infinite date, is never read as
        another one: each read is a StoreError, which names the column.
        """
        faults: list[str] = []
        for put, table in backend.misfits().items():
            reads: dict[str, Callable[[], Any]] = {
                "read": partial(dao.read, table),
                "read_stream": partial(_streamed, dao, table),
                "into=": partial(dao.read, table, into="pylist"),
            }
            for name, read in reads.items():
                try:
                    faults.append(f"{put}: {name} gave {read()}")
                except StoreError as error:
                    faults += [] if "'value'" in str(error) else [f"{put}: the column isn't named in {error}"]
        assert not faults, "\n".join(faults)

    def test_values_are_compared_as_everywhere(
        self, dao: DataAccessObject, others: list[tuple[str, DataObject, Sequence[Any]]]
    ) -> None:
        """where= keeps the same rows of such a column as of any other, whatever the store's rules for its type are:
        for letter case, for blanks at the end, for the order.
        """
        faults: list[str] = []
        for declared, table, kept in others:
            stored = _fill(dao, table, kept)
            rows = dao.read(table)
            for where in [("value", operator, value) for operator, number in _ASKED for value in stored[:number]]:
                expected = filter_table(rows, [where])["value"].to_pylist()
                found = dao.read(table, where=[where])["value"].to_pylist()
                if Counter(found) != Counter(expected):
                    faults.append(f"{declared}: where {where!r} keeps {found} of {stored}, not {expected}")
        assert not faults, "\n".join(faults)

    @needs("upsert", "delete")
    def test_keys_and_deleted_rows_are_compared_as_everywhere(
        self, dao: DataAccessObject, others: list[tuple[str, DataObject, Sequence[Any]]]
    ) -> None:
        """An upsert by such a column replaces the rows with the same value alone, and a delete takes these alone; or
        either is a DaoError, and changes nothing.
        """
        faults: list[str] = []
        for declared, table, kept in others:
            stored: list[Any] = []
            for value in (*kept, *_suspects(dao.schema(table).field("value").type)[:_KEYS], *kept):
                if _done(partial(dao.upsert, _one(value), table, keys=["value"])) and value not in stored:
                    stored.append(value)
            faults += _unlike(f"{declared}: {stored} were upserted, and", dao, table, stored)
            gone = [value for value in stored[::2] if _done(partial(dao.delete, table, where=[("value", "=", value)]))]
            left = [value for value in stored if value not in gone]
            faults += _unlike(f"{declared}: {gone} of {stored} were deleted, and", dao, table, left)
        assert not faults, "\n".join(faults)


def _streamed(dao: DataAccessObject, table: DataObject) -> pa.Table:
    return dao.read_stream(table).read_all()


def _one(value: Any) -> pa.Table:
    return pa.table({"value": [value]})


def _done(call: Any) -> bool:
    try:
        call()
    except DaoError:
        return False
    return True


def _fill(dao: DataAccessObject, table: DataObject, kept: Sequence[Any]) -> list[Any]:
    """Append all values that the column takes; returns them."""
    values = (*kept, *_suspects(dao.schema(table).field("value").type))
    return [value for value in values if _done(partial(dao.write, _one(value), table, mode="append"))]


def _unlike(when: str, dao: DataAccessObject, table: DataObject, expected: list[Any]) -> Iterator[str]:
    found = dao.read(table)["value"].to_pylist()
    if Counter(found) != Counter(expected):
        yield f"{when} there is {found}, not {expected}"
