"""A Glue table: the response of Glue, with accessors for its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from dao.display import Displayed

__all__ = ["Column", "GlueTable"]

_NOTHING: Mapping[str, Any] = {}


@frozen
class Column(Displayed):
    """One column in Glue.

    Attributes:
        name: as it is registered; most programs make it lower case.
        type: Hive's name of its type, such as ``array<string>``.
        comment: its comment; may be empty.
    """

    name: str
    type: str
    comment: str = ""


@frozen
class GlueTable(Displayed):
    """One table of Glue: the response of ``GetTable``, with accessors. Missing parts are empty.

    Attributes:
        database: the name of the database that it was looked up in.
        name: the name that it was looked up by.
        raw: the answer's ``Table``.
        claimed: the table formats that installed plugins read.
    """

    database: str
    name: str
    raw: Mapping[str, Any] = field(repr=False)
    claimed: frozenset[str] = field(default=frozenset(), repr=False)

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [("database", self.database), ("name", self.name), ("location", self.storage.get("Location"))]

    @property
    def parameters(self) -> Mapping[str, str]:
        """The table's properties (``TBLPROPERTIES``)."""
        return self.raw.get("Parameters") or _NOTHING

    @property
    def storage(self) -> Mapping[str, Any]:
        """The ``StorageDescriptor``."""
        return self.raw.get("StorageDescriptor") or _NOTHING

    @property
    def serde_parameters(self) -> Mapping[str, str]:
        """The properties of the SerDe (``SERDEPROPERTIES``)."""
        return (self.storage.get("SerdeInfo") or _NOTHING).get("Parameters") or _NOTHING

    @property
    def serde(self) -> str:
        """The class that reads and writes rows, in full."""
        return (self.storage.get("SerdeInfo") or _NOTHING).get("SerializationLibrary") or ""

    @property
    def input_format(self) -> str:
        """The class that reads files, in full."""
        return self.storage.get("InputFormat") or ""

    @property
    def location(self) -> str:
        """Where its files are, such as ``s3://bucket/prefix``, as it is registered."""
        return self.storage.get("Location") or ""

    @property
    def provider(self) -> str:
        """The format that Spark wrote it in, in lower case; empty for tables that are not Spark's own."""
        return self.parameters.get("spark.sql.sources.provider", "").lower()

    @property
    def type(self) -> str:
        """``EXTERNAL_TABLE``, ``VIRTUAL_VIEW``..."""
        return self.raw.get("TableType") or ""

    @property
    def is_link(self) -> bool:
        """Whether this is a link to a table elsewhere, and not that table."""
        return bool(self.raw.get("TargetTable")) and not self.storage

    @property
    def columns(self) -> Sequence[Column]:
        """The columns inside the files."""
        return _columns(self.storage.get("Columns"))

    @property
    def partition_keys(self) -> Sequence[Column]:
        """The partition columns."""
        return _columns(self.raw.get("PartitionKeys"))


def _columns(told: Sequence[Mapping[str, str]] | None) -> list[Column]:
    return [Column(each.get("Name", ""), each.get("Type") or "", each.get("Comment") or "") for each in told or ()]
