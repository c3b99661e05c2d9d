"""How columns, and fields inside of them, are named in ``evolve``, and what is wrong with a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import StructType

from dao.errors import DataError, did_you_mean

__all__ = ["NamesColumns", "check_paths", "path_of"]


class NamesColumns(Protocol):
    """The arguments of ``evolve`` that name columns; see :class:`dao_iceberg._actions.altered_tables.Evolution`."""

    @property
    def drop(self) -> Sequence[str]:
        """Columns that go."""

    @property
    def rename(self) -> Mapping[str, str] | None:
        """New names by old ones."""

    @property
    def widen(self) -> pa.Schema | None:
        """Columns with wider types."""

    @property
    def add(self) -> pa.Schema | None:
        """New columns."""

    @property
    def reorder(self) -> Sequence[str]:
        """Columns that come first."""


def path_of(schema: Schema, name: str) -> tuple[str, ...]:
    """A column, or with points a field inside of one."""
    top = {one.name for one in schema.fields}
    parts = tuple(name.split("."))
    return parts if name not in top and parts[0] in top else (name,)


def check_paths(asked: NamesColumns, schema: Schema) -> None:
    """Check that the columns which are to change are there and stay, and that new names are free.

    Raises:
        DataError: a name leads nowhere.
    """
    names = schema.column_names
    rename, added = asked.rename or {}, [one.name for one in asked.add or ()]
    widened = [one.name for one in asked.widen or ()]
    given = {"drop": asked.drop, "rename": rename, "widen": widened, "reorder": asked.reorder}
    for argument, columns in given.items():
        known = [*names, *added] if argument == "reorder" else names
        for name in columns:
            if name not in known:
                raise DataError(f"{argument}: the table has no column {name!r}: {did_you_mean(name, known)}")
    for name, new in rename.items():
        _check_new_name(schema, name, new)
        whole = ".".join((*path_of(schema, name)[:-1], new))
        if whole != name and whole in names and whole not in (*asked.drop, *rename):
            raise DataError(f"rename: {name!r} would become {whole!r}, which the table has already")
    for name in added:
        _check_leads(schema, name)
    for argument, columns in {**given, "add": added}.items():
        for name in columns:
            if gone := next((one for one in _above(schema, name) if one in asked.drop), None):
                raise DataError(f"{argument}: {name!r} is inside of {gone!r}, which drop= has as well")
            if argument == "reorder" and name in asked.drop:
                raise DataError(f"reorder: {name!r} is a column that drop= has as well: reorder in another call")
    _check_left(schema, asked.drop)


def _above(schema: Schema, name: str) -> Iterator[str]:
    """The columns and fields that a field is inside of, the nearest first."""
    path = path_of(schema, name)
    return (".".join(path[:length]) for length in range(len(path) - 1, 0, -1))


def _check_new_name(schema: Schema, name: str, new: str) -> None:
    """Check that a new name is the last part of a path: points in it would be part of the name."""
    path = path_of(schema, name)
    within, _, last = new.rpartition(".")
    if not last:
        raise DataError(f"rename: found {new!r} for {name!r}, expected a name")
    if len(path) > 1 and not isinstance(_type_of(schema, path[:-1]), StructType):
        raise DataError(f"rename: {name!r} has no name of its own: it is all that a list or a map has")
    if not within:
        return
    if len(path) > 1:
        if within == ".".join(path[:-1]):
            raise DataError(f"rename: found {new!r} for {name!r}: give the field's new name alone, {last!r}")
        raise DataError(f"rename: {name!r} can't become {new!r}: a field stays where it is; give its new name alone")
    if "." not in name or new.split(".")[0] in {one.name for one in schema.fields}:
        raise DataError(
            f"rename: {name!r} can't become {new!r}: a column stays where it is, and points say where a field is; "
            "give a name without points"
        )


def _type_of(schema: Schema, path: Sequence[str]) -> object:
    return schema.find_type(".".join(path))


def _check_leads(schema: Schema, name: str) -> None:
    """Check that a new field with points is inside of a column that is there."""
    within, dot, last = name.rpartition(".")
    if not last or (dot and not within):
        raise DataError(f"add: found {name!r}, expected a name")
    if within and within not in schema.column_names:
        raise DataError(
            f"add: {name!r} would be a field of {within!r}, which the table doesn't have (a column with points in its "
            "own name comes with rows that have it, by schema_mode='evolve'): "
            f"{did_you_mean(within, schema.column_names)}"
        )


def _check_left(schema: Schema, dropped: Sequence[str]) -> None:
    """Check that no struct loses all of its fields: Parquet can't keep one without any."""
    for name in dropped:
        within = next(_above(schema, name), None)
        kind = None if within is None else _type_of(schema, [within])
        if isinstance(kind, StructType) and {f"{within}.{one.name}" for one in kind.fields} <= {*dropped}:
            raise DataError(f"drop: found all fields of {within!r}: drop it as a whole")
