"""What is in a bucket: objects, folders, versions, open uploads; page by page, keys exactly as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from dao.errors import NotFoundError
from dao_files.manifest import Stat, Upload
from dao_s3._boto3.bucket import Bucket, bare_etag, in_utc

__all__ = ["folders", "objects", "open_uploads", "versions"]


def objects(bucket: Bucket, prefix: str, after: str | None) -> Iterator[Stat]:
    """See :meth:`dao_files.manifest.Transport.list`."""
    start = None if after is None else bucket.full_prefix(after)
    for page in _pages(bucket, prefix, StartAfter=start):
        yield from (_stat(bucket, entry) for entry in page.get("Contents", ()))


def folders(bucket: Bucket, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
    """See :meth:`dao_files.manifest.Transport.folders`."""
    below: list[str] = []
    here: list[Stat] = []
    for page in _pages(bucket, prefix, Delimiter="/"):
        below += [bucket.own_key(entry["Prefix"]) for entry in page.get("CommonPrefixes", ())]
        here += [_stat(bucket, entry) for entry in page.get("Contents", ())]
    return below, here


def _pages(bucket: Bucket, prefix: str, **arguments: Any) -> Iterator[Mapping[str, Any]]:
    # boto3 asks for keys in percent-encoding, since XML can't hold all of them, and decodes them.
    full = bucket.full_prefix(prefix)
    token = None
    while True:
        page = bucket.ask("list_objects_v2", Prefix=full, ContinuationToken=token, **arguments)
        yield page
        token = page.get("NextContinuationToken")
        if not page.get("IsTruncated") or token is None:
            return


def _stat(bucket: Bucket, entry: Mapping[str, Any]) -> Stat:
    return Stat(
        bucket.own_key(entry["Key"]),
        entry["Size"],
        bare_etag(entry.get("ETag")),
        in_utc(entry.get("LastModified")),
        entry.get("VersionId"),
    )


def versions(bucket: Bucket, key: str) -> Sequence[Stat]:
    """See :meth:`dao_files.manifest.Transport.versions`. Deletions are no versions.

    Raises:
        NotFoundError: it has no version.
    """
    full = bucket.full_key(key)
    found: list[Stat] = []
    deletions = 0
    marks: dict[str, Any] = {}
    while True:
        page = bucket.ask("list_object_versions", Prefix=full, **marks)
        found += [_stat(bucket, entry) for entry in page.get("Versions", ()) if entry["Key"] == full]
        deletions += sum(entry["Key"] == full for entry in page.get("DeleteMarkers", ()))
        marks = {"KeyMarker": page.get("NextKeyMarker"), "VersionIdMarker": page.get("NextVersionIdMarker")}
        # Keys come in order, the shortest with the prefix first: once another one is reached, all are found.
        if not page.get("IsTruncated") or marks["KeyMarker"] != full:
            break
    if not found:
        raise NotFoundError(f"{bucket.where(key)}: nothing is there, and no version of it")
    if len(found) == 1 and not deletions and found[0].version == "null":
        stat = found[0]  # the bucket keeps no versions: "null" is what stands for that
        return [Stat(stat.key, stat.size, stat.etag, stat.modified)]
    return found


def open_uploads(bucket: Bucket, prefix: str) -> Sequence[Upload]:
    """See :meth:`dao_files.manifest.Transport.open_uploads`.

    All of the bucket are asked for, and chosen from here: for a prefix that isn't a whole key MinIO names none.
    """
    beginning = bucket.full_prefix(prefix)
    found: list[Upload] = []
    marks: dict[str, Any] = {}
    while True:
        page = bucket.ask("list_multipart_uploads", EncodingType="url", **marks)
        encoded = page.get("EncodingType") == "url"  # boto3 does not decode these
        for entry in page.get("Uploads", ()):
            full = unquote_plus(entry["Key"]) if encoded else entry["Key"]
            if full.startswith(beginning):
                found.append(Upload(bucket.own_key(full), entry["UploadId"], in_utc(entry.get("Initiated"))))
        marker = page.get("NextKeyMarker")
        if not page.get("IsTruncated") or marker is None:
            return found
        marks = {
            "KeyMarker": unquote_plus(marker) if encoded else marker,
            "UploadIdMarker": page.get("NextUploadIdMarker"),
        }
