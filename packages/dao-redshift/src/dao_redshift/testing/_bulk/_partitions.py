"""PARTITION BY of an UNLOAD: rows of a batch by their folder."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from attrs import frozen

from dao_redshift.testing._bulk._destination import Destination
from dao_redshift.testing._bulk._result import ResultColumn
from dao_redshift.testing._statements import RedshiftError, Unload

__all__ = ["Partitions"]

_ALLOWED = {"int2", "int4", "int8", "numeric", "float4", "bool", "bpchar", "varchar", "text", "date", "timestamp"}
_BOOLEANS = {"t": "true", "f": "false"}


@frozen
class Partitions:
    """Which columns name the folder, and which are in the files.

    Attributes:
        by: indices of the columns of PARTITION BY, in its order; empty without it.
        kept: indices of the columns that are written, in the result's order.
        names: of the columns `by`.
        booleans: which of them are booleans.
    """

    by: tuple[int, ...]
    kept: tuple[int, ...]
    names: tuple[str, ...]
    booleans: tuple[bool, ...]

    @classmethod
    def of(cls, unload: Unload, columns: tuple[ResultColumn, ...]) -> Partitions:
        """The partitions of an UNLOAD.

        Raises:
            RedshiftError: a column isn't there, can't be one of a partition, or no other is left.
        """
        named = unload.options.get("PARTITION BY", ())
        by = [_index(str(name), columns) for name in (named if isinstance(named, tuple) else ())]
        kept = tuple(index for index in range(len(columns)) if "INCLUDE" in unload.options or index not in by)
        if not kept:
            raise RedshiftError(
                "UNLOAD with PARTITION BY needs at least one column that is no partition column", "42601"
            )
        names = tuple(columns[index].name for index in by)
        return cls(tuple(by), kept, names, tuple(columns[index].type == "bool" for index in by))

    def split(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of a batch by folder, in the order in which folders come."""
        if not self.by:
            yield "", batch
            return
        keys = pa.table([batch.column(index).cast(pa.string()) for index in self.by], list(self.names_by_index))
        keys = keys.append_column("row", pa.array(range(batch.num_rows), pa.int64()))
        grouped = keys.group_by(list(self.names_by_index), use_threads=False).aggregate([("row", "list")])
        for group in grouped.to_pylist():
            values = [group[key] for key in self.names_by_index]
            texts = [
                _BOOLEANS.get(text, text) if one else text for text, one in zip(values, self.booleans, strict=True)
            ]
            folder = Destination.folder(dict(zip(self.names, texts, strict=True)))
            yield folder, batch.take(pa.array(group["row_list"], pa.int64()))

    @property
    def names_by_index(self) -> tuple[str, ...]:
        """Names for the columns `by` that no two have in common."""
        return tuple(f"key{index}" for index in range(len(self.by)))


def _index(name: str, columns: tuple[ResultColumn, ...]) -> int:
    found = [index for index, column in enumerate(columns) if column.name in (name, name.lower())]
    if not found:
        raise RedshiftError(f'column "{name}" of PARTITION BY is not in the result of the query', "42703")
    if columns[found[0]].type not in _ALLOWED:
        raise RedshiftError(f'column "{name}" has a type that PARTITION BY does not support', "0A000")
    return found[0]
