"""What is really in a bucket below Iceberg tables, seen without any of our code."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from fastavro import reader
from pyiceberg.catalog import Catalog, load_catalog
from s3.looking import keys_in, open_uploads
from services import minio
from services.minio import ObjectServer

from dao import DataStore

__all__ = ["leftovers", "snapshots_of"]

_METADATA = ".metadata.json"


def catalog_of(store: DataStore, server: ObjectServer) -> Catalog:
    """The catalog of a store as pyiceberg alone opens it, past every proxy of the S3 server."""
    given = store.interface
    uri = given.uri.reveal().replace("postgresql://", "postgresql+psycopg://")
    login = {"s3.endpoint": server.endpoint, "s3.region": server.region}
    login |= {"s3.access-key-id": server.access_key, "s3.secret-access-key": server.secret_key}
    more = {"warehouse": given.warehouse} if given.warehouse else {}
    return load_catalog(given.catalog_name, type=given.catalog, uri=uri, **login, **more)


def snapshots_of(store: DataStore, server: ObjectServer, table: str) -> list[int]:
    """The snapshots of a table, from the first to the newest, each made of the one before it."""
    with catalog_of(store, server) as catalog:
        metadata = catalog.load_table(f"default.{table}").metadata
    found, at = [], metadata.current_snapshot()
    while at is not None:
        found.append(at.snapshot_id)
        at = None if at.parent_snapshot_id is None else metadata.snapshot_by_id(at.parent_snapshot_id)
    return found[::-1]


def leftovers(server: ObjectServer, bucket: str, *stores: DataStore) -> Iterator[str]:
    """Objects that no snapshot of a table of the stores' catalogs needs, and open uploads.

    Without the files of tables' metadata: which of those are kept, a catalog decides.
    """
    needed = set().union(*(_needed(server, store) for store in stores))
    for key in keys_in(server, bucket):
        if not key.endswith(_METADATA) and f"s3://{bucket}/{key}" not in needed:
            yield key
    yield from (f"open upload of {key}" for key in open_uploads(server, bucket))


def _needed(server: ObjectServer, store: DataStore) -> set[str]:
    found: set[str] = set()
    s3 = minio.onlooker(server)
    with catalog_of(store, server) as catalog:
        for table in _tables(catalog):
            for snapshot in catalog.load_table(table).metadata.snapshots:
                found.add(snapshot.manifest_list)
                for manifest in _records(s3, snapshot.manifest_list):
                    if manifest["manifest_path"] not in found:
                        found.add(manifest["manifest_path"])
                        entries = _records(s3, manifest["manifest_path"])
                        found |= {one["data_file"]["file_path"] for one in entries}
    return found


def _tables(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    waiting = list(catalog.list_namespaces())
    while waiting:
        namespace = waiting.pop()
        yield from catalog.list_tables(namespace)
        waiting += [one for one in catalog.list_namespaces(namespace) if len(one) > len(namespace)]


def _records(s3: Any, location: str) -> list[Any]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return list(reader(BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())))
