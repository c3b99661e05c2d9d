"""What is really in a bucket, seen without any of our code."""

from __future__ import annotations

import json
from collections.abc import Iterator

from services import minio
from services.minio import ObjectServer

_MANIFEST = ".dao/manifest.json"


def keys_in(server: ObjectServer, bucket: str, prefix: str = "") -> list[str]:
    """All keys that begin so."""
    pages = minio.onlooker(server).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", ())]


def open_uploads(server: ObjectServer, bucket: str) -> list[str]:
    """The keys of all multipart uploads that are open."""
    # Not by prefix: MinIO finds uploads of the whole bucket, or of one key, and nothing in between.
    found = minio.onlooker(server).list_multipart_uploads(Bucket=bucket)
    return [upload["Key"] for upload in found.get("Uploads", ())]


def leftovers(server: ObjectServer, bucket: str, prefix: str = "") -> Iterator[str]:
    """Objects that no manifest names though they are in a directory that has one, and open uploads."""
    keys = keys_in(server, bucket, prefix)
    trees = {key.removesuffix(_MANIFEST): _named(server, bucket, key) for key in keys if key.endswith(_MANIFEST)}
    for key in keys:
        holders = [folder for folder in trees if key.startswith(folder)]
        if holders and not key.endswith(_MANIFEST) and not any(key in trees[folder] for folder in holders):
            yield key
    for key in open_uploads(server, bucket):
        yield f"open upload of {key}"


def _named(server: ObjectServer, bucket: str, key: str) -> set[str]:
    """The keys of the files that a manifest names."""
    folder = key.removesuffix(_MANIFEST)
    manifest = json.loads(minio.onlooker(server).get_object(Bucket=bucket, Key=key)["Body"].read())
    places = (entry[1] if isinstance(entry, list) else entry for entry in manifest["files"])
    return {folder + place for place in places}
