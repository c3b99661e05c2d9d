"""Resolution of column names against a schema.

The rule is DuckDB's: names match in any case, quoted or not. If columns differ by case only, the exact spelling selects
one, and any other spelling is ambiguous, an error. Struct fields follow the same rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from attrs import frozen

from dao.arrow.predicates._tree import Column
from dao.errors import DataError, did_you_mean

__all__ = ["Names"]


@frozen
class _Level:
    exact: dict[str, pa.Field]
    folded: dict[str, list[pa.Field]]
    repeated: frozenset[str]


def _level(fields: Sequence[pa.Field]) -> _Level:
    exact: dict[str, pa.Field] = {}
    folded: dict[str, list[pa.Field]] = {}
    repeated = set()
    for field in fields:
        if field.name in exact:
            repeated.add(field.name)
        exact[field.name] = field
        folded.setdefault(field.name.lower(), []).append(field)
    return _Level(exact, folded, frozenset(repeated))


class Names:
    """A lookup of columns and struct fields of one schema by name.

    Args:
        schema: the schema to search.
        argument: the name of the caller's argument, such as ``where=``, for messages.
    """

    def __init__(self, schema: pa.Schema, argument: str = "where=") -> None:
        self._argument = argument
        self._top = _level(list(schema))
        self._found: dict[tuple[str, ...], tuple[Column, pa.DataType]] = {}

    def find(self, column: Column) -> tuple[Column, pa.DataType]:
        """Find a column: returns it in the schema's own spelling, with its Arrow type.

        Raises:
            DataError: no column matches, or more than one does.
        """
        known = self._found.get(column.path)
        if known is None:
            known = self._found[column.path] = self._look_up(column.path)
        return known

    def _look_up(self, path: tuple[str, ...]) -> tuple[Column, pa.DataType]:
        level = self._top
        spelled: list[str] = []
        for depth, name in enumerate(path, start=1):
            try:
                field = _pick(level, name, ".".join(spelled))
            except DataError as error:
                raise DataError(f"{self._argument} asks for the {error}") from None
            spelled.append(field.name)
            if depth < len(path):
                if not pa.types.is_struct(field.type):
                    raise DataError(
                        f"{self._argument} asks for the field {path[depth]!r} of {'.'.join(spelled)!r}, which is "
                        f"{field.type}, not a struct; columns have no table before them"
                    )
                level = _level([field.type.field(index) for index in range(field.type.num_fields)])
        return Column(spelled), field.type


def _pick(level: _Level, name: str, parent: str) -> pa.Field:
    what = f"field {name!r} of {parent!r}" if parent else f"column {name!r}"
    if name in level.repeated:
        raise DataError(f"{what}, which occurs more than once")
    if name in level.exact:
        return level.exact[name]
    near = level.folded.get(name.lower(), [])
    if len(near) == 1:
        return near[0]
    if near:
        names = " or ".join(repr(field.name) for field in near)
        raise DataError(f"{what}, which may be {names}: spell it exactly")
    raise DataError(f"{what}, which doesn't exist: {_near_names(level, name)}")


def _near_names(level: _Level, name: str) -> str:
    outer, _, inner = name.partition(".")
    if inner and outer in level.exact:
        return f"for a field inside a struct write {outer}.{inner} in SQL, or the tuple {(outer, inner)!r}"
    return did_you_mean(name, level.exact)
