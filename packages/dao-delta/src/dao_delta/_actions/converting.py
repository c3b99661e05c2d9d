"""Makes a Delta table of a directory of Parquet files, in place: one commit that names them. No file is rewritten."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from dao.data_object import DataObject, TableObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError, StoreError, UnsupportedError
from dao.results import WriteResult
from dao_delta._actions.writing import new_table_actions
from dao_delta._commits.transaction import Change, commit_info
from dao_delta._commits.vacancy import refuse_nested
from dao_delta._snapshots.parquet import partition_text
from dao_delta._tables.client import Client
from dao_delta._tables.keys import check_name
from dao_delta._tables.log import Action, log_path, now, put_commit
from dao_delta._tables.schemas import check_partitions, storable
from dao_delta._tables.statistics import statistics_of
from dao_files import FilesInterface
from dao_files.formats import hive_values

__all__ = ["convert"]

_INDEXED = 32


def convert(client: Client, files: FilesInterface, data_object: DataObject) -> WriteResult:
    """Make a Delta table of the Parquet files at an object's key.

    Args:
        client: the store.
        files: the same place as files: it knows which of them count, and their partitions' types.
        data_object: the object.

    Raises:
        NotFoundError: there is nothing.
        AlreadyExistsError: it is a Delta table already.
        DataError: files have one column in different types; or another table is above or below.
        StoreError: a file is no Parquet, or damaged.
        UnsupportedError: a column's values are stored in a way that Delta doesn't have.
    """
    table = check_name(data_object.key)
    if client.exists(table):
        raise AlreadyExistsError(f"{table!r} is a Delta table already")
    refuse_nested(client, table)
    source = TableObject(data_object.identifier, data_object.data_store, key=table, format="parquet")
    try:
        target = _same_types(_schema_of(files, source))
        with _Files(files, table) as found:
            partition_by = found.partition_by
            check_partitions(target, partition_by)
            adds = [found.add(info, target, partition_by) for info in found.infos]
    except pa.ArrowInvalid as error:
        raise StoreError(f"a file of {table!r} is no Parquet, or damaged: {error}") from error
    rows = sum(rows for _, rows in adds)
    actions = [*new_table_actions(target, partition_by, {}), *(add for add, _ in adds)]
    result = WriteResult(rows_inserted=rows, files=0, version_after=0, details={"files_kept": len(adds)})
    token = uuid4().hex
    change = Change(operation="CONVERT", actions=actions, result=result)
    try:
        put_commit(client.transport, table, 0, [commit_info(change, None, token), *actions], token)
    except ConflictError as error:
        raise AlreadyExistsError(f"another writer made {table!r} a Delta table meanwhile") from error
    return result


def _schema_of(files: FilesInterface, source: TableObject) -> pa.Schema:
    try:
        found: pa.Schema = files.schema(source)
    except DataError as error:  # its advice is for a read
        why = error.message.partition("; schema=")[0]
        raise DataError(
            f"{why}; files stay as they are here: read them, with schema=, and write a new table"
        ) from error
    return found


def _same_types(schema: pa.Schema) -> pa.Schema:
    """The schema in Delta, of files that stay as they are.

    Raises:
        DataError: Delta has no type for a column.
        UnsupportedError: it has one whose values are stored in another way.
    """
    target = storable(schema)
    for old, new in zip(schema, target, strict=True):
        if not _is_stored_alike(old.type, new.type):
            raise UnsupportedError(
                f"column {old.name!r} is {old.type}, which Delta keeps as {new.type}: its files can't stay; "
                "copy the table into a new one instead"
            )
    return target


def _is_stored_alike(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether values of both types have one form in Parquet: those of text and lists, however Arrow lays them out."""
    if pt.is_dictionary(old):
        return _is_stored_alike(old.value_type, new)
    if old.equals(new) or (_is_text(old) and _is_text(new)) or (_is_bytes(old) and _is_bytes(new)):
        return True
    if pt.is_timestamp(old) and pt.is_timestamp(new):
        return old.unit == new.unit and bool(old.tz) == bool(new.tz)
    if not (pt.is_nested(old) and pt.is_nested(new)) or old.num_fields != new.num_fields:
        return False
    pairs = [(old.field(number), new.field(number)) for number in range(old.num_fields)]
    return all(_is_stored_alike(one.type, other.type) for one, other in pairs)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind))


class _Files:
    """The files of a directory that count, at one moment."""

    def __init__(self, files: FilesInterface, table: str) -> None:
        self._table = table
        self._snapshot = files.storage.snapshot(table, "directory")

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._snapshot.close()

    @property
    def infos(self) -> list[Any]:
        """The data files."""
        found = [info for info in self._snapshot.files if _is_data(self._below(info.key))]
        if not found:
            raise NotFoundError(f"there is no Parquet file in {self._table!r}")
        return found

    @property
    def partition_by(self) -> tuple[str, ...]:
        """The columns that the folders stand for.

        Raises:
            DataError: files are in folders of different columns.
        """
        names = {tuple(hive_values(self._below(info.key))) for info in self.infos}
        if len(names) > 1:
            raise DataError(f"the files of {self._table!r} are in folders of different columns: {sorted(names)}")
        return names.pop()

    def add(self, info: Any, schema: pa.Schema, partition_by: tuple[str, ...]) -> tuple[Action, int]:
        """The ``add`` action of a file, and its rows."""
        path = self._below(info.key)
        with self._snapshot.open(info.key) as file, pq.ParquetFile(file) as parquet:
            metadata, stored = parquet.metadata, parquet.schema_arrow
        _check_columns(stored, schema, partition_by, path)
        values = hive_values(path)
        texts = {name: _text(values[name], schema.field(name).type) for name in partition_by}
        return {
            "add": {
                "path": log_path(path),
                "partitionValues": texts,
                "size": info.size,
                "modificationTime": now() if info.modified is None else int(info.modified.timestamp() * 1000),
                "dataChange": True,
                "stats": statistics_of(metadata, stored, _INDEXED),
            }
        }, metadata.num_rows

    def _below(self, key: str) -> str:
        return key.removeprefix(f"{self._table}/")


def _is_data(path: str) -> bool:
    return not any(part.startswith(("_", ".")) and "=" not in part for part in path.split("/"))


def _check_columns(stored: pa.Schema, schema: pa.Schema, partition_by: tuple[str, ...], path: str) -> None:
    expected = pa.schema([field for field in schema if field.name not in partition_by])
    for field in stored:
        if field.name not in expected.names or not _is_stored_alike(field.type, expected.field(field.name).type):
            raise UnsupportedError(
                f"the file {path!r} has the column {field.name!r} as {field.type}, and the table hasn't: "
                "copy the table into a new one instead"
            )


def _text(value: str | None, kind: pa.DataType) -> str | None:
    """A partition value as the log keeps it, of the text of a folder."""
    if value is None:
        return None
    return partition_text(pa.scalar(value).cast(kind).as_py())
