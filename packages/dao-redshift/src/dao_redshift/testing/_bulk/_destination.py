"""Where an UNLOAD writes: names of files, and what is there before.

The names: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import re

from attrs import frozen

from dao_redshift.testing._bulk._faults import internal
from dao_redshift.testing._bulk._storage import BulkStorage, Place
from dao_redshift.testing._statements import Unload

__all__ = ["Destination"]

_COMPRESSED = {"GZIP": ".gz", "ZSTD": ".zst", "BZIP2": ".bz2"}
_ESCAPED = re.compile(r"[\x00-\x1f\x7f\"#%'*/:=?\\{}\[\]^]")
_NOT_EMPTY = (
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing "
    "the target files in S3, or using the ALLOWOVERWRITE option."
)
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@frozen
class Destination:
    """The files of one UNLOAD.

    Attributes:
        place: what all keys begin with.
        extension: what they end with.
        slices: how many files are written at once; None for PARALLEL OFF.
    """

    place: Place
    extension: str
    slices: int | None

    @classmethod
    def of(cls, unload: Unload, slices: int) -> Destination:
        """The destination of an UNLOAD on a warehouse with so many slices.

        Raises:
            RedshiftError: its URL isn't one.
        """
        place = Place.of(unload.location)
        if "PARTITION BY" in unload.options and not place.key.endswith("/"):
            place = Place(place.bucket, place.key + "/")
        given = unload.options.get("EXTENSION")
        compressed = next((end for name, end in _COMPRESSED.items() if name in unload.options), "")
        own = ".parquet" if unload.format == "PARQUET" else compressed
        extension = own if given is None else "." + str(given).removeprefix(".")
        parallel = unload.options.get("PARALLEL", "ON") in ("ON", "TRUE")
        return cls(place, extension, slices if parallel else None)

    def file(self, folder: str, number: int, part: int) -> Place:
        """The place of a slice's file, such as ``prefix0000_part_00``; ``prefix000`` without slices."""
        name = f"{part:03}" if self.slices is None else f"{number:04}_part_{part:02}"
        return Place(self.place.bucket, f"{self.place.key}{folder}{name}{self.extension}")

    @property
    def manifest(self) -> Place:
        """The place of the manifest."""
        return Place(self.place.bucket, f"{self.place.key}manifest")

    def prepare(self, unload: Unload, storage: BulkStorage) -> None:
        """Look at what is there, and remove it under CLEANPATH; partitions are cleaned when they get their first file.

        Raises:
            RedshiftError: it is not empty.
        """
        if "ALLOWOVERWRITE" in unload.options or ("CLEANPATH" in unload.options and "PARTITION BY" in unload.options):
            return
        there = [one.place for one in storage.listed(self.place)]
        if there and "CLEANPATH" not in unload.options:
            raise internal(_NOT_EMPTY, 8001, unload.location)
        storage.delete(there)

    def clean(self, folder: str, storage: BulkStorage) -> None:
        """Remove what is in a partition's folder.

        Raises:
            RedshiftError: S3 refuses.
        """
        storage.delete([one.place for one in storage.listed(Place(self.place.bucket, self.place.key + folder))])

    @staticmethod
    def folder(values: dict[str, str | None]) -> str:
        """The folder of a partition, after the Apache Hive convention."""
        return "".join(f"{_escaped(name)}={_escaped(value) if value else NO_VALUE}/" for name, value in values.items())


def _escaped(value: str) -> str:
    return _ESCAPED.sub(lambda letter: f"%{ord(letter[0]):02X}", value)
