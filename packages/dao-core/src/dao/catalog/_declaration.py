"""Declarations of stores and objects, after reading, merging and checking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, fields, frozen

from dao.catalog._patterns import NamePattern
from dao.interface import InterfaceSpec

__all__ = ["ObjectDeclaration", "StoreDeclaration", "with_lists", "wrong_kind"]


@frozen
class ObjectDeclaration:
    """The keys of an object that DAO itself interprets. Any other key is a property too.

    Attributes:
        type: ``object``, ``file``, ``directory``, ``table``, or a type that a plugin registers.
        prefix: its folder, relative to the store's root.
        suffix: appended to its name, such as ``.csv``.
        key: the whole path, instead of ``prefix/name`` + ``suffix``.
        format: the file format: ``csv``, ``json``, ``ndjson``, ``parquet``, ``arrow``, ``orc``, ``avro``...
        partition_by: names of the columns that the data is partitioned by, a list or one name.
        keys: names of the columns that identify a row, for ``upsert``, a list or one name.
        description: for people.
    """

    type: str = "object"
    prefix: str = ""
    suffix: str = ""
    key: str = ""
    format: str = ""
    partition_by: list[str] = field(factory=list)
    keys: list[str] = field(factory=list)
    description: str = ""


_KINDS = {attribute.name: str(attribute.type) for attribute in fields(ObjectDeclaration)}


_LISTS = tuple(name for name, kind in _KINDS.items() if kind.startswith("list"))


def with_lists(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Copy properties, with a single column name as a list of one, as calls take it: ``keys: id``."""
    single = {name: [properties[name]] for name in _LISTS if properties.get(name) and type(properties[name]) is str}
    return {**properties, **single}


def wrong_kind(name: str, value: Any) -> str:
    """What is wrong with the value of an object's key; empty if valid, or if DAO itself doesn't know the key."""
    kind = _KINDS.get(name)
    if kind is None or value is None:
        return ""
    if kind == "str":
        return "" if isinstance(value, str) else f"expected str, found {_kind(value)}"
    if not isinstance(value, (list, tuple)):
        return f"expected a list of column names, found {_kind(value)}"
    for position, item in enumerate(value):
        if not isinstance(item, str) or not item:
            return f"expected a list of column names, found at position {position}: {_kind(item)}"
        if item in value[:position]:
            return f"expected a list of column names, found {item!r} twice"
    return ""


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return f"bool {value} (YAML reads yes, no, on and off as that: quote the name)"
    return "an empty str" if value == "" else "null" if value is None else type(value).__name__


@frozen
class StoreDeclaration:
    """One store of a catalog.

    Attributes:
        name: its name.
        interfaces: the primary one first.
        properties: the properties that its objects share.
        object_type: the ``type`` of objects that don't declare one.
        objects: the declaration of each object as it was written, by name, including name patterns.
        patterns: the names with placeholders.
    """

    name: str
    interfaces: tuple[InterfaceSpec, ...]
    properties: Mapping[str, Any] = field(repr=False)
    objects: Mapping[str, Mapping[str, Any]] = field(repr=False)
    patterns: tuple[NamePattern, ...] = ()
    object_type: str = "object"
