"""What a run knows of a dataset: where it is, its columns, and how much was read or written."""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

__all__ = ["Column", "Dataset", "Place", "columns_of"]


@frozen
class Place:
    """The name of a dataset for everybody, by OpenLineage's naming.

    Attributes:
        namespace: such as ``s3://bucket``.
        name: such as ``raw/orders``.
    """

    namespace: str
    name: str


@frozen
class Column:
    """A column.

    Attributes:
        name: its name.
        type: its Arrow type, or what a data frame calls it; None if that isn't known.
        columns: the fields of a struct.
    """

    name: str
    type: str | None = None
    columns: tuple[Column, ...] = ()


@frozen
class Dataset:
    """What is known of a dataset that was read or written.

    Attributes:
        place: where it is.
        catalog_name: ``store.object``.
        columns: its columns, as far as they were read or written; empty if they aren't known.
        version: the version that was read, or was written last.
        rows: how many were read or written.
        bytes: the same.
        files: the same.
        change: what became of it: ``OVERWRITE``, ``DROP`` or ``RENAME``.
        previous: where it was, after a move.
    """

    place: Place
    catalog_name: str
    columns: tuple[Column, ...] = ()
    version: str | None = None
    rows: int | None = None
    bytes: int | None = None
    files: int | None = None
    change: str | None = None
    previous: Place | None = None

    def after(self, earlier: Dataset | None) -> Dataset:
        """Both together; where they differ, this one counts."""
        if earlier is None:
            return self
        return evolve(
            self,
            columns=self.columns or earlier.columns,
            version=self.version or earlier.version,
            rows=_sum(self.rows, earlier.rows),
            bytes=_sum(self.bytes, earlier.bytes),
            files=_sum(self.files, earlier.files),
            change=self.change or earlier.change,
            previous=self.previous or earlier.previous,
        )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def columns_of(data: Any) -> tuple[Column, ...]:
    """The columns of data of any library, without reading or converting any of it; empty if that can't be."""
    names, types = getattr(getattr(data, "schema", None), "names", None), getattr(data, "dtypes", None)
    if isinstance(names, list) and hasattr(data.schema, "field"):  # Arrow
        return tuple(_column(data.schema.field(at)) for at in range(len(names)))
    names = getattr(data, "columns", None)
    if names is not None and types is not None:  # a data frame of pandas or polars
        return tuple(Column(str(name), str(kind)) for name, kind in zip(names, types, strict=False))
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return tuple(Column(str(name)) for name in data[0])
    return ()


def _column(field: Any) -> Column:
    kind = field.type
    parts = [kind.field(at) for at in range(kind.num_fields)] if str(kind).startswith("struct") else []
    return Column(field.name, str(kind), tuple(map(_column, parts)))
