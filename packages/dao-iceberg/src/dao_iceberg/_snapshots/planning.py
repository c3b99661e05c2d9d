"""Which files of a snapshot may have some rows, and which deletes are of their rows; by its manifests alone.

Source: the Iceberg specification, "Scan Planning".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from attrs import define, field, frozen
from pyiceberg.expressions.visitors import (
    _InclusiveMetricsEvaluator,
    expression_evaluator,
    inclusive_projection,
    manifest_evaluator,
)
from pyiceberg.manifest import DataFileContent, ManifestContent, ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import VoidTransform

from dao.arrow.predicates import Literal, Predicate, split, to_iceberg
from dao.errors import DataError, StoreError
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.file_bounds import may_delete
from dao_iceberg._tables.manifests import Entry

__all__ = ["DeleteIndex", "StoredFile", "plan_files", "vector_place"]

_SUPPORTED = {"=", "<>", "<", "<=", ">", ">=", "IN", "IS NULL", "BETWEEN", "AND", "OR", "NOT"}
_PATH_ID = 2147483546
"""The field id of ``file_path`` in position delete files."""

_REFERENCED, _OFFSET, _SIZE = 17, 18, 19
"""Where version 3's fields of a deletion vector are in a ``DataFile``."""


@frozen(eq=False)
class StoredFile:
    """A data file of a snapshot, with the deletes of its rows.

    Attributes:
        entry: the file.
        positions: files with the numbers of rows that are deleted, or a deletion vector.
        equality: files with values of rows that are deleted.
    """

    entry: Entry
    positions: tuple[Entry, ...] = ()
    equality: tuple[Entry, ...] = ()

    @property
    def path(self) -> str:
        """Its location."""
        return self.entry.path

    @property
    def rows(self) -> int:
        """How many rows it has, deleted ones too."""
        return int(self.entry.file.record_count)

    @property
    def has_deletes(self) -> bool:
        """Whether rows of it are deleted."""
        return bool(self.positions or self.equality)

    @property
    def deleted_by(self) -> frozenset[Any]:
        """What tells its deletes from those that it has in another snapshot."""
        return frozenset((one.path, vector_place(one)) for one in (*self.positions, *self.equality))

    @property
    def place(self) -> tuple[int, tuple[Any, ...]]:
        """Its partition: the spec and the values."""
        return _partition(self.entry)


def vector_place(entry: Entry) -> tuple[int, int] | None:
    """Where a deletion vector is in its Puffin file: the first byte and how many; None for any other file."""
    values = entry.file._data
    if len(values) <= _SIZE or values[_OFFSET] is None:
        return None
    return values[_OFFSET], values[_SIZE]


def plan_files(snapshot: Snapshot, predicate: Predicate | None = None) -> list[StoredFile]:
    """The data files that may have rows for which a predicate is true, with the deletes of their rows.

    Args:
        snapshot: the snapshot.
        predicate: bound to its columns.

    Raises:
        StoreError: the snapshot has a file twice: its rows would be doubled.
    """
    data = [one for one in snapshot.manifests if one.content == ManifestContent.DATA]
    pruning = _Pruning.of(snapshot, predicate)
    reader = snapshot.client.reader
    chosen = [one for one in reader.live([one for one in data if pruning.may_have(one)]) if pruning.may_match(one)]
    if len({one.path for one in chosen}) < len(chosen):
        raise StoreError(f"the manifests of {snapshot.key!r} are damaged: snapshot {snapshot.version} has a file twice")
    deletes = [one for one in snapshot.manifests if one.content == ManifestContent.DELETES]
    if not deletes:
        return [StoredFile(one) for one in chosen]
    index = DeleteIndex.of(reader.live(deletes), snapshot.metadata)
    return [index.applied_to(one) for one in chosen]


@define(eq=False)
class _Pruning:
    """Skips manifests by their partitions, and files by their partitions and bounds.

    What can't be evaluated is kept: specs of dropped columns, bounds in the form of an older type.
    """

    snapshot: Snapshot
    expression: Any
    _manifests: dict[int, Callable[[ManifestFile], bool] | None] = field(factory=dict, init=False)
    _partitions: dict[int, Callable[[Any], bool] | None] = field(factory=dict, init=False)
    _metrics: Any = field(default=None, init=False)

    @classmethod
    def of(cls, snapshot: Snapshot, predicate: Predicate | None) -> _Pruning:
        return cls(snapshot, None if predicate is None else _pushed(predicate, snapshot))

    def may_have(self, manifest: ManifestFile) -> bool:
        """Whether a manifest may have a file with such a row."""
        if self.expression is None:
            return True
        spec_id = manifest.partition_spec_id
        if spec_id not in self._manifests:
            self._manifests[spec_id] = self._manifest_test(spec_id)
        return _says(self._manifests[spec_id], manifest)

    def may_match(self, entry: Entry) -> bool:
        """Whether a file may have such a row."""
        if self.expression is None:
            return True
        spec_id = entry.file.spec_id
        if spec_id not in self._partitions:
            self._partitions[spec_id] = self._partition_test(spec_id)
        if self._metrics is None:
            # Files without rows are kept: that a count is 0 may be what a careless writer says.
            columns, expression = self.snapshot.columns, self.expression
            self._metrics = _InclusiveMetricsEvaluator(columns, expression, True, include_empty_files=True).eval
        return _says(self._partitions[spec_id], entry.file.partition) and _says(self._metrics, entry.file)

    def _manifest_test(self, spec_id: int) -> Callable[[ManifestFile], bool] | None:
        spec, columns = self.snapshot.metadata.specs()[spec_id], self.snapshot.columns
        try:
            projected = inclusive_projection(columns, spec, True)(self.expression)
            found: Callable[[ManifestFile], bool] = manifest_evaluator(spec, columns, projected, True)
        except (ValueError, TypeError, KeyError):
            return None
        return found

    def _partition_test(self, spec_id: int) -> Callable[[Any], bool] | None:
        spec, columns = self.snapshot.metadata.specs()[spec_id], self.snapshot.columns
        if not spec.fields:
            return None
        try:
            projected = inclusive_projection(columns, spec, True)(self.expression)
            schema = Schema(*spec.partition_type(columns).fields)
            found: Callable[[Any], bool] = expression_evaluator(schema, projected, True)
        except (ValueError, TypeError, KeyError):
            return None
        return found


def _says(test: Callable[[Any], bool] | None, what: Any) -> bool:
    if test is None:
        return True
    try:
        return bool(test(what))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError):
        return True


def _pushed(predicate: Predicate, snapshot: Snapshot) -> Any:
    """What of a predicate Iceberg can evaluate, as its expression; None for nothing."""
    pushed, _ = split(predicate, _SUPPORTED, columns=snapshot.schema.names)
    if isinstance(pushed, Literal):
        return None
    try:
        return to_iceberg(pushed, snapshot.schema)
    except DataError:
        return None


@define(eq=False)
class DeleteIndex:
    """The delete files of a snapshot, by what they are of."""

    by_path: dict[str, list[Entry]] = field(factory=dict)
    by_partition: dict[Any, list[Entry]] = field(factory=dict)
    equality: dict[Any, list[Entry]] = field(factory=dict)
    everywhere: list[Entry] = field(factory=list)
    kinds: Mapping[int, Any] = field(factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry], metadata: TableMetadata) -> DeleteIndex:
        """The index of some files.

        Args:
            entries: the files.
            metadata: of the table: equality deletes of no partition are of all files.
        """
        specs = metadata.specs()
        found = cls(kinds=_kinds(metadata))
        for one in entries:
            if one.file.content == DataFileContent.EQUALITY_DELETES:
                if _is_partitioned(specs[one.file.spec_id]):
                    found.equality.setdefault(_partition(one), []).append(one)
                else:
                    found.everywhere.append(one)
                continue
            path = _path_of(one)
            if path is None:
                found.by_partition.setdefault(_partition(one), []).append(one)
            else:
                found.by_path.setdefault(path, []).append(one)
        return found

    def applied_to(self, data: Entry) -> StoredFile:
        """A data file with the deletes of its rows."""
        return StoredFile(data, self.positions_of(data), self.equality_of(data))

    def positions_of(self, data: Entry) -> tuple[Entry, ...]:
        """The position deletes of a file. A deletion vector has all that older position delete files had."""
        near = [*self.by_path.get(data.path, ()), *self.by_partition.get(_partition(data), ())]
        found = [one for one in near if one.sequence >= data.sequence and _may_name(one, data.path)]
        vectors = [one for one in found if vector_place(one) is not None]
        return tuple(vectors or found)

    def equality_of(self, data: Entry) -> tuple[Entry, ...]:
        """The equality deletes of a file: those that are newer, and that its bounds don't rule out."""
        near = [*self.everywhere, *self.equality.get(_partition(data), ())]
        newer = (one for one in near if one.sequence > data.sequence)
        return tuple(one for one in newer if may_delete(one.file, data.file, self.kinds))


def _kinds(metadata: TableMetadata) -> Mapping[int, Any]:
    """The types of all columns that a table has or had, by their ids; the newest type of each."""
    schemas = [*metadata.schemas, metadata.schema()]
    return {number: schema.find_type(number) for schema in schemas for number in schema.field_ids}


def _partition(entry: Entry) -> tuple[int, tuple[Any, ...]]:
    """The spec and the partition values, so that those of the same partition are equal: NaN isn't equal to itself."""
    return entry.file.spec_id, tuple("NaN" if value != value else value for value in entry.file.partition)


def _is_partitioned(spec: PartitionSpec) -> bool:
    """Whether a spec has partitions: version 1 of the format keeps the fields that were dropped, as void ones."""
    return any(not isinstance(one.transform, VoidTransform) for one in spec.fields)


def _path_of(entry: Entry) -> str | None:
    """The one data file that a position delete file is of; None where it may be of several."""
    values = entry.file._data
    if len(values) > _REFERENCED and values[_REFERENCED] is not None:
        return str(values[_REFERENCED])
    least, greatest = _path_bounds(entry)
    return least.decode() if least is not None and least == greatest else None


def _path_bounds(entry: Entry) -> tuple[bytes | None, bytes | None]:
    return (entry.file.lower_bounds or {}).get(_PATH_ID), (entry.file.upper_bounds or {}).get(_PATH_ID)


def _may_name(entry: Entry, path: str) -> bool:
    least, greatest = _path_bounds(entry)
    place = path.encode()
    return (least is None or least <= place) and (greatest is None or place <= greatest)
