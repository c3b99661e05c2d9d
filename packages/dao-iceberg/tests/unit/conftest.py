"""A store of Iceberg tables in a folder of its own for each test, and what other engines make of its tables."""

from __future__ import annotations

import asyncio
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyiceberg.avro.file import AvroOutputFile
from pyiceberg.conversions import to_bytes
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestWriterV2,
    data_file_with_partition,
    manifest_entry_schema_with_data_file,
    write_manifest_list,
)
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSnapshotUpdate,
    SetDefaultSpecUpdate,
    SetSnapshotRefUpdate,
)
from pyiceberg.typedef import Record
from pyiceberg.types import IntegerType, StringType
from pyroaring import BitMap

from dao import DataAccessObject, DataStore, TableObject
from dao_iceberg._tables.client import Client
from dao_iceberg.connector import AWSConnector

sys.path.insert(0, str(Path(__file__).parent))  # the helpers beside the tests

PATH = pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"})
POSITION = pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"})


class _Writer(ManifestWriterV2):
    """Manifests of data or of deletes, with the fields of version 3."""

    kind = ManifestContent.DATA

    def content(self):
        return self.kind

    def new_writer(self):
        kind = data_file_with_partition(format_version=3, partition_type=self._spec.partition_type(self._schema))
        schema = manifest_entry_schema_with_data_file(format_version=3, data_file=kind)
        return AvroOutputFile(self._output_file, schema, "manifest_entry", schema, self._meta)


class Foreign:
    """Another engine at work on one table: files of deletes, deletion vectors, data files of its own."""

    def __init__(self, client: Client, table: str) -> None:
        self.client, self.table = client, table

    @property
    def now(self):
        return self.client.open(self.table)

    @property
    def data_files(self):
        """The data files of the newest snapshot."""
        return [one for one in self.client.reader.live(self.now.manifests) if one.is_data]

    def delete_positions(self, path: str, rows: list[int], *, bounds: bool = True, partition: tuple = ()) -> None:
        table = pa.table({"file_path": [path] * len(rows), "pos": rows}, pa.schema([PATH, POSITION]))
        bound = {2147483546: to_bytes(StringType(), path)} if bounds else {}
        content = DataFileContent.POSITION_DELETES
        self._add(table, content, lower_bounds=bound, upper_bounds=bound, partition=partition)

    def delete_equal(
        self, rows: pa.Table, ids: dict[str, int], spec_id: int = 0, partition: tuple = (), *, bounds: bool = False
    ) -> None:
        """Delete the rows with some values: columns by name, with their ids; and say which values these are."""
        fields = [one.with_metadata({"PARQUET:field_id": str(ids[one.name])}) for one in rows.schema]
        table = pa.table(rows.columns, schema=pa.schema(fields))
        content = DataFileContent.EQUALITY_DELETES
        more = self._said(table, ids) if bounds else {}
        self._add(table, content, equality_ids=list(ids.values()), spec_id=spec_id, partition=partition, **more)

    def _said(self, table: pa.Table, ids: dict[str, int]) -> dict[str, dict]:
        said = {"lower_bounds": {}, "upper_bounds": {}, "null_value_counts": {}}
        for name, number in ids.items():
            values = table[name]
            said["null_value_counts"][number] = values.null_count
            if values.null_count < len(values) and not pa.types.is_floating(values.type):
                for bound, value in zip(
                    ("lower_bounds", "upper_bounds"), pc.min_max(values).as_py().values(), strict=True
                ):
                    kind = self.now.metadata.schema().find_type(number)
                    said[bound][number] = to_bytes(IntegerType() if values.type == pa.int32() else kind, value)
        return said

    def delete_by_vector(self, path: str, rows: list[int]) -> None:
        bitmaps: dict[int, list[int]] = {}
        for row in rows:
            bitmaps.setdefault(row >> 32, []).append(row & 0xFFFFFFFF)
        body = b"\xd1\xd3\x39\x64" + struct.pack("<q", len(bitmaps))
        for key in sorted(bitmaps):
            body += struct.pack("<I", key) + BitMap(bitmaps[key]).serialize()
        blob = struct.pack(">I", len(body)) + body + struct.pack(">I", zlib.crc32(body))
        key = f"{self.table}/data/{uuid4()}.puffin"
        self.client.transport.put(key, b"PFA1" + blob + b"PFA1")
        file = self._file(key, len(blob), FileFormat.PUFFIN, DataFileContent.POSITION_DELETES, len(rows))
        file._data[17:20] = [path, 4, len(blob)]
        self._commit([file], ManifestContent.DELETES)

    def append(self, table: pa.Table, partition: tuple = (), spec_id: int | None = None) -> None:
        """Add a data file just as it is."""
        self._add(table, DataFileContent.DATA, partition=partition, spec_id=spec_id)

    def set_name_mapping(self) -> None:
        """Give the table the mapping of its columns' names to their ids."""
        mapping = self.now.metadata.schema().name_mapping.model_dump_json()
        with self.now.table.transaction() as transaction:
            transaction.set_properties({"schema.name-mapping.default": mapping})

    def evolve(self):
        """The update of the columns, as a context."""
        return self.now.table.update_schema(allow_incompatible_changes=True)

    def set_spec(self, spec: PartitionSpec) -> None:
        """Partition the table otherwise from now on."""
        updates = (AddPartitionSpecUpdate(spec=spec), SetDefaultSpecUpdate(spec_id=-1))
        self.client.catalogs.get().commit_table(self.now.table, (), updates)

    def _add(self, table: pa.Table, content: DataFileContent, **more) -> None:
        sink = BytesIO()
        pq.write_table(table, sink, store_schema=False)
        key = f"{self.table}/data/{uuid4()}.parquet"
        self.client.transport.put(key, sink.getvalue())
        file = self._file(key, len(sink.getvalue()), FileFormat.PARQUET, content, table.num_rows, **more)
        deletes = content != DataFileContent.DATA
        self._commit([file], ManifestContent.DELETES if deletes else ManifestContent.DATA)

    def _file(self, key, size, kind, content, rows, partition=(), spec_id=None, **more) -> DataFile:
        file = DataFile.from_args(
            _table_format_version=3,
            content=content,
            file_path=self.client.locations.of(key),
            file_format=kind,
            partition=Record(*partition),
            record_count=rows,
            file_size_in_bytes=size,
            **more,
        )
        file.spec_id = self.now.spec.spec_id if spec_id is None else spec_id
        return file

    def _commit(self, files: list[DataFile], kind: ManifestContent) -> None:
        now = self.now
        metadata, folder = now.metadata, now.metadata_folder
        version = metadata.new_snapshot_id()
        spec = metadata.specs()[files[0].spec_id]
        output = self.client.io.new_output(f"{folder}/{uuid4()}-m0.avro")
        writer = _Writer(spec, metadata.schema(), output, version, "null")
        writer.kind = kind
        with writer:
            for file in files:
                writer.add_entry(ManifestEntry.from_args(**_entry(version, file)))
        path, parent = f"{folder}/snap-{version}.avro", now.version
        sequence = metadata.next_sequence_number()
        with write_manifest_list(2, self.client.io.new_output(path), version, parent, sequence, "null") as listed:
            listed.add_manifests([*now.manifests, writer.to_manifest_file()])
        made = Snapshot(
            snapshot_id=version,
            parent_snapshot_id=parent,
            manifest_list=path,
            sequence_number=sequence,
            summary=Summary(operation=Operation.OVERWRITE),
            schema_id=metadata.current_schema_id,
        )
        updates = (
            AddSnapshotUpdate(snapshot=made),
            SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=version),
        )
        self.client.catalogs.get().commit_table(now.table, (), updates)


def _entry(version, file):
    return {"status": ManifestEntryStatus.ADDED, "snapshot_id": version, "data_file": file}


@pytest.fixture
def lake(tmp_path):
    return DataStore("lake", "iceberg", options={"root": str(tmp_path / "lake")})


@pytest.fixture
def dao():
    return DataAccessObject()


@pytest.fixture
def table(lake):
    return TableObject("orders", lake)


@pytest.fixture
def client(lake):
    return lake.interface._client


@pytest.fixture
def foreign(client):
    """Changes the table as other engines do."""
    return Foreign(client, "orders")


class Shop:
    """Source tables a, b and c of the database ``shop``, and connectors from some of them to ``gold.orders``."""

    def __init__(self, lake: DataStore, dao: DataAccessObject) -> None:
        self.lake, self.dao = lake, dao
        self.target = self.object("gold/orders")

    def object(self, key: str) -> TableObject:
        return TableObject(key.rpartition("/")[2], self.lake, key=key)

    def add(self, table: str, rows: list[dict], **options) -> None:
        """Add rows to a source table."""
        self.dao.write(rows, self.object(f"shop/{table}"), mode="append", **options)

    def config(self, *tables: str | dict, target: dict | None = None, **source) -> dict:
        fields = {"index_field": "id", "datetime_field": "at"}
        named = [{"table": one} if isinstance(one, str) else one for one in tables or ("a",)]
        listed = [{"database": "shop", **fields, **one} for one in named]
        wanted = {"database": "gold", "table": "orders", **fields, **(target or {})}
        root = self.lake.specs[0].options["root"]
        return {"connector": {"options": {"root": root}, "source": {"tables": listed, **source}, "target": wanted}}

    def connector(self, *tables: str | dict, **more) -> AWSConnector:
        return AWSConnector(self.config(*tables, **more))

    def run(self, model: type, *tables: str | dict, reads: int = 1, now=None, drop: bool = False, **more) -> list[int]:
        """Read and write some times; the number of rows of each read."""

        async def main() -> list[int]:
            found = []
            async with self.connector(*tables, **more) as connector:
                for _ in range(reads):
                    records = await connector.read(now=now, drop=drop)
                    await connector.write(records, model)
                    found.append(len(records))
            return found

        return asyncio.run(main())

    def rows(self, *columns: str) -> list[tuple]:
        """What the target has, sorted."""
        found = self.dao.read(self.target, columns=list(columns) or ["id"], into="pylist")
        return sorted((tuple(row.values()) for row in found), key=repr)


@pytest.fixture
def shop(lake, dao):
    return Shop(lake, dao)


@pytest.fixture
def asked(client, monkeypatch):
    """Lets the catalog's answers be others: a list of functions of the commit that is asked for."""
    answers: list = []
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def answer(*given):
        return answers.pop(0)(lambda: commit(*given)) if answers else commit(*given)

    monkeypatch.setattr(catalog, "commit_table", answer)
    return answers
