"""Tables of a store that no catalog names: each is a folder, whose newest metadata file is found by its name.

So Spark's and Flink's ``hadoop`` catalogs keep tables, and so any table looks whose folder was copied from elsewhere.
Source: the Iceberg specification, "File System Tables"; what ``allow_moved_paths`` of DuckDB means by moved.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping

from attrs import define, field
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil

from dao.errors import DataError, NotFoundError, StoreError, UnsupportedError
from dao_files.storage import check_key
from dao_iceberg._tables.client import Client
from dao_iceberg._tables.io import Locations

__all__ = ["FolderClient", "metadata_key", "read_metadata"]

_FOLDER = "metadata"
_HINT = "version-hint.text"
_NAME = re.compile(r"v?(?P<number>\d+)(?:-[^/]*)?(?:\.gz)?\.metadata\.json(?:\.gz)?")
_TABLE = re.compile(rf"(?P<key>.+)/{_FOLDER}/{_NAME.pattern}")
_FILE = re.compile(r".*\.metadata\.json(?:\.gz)?")


@define(slots=False, eq=False)
class FolderClient(Client):
    """The tables of a store that are folders, to be read only: without a catalog no commit would be safe."""

    _moved: dict[tuple[tuple[str, str], ...], Client] = field(factory=dict, init=False)

    def refuse_change(self) -> None:
        raise UnsupportedError(
            "tables of the catalog 'hadoop' can be read only: run('register', ...) gives a table to another catalog, "
            "such as 'sql', through which it is written then"
        )

    def identifier(self, table: str) -> tuple[str, ...]:
        check_key(table)
        return tuple(table.split("/"))

    def exists(self, table: str) -> bool:
        check_key(table)
        try:
            metadata_key(self, table)
        except NotFoundError:
            return False
        return True

    def list_keys(self) -> Iterator[str]:
        found = (_TABLE.fullmatch(one.key) for one in self.transport.list(""))
        yield from {one["key"]: None for one in found if one}

    def load(self, table: str) -> tuple[Client, Table]:
        identifier, key = self.identifier(table), metadata_key(self, table)
        location = self.locations.of(key)
        metadata = read_metadata(bytes(self.transport.get(key)), location)
        client = self._client_for(self._moves(key, metadata))
        return client, Table(identifier, metadata, location, client.io, NoopCatalog("hadoop"))

    def _client_for(self, moves: Mapping[str, str]) -> Client:
        """The client that finds files which were moved; one for all tables that were moved together."""
        if not moves:
            return self
        known = tuple(sorted(moves.items()))
        if known not in self._moved:
            locations = Locations(self.transport, moved={**self.locations.moved, **moves})
            self._moved[known] = FolderClient(locations, self.catalogs, self.namespace)
        return self._moved[known]

    def _moves(self, key: str, metadata: TableMetadata) -> dict[str, str]:
        """Where a table's metadata says that its files are, if the folder isn't there, and the folder itself."""
        folder = key.rpartition("/")[0]
        root = folder.removesuffix(f"/{_FOLDER}")
        location = metadata.location.rstrip("/")
        places = {one.manifest_list.rpartition("/")[0] for one in metadata.snapshots if one.manifest_list}
        elsewhere = {one for one in places if not self._is_at(one, folder)}
        found = {}
        if not self._is_at(location, root) and (elsewhere == places or not self._is_inside(location)):
            found[location] = root
        for one in sorted(elsewhere):
            if one.endswith(f"/{_FOLDER}"):
                found[one.removesuffix(f"/{_FOLDER}")] = root
            else:
                found[one] = folder
        return found

    def _is_at(self, location: str, key: str) -> bool:
        return self._is_inside(location) and self.locations.key_of(f"{location}/").rstrip("/") == key

    def _is_inside(self, location: str) -> bool:
        try:
            self.locations.key_of(f"{location}/")
        except UnsupportedError:
            return False
        return True


def metadata_key(client: Client, table: str) -> str:
    """The key of a metadata file: of the one that is named, or of the newest one of the table in a folder.

    Raises:
        NotFoundError: there is none.
        DataError: two may be the newest.
    """
    if _FILE.fullmatch(table):
        client.transport.head(table)
        return table
    folder = f"{table.rstrip('/')}/{_FOLDER}"
    _, stats = client.transport.folders(f"{folder}/")
    names = {one.key.rpartition("/")[2] for one in stats}
    numbers = {name: int(match["number"]) for name in names if (match := _NAME.fullmatch(name))}
    if not numbers:
        raise NotFoundError(f"there is no Iceberg table {table!r}: {folder!r} has no file such as v1.metadata.json")
    newest = sorted(name for name, number in numbers.items() if number == max(numbers.values()))
    if len(newest) > 1 and _HINT in names:
        hint = bytes(client.transport.get(f"{folder}/{_HINT}")).decode(errors="replace").strip()
        newest = [one for one in newest if hint in (one, one.partition(".")[0])] or newest
    if len(newest) > 1:
        keys = [f"{folder}/{name}" for name in newest]
        raise DataError(f"which metadata of {table!r} is the newest can't be told: give one as the key: {keys}")
    return f"{folder}/{newest[0]}"


def read_metadata(data: bytes, place: str) -> TableMetadata:
    """A table's metadata, compressed or not, whatever its file is called.

    Raises:
        StoreError: it is damaged.
    """
    try:
        text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        found = json.loads(text)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise StoreError(f"the table's metadata {place!r} is damaged: {error}") from error
    if not isinstance(found, dict):
        raise StoreError(f"the table's metadata {place!r} is damaged: it is no record")
    return TableMetadataUtil.parse_obj(found)
