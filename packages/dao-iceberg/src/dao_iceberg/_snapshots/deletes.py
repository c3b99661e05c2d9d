"""Which rows of data files are deleted: by their numbers, by deletion vectors, and by the values of some columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen
from pyiceberg.manifest import FileFormat
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

from dao.errors import StoreError, UnsupportedError
from dao.tables import Selection
from dao_files.formats import get_format
from dao_files.lake import filesystem_over
from dao_iceberg._snapshots.planning import StoredFile, vector_place
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.manifests import Entry
from dao_iceberg._tables.mapping import find_columns, with_mapped_ids
from dao_iceberg._tables.vectors import rows_of_vector

__all__ = ["Deletes", "EqualityDelete"]

_PATH, _POSITION = "file_path", "pos"


@frozen(eq=False)
class EqualityDelete:
    """Rows that are deleted by the values of some columns: null is equal to null there.

    Attributes:
        fields: the columns, by their ids in older schemas too.
        values: the values, in the columns' types.
    """

    fields: tuple[NestedField, ...]
    values: pa.Table

    def keeps(self, rows: Sequence[pa.Array]) -> pa.Array:
        """Which rows are none of them.

        Args:
            rows: the columns, in the order of the fields.
        """
        mine = theirs = None
        for column, values in zip(rows, self.values.columns, strict=True):
            known = _plain(values.combine_chunks()).unique()
            step = len(known)
            found = pc.index_in(_plain(column), value_set=known).cast(pa.int64())
            given = pc.index_in(_plain(values.combine_chunks()), value_set=known).cast(pa.int64())
            mine = found if mine is None else pc.add(pc.multiply(mine, step), found)
            theirs = given if theirs is None else pc.add(pc.multiply(theirs, step), given)
        assert mine is not None
        return pc.invert(pc.and_(mine.is_valid(), pc.is_in(mine, value_set=theirs)))


def _plain(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values.type, pa.BaseExtensionType) else values


@define(eq=False, slots=False)
class Deletes:
    """Reads the delete files of one snapshot, each once.

    Attributes:
        snapshot: the snapshot.
    """

    snapshot: Snapshot
    _positions: dict[str, Mapping[str, pa.Array]] = field(factory=dict, init=False)
    _equality: dict[str, EqualityDelete] = field(factory=dict, init=False)
    _locks: dict[str, Any] = field(factory=dict, init=False)
    _lock: Any = field(factory=Lock, init=False, repr=False)

    def positions_of(self, file: StoredFile) -> pa.Array | None:
        """The numbers of the deleted rows of a file; None where none are deleted by number.

        Raises:
            StoreError: a delete file is damaged or gone.
        """
        if not file.positions:
            return None
        found = [self._positions_in(one, file.path) for one in file.positions]
        return pa.concat_arrays(found)

    def _positions_in(self, entry: Entry, path: str) -> pa.Array:
        place = vector_place(entry)
        if place is not None:
            key = self.snapshot.client.locations.key_of(entry.path)
            blob = bytes(self.snapshot.client.transport.get(key, start=place[0], length=place[1]))
            return rows_of_vector(blob, entry.path)
        by_path = self._once(entry, self._positions, self._read_positions)
        return by_path.get(path, pa.array([], pa.int64()))

    def _once(self, entry: Entry, known: dict[str, Any], read: Callable[[Entry], Any]) -> Any:
        with self._lock:
            lock = self._locks.setdefault(entry.path, Lock())
        with lock:
            if entry.path not in known:
                known[entry.path] = read(entry)
            return known[entry.path]

    def _read_positions(self, entry: Entry) -> Mapping[str, pa.Array]:
        table = self._read(entry, [_PATH, _POSITION])
        paths = table.column(_PATH).combine_chunks().dictionary_encode()
        numbers = table.column(_POSITION).combine_chunks().cast(pa.int64())
        if paths.null_count or numbers.null_count:
            raise StoreError(f"the position delete file {entry.path!r} is damaged: it has nulls")
        return {
            path: numbers.filter(pc.equal(paths.indices, place))
            for place, path in enumerate(paths.dictionary.to_pylist())
        }

    def equality_of(self, file: StoredFile) -> list[EqualityDelete]:
        """The deletes of a file by values.

        Raises:
            StoreError: a delete file is damaged or gone, or names columns that the table never had.
        """
        return [self._once(one, self._equality, self._read_equality) for one in file.equality]

    def _read_equality(self, entry: Entry) -> EqualityDelete:
        fields = tuple(self._field(int(number), entry.path) for number in entry.file.equality_ids or ())
        if not fields:
            raise StoreError(f"the equality delete file {entry.path!r} is damaged: it names no columns")
        stored = with_mapped_ids(self._schema(entry), self.snapshot.table.name_mapping(), entry.path)
        found = find_columns(fields, stored, {})
        names = [one.stored.name for one in found if one.stored is not None]
        if len(names) < len(fields):
            raise StoreError(f"the equality delete file {entry.path!r} is damaged: it lacks one of its columns")
        table = self._read(entry, names)
        columns = [
            pa.chunked_array([one.column(batch) for batch in table.to_batches()], one.field.type) for one in found
        ]
        return EqualityDelete(fields, pa.table(columns, names=[str(number) for number in range(len(columns))]))

    def _field(self, number: int, path: str) -> NestedField:
        """A column by its id, which may have been dropped."""
        for schema in self._schemas:
            top = next((one for one in schema.fields if one.field_id == number), None)
            if top is not None:
                return top
        raise UnsupportedError(f"the equality delete file {path!r} is of a field inside of a column, or of no column")

    @cached_property
    def _schemas(self) -> Iterable[Schema]:
        metadata = self.snapshot.metadata
        return [self.snapshot.columns, metadata.schema(), *reversed(metadata.schemas)]

    def _schema(self, entry: Entry) -> pa.Schema:
        key, filesystem = self._place(entry)
        found: pa.Schema = get_format("parquet").infer_schema([key], filesystem)
        return found

    def _read(self, entry: Entry, names: list[str]) -> pa.Table:
        key, filesystem = self._place(entry)
        schema = self._schema(entry)
        wanted = pa.schema([schema.field(name) for name in names])
        found: pa.Table = get_format("parquet").read_table(
            [key], filesystem, selection=Selection(columns=names), schema=wanted
        )
        return found

    def _place(self, entry: Entry) -> tuple[str, Any]:
        if entry.file.file_format != FileFormat.PARQUET:
            raise UnsupportedError(f"the delete file {entry.path!r} is {entry.file.file_format.value}, not Parquet")
        if entry.file.key_metadata is not None:
            raise UnsupportedError(f"the delete file {entry.path!r} is encrypted")
        key = self.snapshot.client.locations.key_of(entry.path)
        return key, filesystem_over(self.snapshot.client.transport, {key: entry.file.file_size_in_bytes})
