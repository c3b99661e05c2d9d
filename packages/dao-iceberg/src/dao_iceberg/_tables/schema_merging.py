"""Compares the schema that a table has with one that is asked for, field by field: what has to be done, and the ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Literal

from attrs import field, frozen
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StructType,
)

from dao.display import Displayed
from dao.errors import DataError, did_you_mean
from dao_iceberg._tables.wanted_types import Wanted

__all__ = ["IDENTIFIER", "EvolutionStep", "Merge", "fresh_ids"]

StepKind = Literal[
    "add", "rename", "drop", "widen", "narrow", "retype", "optional", "require", "reorder", "doc", "default"
]


IDENTIFIER = "an identifier field, or has one inside"


@frozen
class EvolutionStep(Displayed):
    """One change of a schema.

    Attributes:
        kind: what is done: ``add``, ``rename``, ``drop``, ``widen``, ``optional``, ``reorder``, ``doc``, ``default``;
            and what Iceberg can't do to a column: ``narrow``, ``retype``, ``require``.
        path: the column, with the columns that it is inside of; inside lists and maps with ``element``, ``key`` and
            ``value``. Names are those before the change, but for ``add`` and ``reorder`` those after it.
        text: what changes, for people.
        breaking: why it is breaking; empty if it is additive.
        possible: whether Iceberg can do it at all.
        change: what is handed to the library: a field, a type, a name, names or a text.
    """

    kind: StepKind
    path: tuple[str, ...]
    text: str
    breaking: str = ""
    possible: bool = True
    change: Any = field(default=None, eq=False, repr=False)

    @property
    def additive(self) -> bool:
        """Whether all that could be read before can be read after it, and old rows fit the new schema."""
        return not self.breaking

    def __str__(self) -> str:
        effect = "additive" if self.additive else "breaking" if self.possible else "impossible"
        why = f" ({self.breaking})" if self.breaking else ""
        return f"{effect:<10} {self.kind:<8} {'.'.join(self.path) or '(columns)'}: {self.text}{why}"


class Merge:
    """Merges one schema into another, noting the steps.

    Attributes:
        steps: the steps, in the order in which they have to be done: fields are added in that of their ids.
    """

    def __init__(
        self,
        wanted: Wanted,
        *,
        version: int,
        last_id: int,
        renamed: Mapping[str, str],
        pinned: Mapping[int, str],
        drop: bool,
    ) -> None:
        self.steps: list[EvolutionStep] = []
        self._wanted = wanted
        self._version = version
        self._ids = count(last_id + 1)
        self._renamed = renamed
        self._heeded: set[str] = set()
        self._pinned = pinned
        self._drop = drop

    def run(self, old: StructType) -> StructType:
        """The columns as they are asked for, with the ids of ``old`` where they are the same column.

        Raises:
            DataError: ``renamed`` names a column that isn't there, before or after.
        """
        merged = self._struct(old, self._wanted.struct, (), ())
        lost = [name for name in self._renamed if name not in self._heeded]
        if lost:
            raise DataError(f"renamed={{{lost[0]!r}: ...}} is no column of the old schema")
        return merged

    def _struct(self, old: StructType, new: StructType, path: tuple[str, ...], to: tuple[str, ...]) -> StructType:
        """Merge structs; ``path`` leads there by the names before, ``to`` by those after."""
        origin = self._matched(old, new, path)
        kept = {before.field_id for before in origin.values()}
        left = [one for one in old.fields if one.field_id not in kept]
        for one in left if self._drop else ():
            self.steps.append(self._dropped(one, (*path, one.name)))
        fields: list[tuple[int | None, NestedField]] = []  # with the ids that they had
        for one in new.fields:
            before = origin.get(one.field_id)
            if before is None:
                fields.append((None, self._added(one, to)))
            else:
                fields.append((before.field_id, self._merged(before, one, path, to)))
        places = {one.field_id: place for place, one in enumerate(old.fields)} | {None: len(old.fields)}
        if left and not self._drop:  # these stay where they are, and so do the others
            fields += [(one.field_id, self._relaxed(one, (*path, one.name))) for one in left]
            fields.sort(key=lambda pair: places[pair[0]])
        elif fields != sorted(fields, key=lambda pair: places[pair[0]]):
            names = tuple(one.name for _, one in fields)
            self.steps.append(EvolutionStep("reorder", to, ", ".join(names), change=names))
        return StructType(*(one for _, one in fields))

    def _matched(self, old: StructType, new: StructType, path: tuple[str, ...]) -> dict[int, NestedField]:
        """The field that each new one was before, by the new one's id: as declared, by name, then by its aliases."""
        before = {one.name: one for one in old.fields}
        after = {one.name: one for one in new.fields}
        found: dict[int, NestedField] = {}
        for name in list(before):
            dotted = ".".join((*path, name))
            if dotted not in self._renamed:
                continue
            self._heeded.add(dotted)
            if (now := self._renamed[dotted]) not in after:
                raise DataError(f"renamed={{{dotted!r}: {now!r}}}: {now!r} isn't there ({did_you_mean(now, after)})")
            if after[now].field_id in found:
                raise DataError(f"renamed={{{dotted!r}: {now!r}}}: two columns can't both become {now!r}")
            found[after[now].field_id] = before.pop(name)
        for name, one in after.items():
            if name in before and one.field_id not in found:
                found[one.field_id] = before.pop(name)
        for one in new.fields:
            other = next((n for n in self._wanted.aliases.get(one.field_id, ()) if n in before), None)
            if other is not None and one.field_id not in found:
                found[one.field_id] = before.pop(other)
        return found

    def _dropped(self, one: NestedField, path: tuple[str, ...]) -> EvolutionStep:
        held = next((self._pinned[number] for number in _ids_of(one) if number in self._pinned), None)
        why = "what is stored in it can't be read any more" if held is None else f"it is {held}"
        return EvolutionStep("drop", path, _shown(one), why, possible=held is None)

    def _relaxed(self, one: NestedField, path: tuple[str, ...]) -> NestedField:
        """A column that the new schema lacks, kept: new rows have no value for it."""
        return _with(one, required=self._requirement(one, False, path))

    def _added(self, one: NestedField, to: tuple[str, ...]) -> NestedField:
        default = one.write_default if self._version >= 3 else None
        why = ""
        if one.required and default is None:
            why = "old rows have no value for it: make it '| None'" + (
                ", or give it a default" if self._version >= 3 else "; Iceberg keeps defaults from version 3 on"
            )
        text = _shown(one) + ("" if default is None else f" = {default!r}")
        self.steps.append(EvolutionStep("add", (*to, one.name), text, why, not why, change=one))
        number = next(self._ids)
        kind = fresh_ids(one.field_type, lambda: next(self._ids), self._version)
        return NestedField(
            number, one.name, kind, one.required, one.doc, initial_default=default, write_default=default
        )

    def _merged(self, old: NestedField, new: NestedField, path: tuple[str, ...], to: tuple[str, ...]) -> NestedField:
        path, to = (*path, old.name), (*to, new.name)
        if old.name != new.name:
            self.steps.append(EvolutionStep("rename", path, f"-> {new.name}", change=new.name))
        number, kind = self._type(old.field_id, old.field_type, new.field_type, path, to)
        required = self._requirement(old, new.required, path)
        doc = new.doc or old.doc  # a model without a description says nothing about it
        if doc != old.doc:
            self.steps.append(EvolutionStep("doc", path, f"{old.doc or ''!r} -> {doc!r}", change=doc))
        default = old.write_default
        if self._version >= 3 and new.write_default is not None and new.write_default != default:
            default = new.write_default
            self.steps.append(EvolutionStep("default", path, f"{old.write_default!r} -> {default!r}", change=default))
        return NestedField(
            number, new.name, kind, required, doc, initial_default=old.initial_default, write_default=default
        )

    def _requirement(self, old: NestedField, required: bool, path: tuple[str, ...]) -> bool:
        if old.required and not required:
            identifies = any(self._pinned.get(number) == IDENTIFIER for number in _ids_of(old))
            why = f"it is {IDENTIFIER}" if identifies else ""
            self.steps.append(EvolutionStep("optional", path, "may be null", why, not why))
        elif required and not old.required:
            why = "rows may have nulls there"
            self.steps.append(EvolutionStep("require", path, "may not be null any more", why, possible=False))
        return required

    def _type(
        self, number: int, old: IcebergType, new: IcebergType, path: tuple[str, ...], to: tuple[str, ...]
    ) -> tuple[int, IcebergType]:
        """The id and the type of a field: a type that Iceberg can't change to is that of another field."""
        if isinstance(old, StructType) and isinstance(new, StructType):
            return number, self._struct(old, new, path, to)
        if isinstance(old, ListType) and isinstance(new, ListType):
            element = self._merged(old.element_field, new.element_field, path, to)
            return number, ListType(element.field_id, element.field_type, element.required)
        if isinstance(old, MapType) and isinstance(new, MapType) and _same(old.key_type, new.key_type):
            value = self._merged(old.value_field, new.value_field, path, to)
            return number, MapType(old.key_id, old.key_type, value.field_id, value.field_type, value.required)
        if _same(old, new):
            return number, old
        if _is_wider(old, new):
            self.steps.append(EvolutionStep("widen", path, f"{old} -> {new}", change=new))
            return number, new
        narrower, why = _is_wider(new, old), "no value would be read as it was written"
        if narrower:
            why = "not every stored value fits"
        elif isinstance(old, MapType) and isinstance(new, MapType):
            why = "Iceberg never changes the keys of a map"
        text = f"{_shown(old)} -> {_shown(new)}"
        self.steps.append(EvolutionStep("narrow" if narrower else "retype", path, text, why, possible=False))
        return next(self._ids), fresh_ids(new, lambda: next(self._ids), self._version)


def _is_wider(old: IcebergType, new: IcebergType) -> bool:
    """Whether Iceberg promotes a type to another. pyiceberg's own rule also lets scales change, and text be binary."""
    if isinstance(old, DecimalType) and isinstance(new, DecimalType):
        return bool(old.scale == new.scale and old.precision < new.precision)
    pairs = ((IntegerType, LongType), (FloatType, DoubleType))
    return any(isinstance(old, narrow) and isinstance(new, wide) for narrow, wide in pairs)


def fresh_ids(kind: IcebergType, following: Callable[[], int], version: int) -> IcebergType:
    """A type with new field ids, given out as pyiceberg does it: a struct's own fields first, then what is inside.

    Defaults are left out of versions that don't have them.
    """
    if isinstance(kind, StructType):
        numbers = [following() for _ in kind.fields]
        return StructType(
            *(
                NestedField(
                    number, one.name, fresh_ids(one.field_type, following, version), one.required, one.doc,
                    write_default=one.write_default if version >= 3 else None,
                )
                for number, one in zip(numbers, kind.fields, strict=True)
            )
        )  # fmt: skip
    if isinstance(kind, ListType):
        return ListType(following(), fresh_ids(kind.element_type, following, version), kind.element_required)
    if isinstance(kind, MapType):
        key, value = following(), following()
        keys, values = fresh_ids(kind.key_type, following, version), fresh_ids(kind.value_type, following, version)
        return MapType(key, keys, value, values, kind.value_required)
    return kind


def _shown(kind: NestedField | IcebergType) -> str:
    """A field's requirement and type, or a type, without ids."""
    if isinstance(kind, NestedField):
        return f"{'required' if kind.required else 'optional'} {_shown(kind.field_type)}"
    return re.sub(r"\b\d+: ", "", str(kind))


def _same(old: IcebergType, new: IcebergType) -> bool:
    """Whether two types are the same but for field ids and docs."""
    if isinstance(old, StructType) and isinstance(new, StructType):
        pairs = zip(old.fields, new.fields, strict=False)
        return len(old.fields) == len(new.fields) and all(_same_field(*pair) for pair in pairs)
    if isinstance(old, ListType) and isinstance(new, ListType):
        return _same_field(old.element_field, new.element_field)
    if isinstance(old, MapType) and isinstance(new, MapType):
        return _same_field(old.key_field, new.key_field) and _same_field(old.value_field, new.value_field)
    return bool(old == new)


def _same_field(old: NestedField, new: NestedField) -> bool:
    return old.name == new.name and old.required == new.required and _same(old.field_type, new.field_type)


def _with(one: NestedField, **changes: Any) -> NestedField:
    return one.model_copy(update=changes)


def _ids_of(one: NestedField) -> Iterator[int]:
    """The ids of a field and of the fields in its structs: none inside of a list or map can be one that rows need."""
    yield one.field_id
    kind = one.field_type
    for child in getattr(kind, "fields", ()):
        yield from _ids_of(child)
