"""Translates a Glue table to the type and properties of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from attrs import frozen

from dao.display import even_half_made
from dao.errors import ConfigError
from dao_s3.glue._csv_options import csv
from dao_s3.glue._extractors import description, exact_schema, location, partitions
from dao_s3.glue._file_formats import codec, format
from dao_s3.glue._markers import markers
from dao_s3.glue._table import GlueTable

__all__ = ["STANDARD", "Extractor", "GlueTranslator", "Translation"]


class Extractor(Protocol):
    """Extracts one aspect of a table. May be a function, but not a lambda if the catalog is to be pickled."""

    def __call__(self, table: GlueTable, /) -> Mapping[str, Any]:
        """Properties of the object by name; empty if the table doesn't define any.

        Two names are special: ``type`` is the object's type, and ``unreadable`` the human-readable reason why its data
        can't be used; such an object is listed, and raises that reason when used.
        """


STANDARD: tuple[Extractor, ...] = (location, description, format, codec, csv, exact_schema, partitions, markers)
"""The default extractors."""


@frozen
class Translation:
    """The result of translating a table.

    Attributes:
        type: the name of the object's type.
        properties: its properties, ``location`` and ``unreadable`` among them.
    """

    type: str
    properties: Mapping[str, Any]


@even_half_made
class GlueTranslator:
    """Determines the object for a Glue table. Immutable.

    Args:
        extractors: the extractors in order; a later one's properties override an earlier one's of the same name.

    >>> def owner(table):
    ...     return {"owner": table.raw.get("Owner", "unknown")}
    >>> table = GlueTable("sales", "orders", {"StorageDescriptor": {"Location": "s3://lake/orders/"}})
    >>> GlueTranslator().with_extractor(owner).translate(table).properties
    {'location': 's3://lake/orders', 'owner': 'unknown'}
    """

    def __init__(self, extractors: Iterable[Extractor] = STANDARD) -> None:
        self.extractors = tuple(extractors)

    def with_extractor(self, extractor: Extractor, *, instead_of: Extractor | None = None) -> GlueTranslator:
        """A copy with one more extractor, at the end; or with one replacing another.

        Raises:
            ConfigError: ``instead_of`` isn't one of its extractors.
        """
        if instead_of is None:
            return GlueTranslator((*self.extractors, extractor))
        self._check(instead_of)
        return GlueTranslator(extractor if each is instead_of else each for each in self.extractors)

    def without(self, extractor: Extractor) -> GlueTranslator:
        """A copy without one of the extractors.

        Raises:
            ConfigError: it doesn't have that one.
        """
        self._check(extractor)
        return GlueTranslator(each for each in self.extractors if each is not extractor)

    def _check(self, extractor: Extractor) -> None:
        if extractor not in self.extractors:
            names = ", ".join(map(_name, self.extractors))
            raise ConfigError(f"the translator has no extractor {_name(extractor)}; its own are {names}")

    def translate(self, table: GlueTable) -> Translation:
        """The object's type, ``s3.table`` unless an extractor gives another, and its properties."""
        properties: dict[str, Any] = {}
        for extractor in self.extractors:
            try:
                properties.update(extractor(table))
            except Exception as error:
                error.add_note(f"by the extractor {_name(extractor)}, of Glue's table {table.database}.{table.name}")
                raise
        return Translation(properties.pop("type", "s3.table"), properties)

    def __repr__(self) -> str:
        return f"GlueTranslator({', '.join(map(_name, self.extractors))})"


def _name(extractor: Extractor) -> str:
    return getattr(extractor, "__name__", type(extractor).__name__)
