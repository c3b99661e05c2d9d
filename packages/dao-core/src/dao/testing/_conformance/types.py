"""Arrow tables are read unchanged: every type, and the values that stores tend to lose."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

import hypothesis
import pyarrow as pa
import pytest

from dao._core.dao import DataAccessObject
from dao.errors import DaoError, DataError, NotFoundError
from dao.testing._backend import Backend
from dao.testing._conformance.base import REFUSALS, Capability, needs
from dao.testing._profiles import generated
from dao.testing._tables import CASES, Case, same_table, tables
from dao.testing._tables.edges import BAD_TEXTS, EDGES, REQUIRED_NULLS, SIZES

__all__ = ["Types"]


class Types(
    Capability,
    requires=("read", "write"),
    written="dao.testing._tables.same_table; docs/writing-an-interface.md, 'Types'",
):
    """A table that was written is read with the same values, types, names and order of columns."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_a_table_comes_back_as_it_was(self, dao: DataAccessObject, backend: Backend, case: Case) -> None:
        """Columns of all types that aren't declared lacking are read exactly as they were written, except for declared
        relaxations.
        """
        lacking = self.capabilities.lacks_types
        kept = case.without(lacking)
        if kept is None:
            needed = sorted(case.features & set(lacking))
            pytest.skip("; ".join(f"declared absent: type {name}: {lacking[name]}" for name in needed))
        dao.write(kept.table, backend.table("typed"))
        same_table(dao.read(backend.table("typed")), kept.table, ordered=False, relax=self.capabilities.relaxes)

    @needs("mode:overwrite")
    def test_any_table_comes_back_as_it_was(self, dao: DataAccessObject, backend: Backend) -> None:
        """Generated tables, also with nested types, are read exactly as they were written, except for declared
        relaxations.
        """
        table = backend.table("typed")

        @generated()
        @hypothesis.given(tables(without=self.capabilities.lacks_types))
        def comes_back(generated: pa.Table) -> None:
            try:
                dao.write(generated, table, mode="overwrite")
            except REFUSALS:
                hypothesis.reject()  # a store may refuse to change a table's schema: see Overwrites
            same_table(dao.read(table), generated, ordered=False, relax=self.capabilities.relaxes)

        comes_back()

    def test_a_table_that_cannot_be_kept_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Writing a table with a type or value that the store lacks is a DaoError that names the column in quotes, and
        never another error; it creates nothing.
        """
        faults = []
        for case in CASES:
            if not case.fits(frozenset(self.capabilities.lacks_types)):
                table = backend.table(f"t_{case.name}")
                try:
                    dao.write(case.table, table)
                except DaoError as error:
                    with pytest.raises(NotFoundError):
                        dao.read(table)
                    if not any(one in str(error) for name in case.table.column_names for one in _quoted(name)):
                        faults.append(f"{case.name}: no column is named: {error}")
                except Exception as error:
                    faults.append(f"{case.name}: writing it is {error!r}, which is no DaoError")
                else:
                    faults.append(f"{case.name}: it is declared absent, and was written")
        assert not faults, "\n".join(faults)

    def test_what_few_stores_hold_comes_back_or_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Years beyond 1 to 9999, null inner structs, nested dictionaries and other rare types are read with the same
        values, or writing them is a DaoError and creates nothing; no unreadable table is ever written.
        """
        faults = []
        for name, expected in EDGES.items():
            table = backend.table(f"t_{name}")
            try:
                dao.write(expected, table)
            except DaoError:
                with pytest.raises(NotFoundError):
                    dao.read(table)
                continue
            except Exception as error:
                faults.append(f"{name}: writing it is {error!r}, which is no DaoError")
                continue
            try:
                found = _by_row(dao.read(table))
            except Exception as error:
                faults.append(f"{name}: it was written, and reading it is {error!r}")
            else:
                if found != _by_row(expected):
                    faults.append(f"{name}: {found} instead of {_by_row(expected)}")
        assert not faults, "\n".join(faults)

    def test_integers_beside_decimals_are_decimals(self, dao: DataAccessObject, backend: Backend) -> None:
        """A column of Decimals and integers in dicts is read as decimals of the same values; a Decimal that is NaN or
        infinite is a DataError.
        """
        if lack := self.capabilities.lacks_types.get("decimal128"):
            pytest.skip(f"declared absent: type decimal128: {lack}")
        prices = [Decimal("9.50"), 100, None]
        dao.write([{"price": price} for price in prices], backend.table("prices"))
        assert set(dao.read(backend.table("prices"))["price"].to_pylist()) == {*prices}
        for price in ("NaN", "Infinity"):
            with pytest.raises(DataError, match=price):
                dao.write([{"price": Decimal(price)}], backend.table("priceless"))

    def test_text_that_is_not_utf8_is_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Writing text that isn't UTF-8, nested and in dictionaries too, is a DataError and creates nothing."""
        for name, damaged in BAD_TEXTS.items():
            table = backend.table(f"t_{name}")
            with pytest.raises(DataError):
                dao.write(damaged, table)
            with pytest.raises(NotFoundError):
                dao.read(table)

    def test_nulls_in_required_fields_are_refused(self, dao: DataAccessObject, backend: Backend) -> None:
        """Writing a null in a field that isn't nullable, also one in the values of a dictionary or of runs, or in a
        struct or map, is a DataError and creates nothing.
        """
        for name, damaged in REQUIRED_NULLS.items():
            table = backend.table(f"t_{name}")
            with pytest.raises(DataError):
                dao.write(damaged, table)
            with pytest.raises(NotFoundError):
                dao.read(table)

    def test_ordered_categories_keep_their_order(self, dao: DataAccessObject, backend: Backend) -> None:
        """An ordered dictionary is read with all its categories in their order, unused ones too, or as unordered."""
        dao.write(SIZES, backend.table("sizes"))
        found = dao.read(backend.table("sizes")).combine_chunks()["size"].chunk(0)
        assert sorted(found.to_pylist()) == ["big", "small"]
        if isinstance(found.type, pa.DictionaryType) and found.type.ordered:
            assert found.dictionary.to_pylist() == ["small", "middle", "big"]

    def test_lacks_and_relaxations_are_true(self, dao: DataAccessObject, backend: Backend) -> None:
        """Each declared lack and relaxation of types is needed: without it a table of the kit isn't read unchanged."""
        lacking, relaxed = frozenset(self.capabilities.lacks_types), frozenset(self.capabilities.relaxes)
        if not lacking and not relaxed:
            return
        exact = {case.name: self._needed(dao, backend, case, relaxed) for case in CASES}
        faults = [*_false_lacks(lacking, exact), *_false_relaxations(relaxed, lacking, exact)]
        assert not faults, "\n".join(faults)

    def _needed(
        self, dao: DataAccessObject, backend: Backend, case: Case, relaxed: frozenset[str]
    ) -> frozenset[str] | None:
        """The relaxations that a table needs to be read as the same; ``None`` if all of them don't suffice."""
        table = backend.table(f"t_{case.name}")
        try:
            dao.write(case.table, table)
            found = dao.read(table)
        except DaoError:
            return None
        if not _is_same(found, case.table, relaxed):
            return None
        return frozenset(name for name in relaxed if not _is_same(found, case.table, relaxed - {name}))


def _quoted(name: str) -> tuple[str, ...]:
    return (f"'{name}'", f'"{name}"', f"`{name}`")


def _values(column: pa.ChunkedArray) -> list[Any]:
    """A column's values; dates and timestamps as numbers, since Python's range is smaller."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_date64(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.to_pylist()  # type: ignore[no-any-return]


def _by_row(table: pa.Table) -> dict[int, Any]:
    """The values by row number, since stores may return rows in any order and Arrow can't sort every type."""
    return dict(zip(table["row"].to_pylist(), _values(table["value"]), strict=True))


def _is_same(found: pa.Table, expected: pa.Table, relax: Collection[str]) -> bool:
    try:
        same_table(found, expected, ordered=False, relax=relax)
    except AssertionError:
        return False
    return True


def _false_lacks(lacking: frozenset[str], exact: dict[str, frozenset[str] | None]) -> Iterator[str]:
    for name in sorted(lacking):
        alone = [case for case in CASES if case.features & lacking == {name}]
        if alone and all(exact[case.name] is not None for case in alone):
            yield f"lacks_types has {name!r}, but {', '.join(case.name for case in alone)} came back: take it off"


def _false_relaxations(
    relaxed: frozenset[str], lacking: frozenset[str], exact: dict[str, frozenset[str] | None]
) -> Iterator[str]:
    for name in sorted(relaxed):
        if not any(name in (exact[case.name] or ()) for case in CASES if case.fits(lacking)):
            yield f"relaxes has {name!r}, but every table comes back without it: take it off"
