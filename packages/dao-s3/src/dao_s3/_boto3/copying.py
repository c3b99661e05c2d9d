"""Server-side copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from dao_files.manifest import ObjectSettings, Stat
from dao_s3._boto3.bucket import Bucket, bare_etag, condition
from dao_s3._boto3.multipart import MOST_PARTS, Multipart
from dao_s3._boto3.reading import read
from dao_s3._boto3.writer import put

__all__ = ["LARGEST_COPY", "copy"]

_MiB = 1024 * 1024
LARGEST_COPY = 5 * 1024 * _MiB  # bytes that S3 copies in one request
_PART = 512 * _MiB
_THREADS = 8  # they only wait

_KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType")


@frozen
class _Source:
    """The source as it was looked up: the store refuses to copy any other version."""

    place: Mapping[str, str]
    about: Mapping[str, Any]

    @property
    def size(self) -> int:
        return int(self.about["ContentLength"])

    @property
    def etag(self) -> str | None:
        return self.about.get("ETag")

    def kept(self, settings: ObjectSettings | None) -> dict[str, Any]:
        """boto3's arguments for properties of the source that the store doesn't copy by itself."""
        kept = {name: self.about.get(name) for name in _KEPT}
        if settings is None:
            kept["Metadata"] = self.about.get("Metadata")
        elif settings.content_type is not None:
            del kept["ContentType"]
        return kept


def copy(
    bucket: Bucket,
    source: str,
    target: str,
    *,
    version: str | None = None,
    if_absent: bool = False,
    settings: ObjectSettings | None = None,
    largest: int = LARGEST_COPY,
    part: int = _PART,
) -> Stat:
    """See :meth:`dao_files.manifest.Transport.copy`. Tags stay where ``settings`` has none.

    Args:
        bucket: where both are.
        source: the key to copy.
        target: the key to copy it to.
        version: which version of the source.
        if_absent: only if nothing is at the target. Some stores ignore that for plain copies, so it is made of parts;
            where it is smaller than one, it is read and written.
        settings: what the copy gets instead of the source's metadata and tags.
        largest: bytes up to which it is one request.
        part: bytes of a part above that.
    """
    place = {"Bucket": bucket.options.bucket, "Key": bucket.full_key(source)}
    if version is not None:
        place["VersionId"] = version
    found = _Source(place, bucket.ask("head_object", source, VersionId=version))
    if not if_absent and found.size <= largest:
        return _at_once(bucket, found, target, settings)
    storing = {**bucket.storing(settings), **found.kept(settings)}
    if settings is None or not settings.tags:
        storing["Tagging"] = _tags(bucket, source, found)
    conditions = condition(if_absent, None)
    if if_absent and found.size < bucket.options.part_size:
        content = read(bucket, source, etag=bare_etag(found.etag), version=version)
        return put(bucket, target, content, {**conditions, **storing})
    return _in_parts(bucket, found, target, storing, conditions, part)


def _at_once(bucket: Bucket, found: _Source, target: str, settings: ObjectSettings | None) -> Stat:
    storing = bucket.storing(settings)
    if settings is None:
        storing["Metadata"] = None
    else:
        storing.update(found.kept(settings), MetadataDirective="REPLACE")
    if settings is not None and settings.tags:
        storing["TaggingDirective"] = "REPLACE"
    else:
        storing["Tagging"] = None
    answer = bucket.ask(
        "copy_object",
        target,
        CopySource=found.place,
        CopySourceIfMatch=found.etag,
        ChecksumAlgorithm=bucket.options.checksum,
        **storing,
    )
    return bucket.stored(target, found.size, {**answer, **answer["CopyObjectResult"]})


def _in_parts(
    bucket: Bucket,
    found: _Source,
    target: str,
    storing: Mapping[str, Any],
    conditions: Mapping[str, Any],
    part: int,
) -> Stat:
    size = found.size
    part = max(part, -(-size // MOST_PARTS))
    # No checksum is asked for: S3 computes one all the same, MinIO refuses parts of which it would have to.
    upload = Multipart.begin(bucket, target, storing)
    try:
        ranges = [f"bytes={at}-{min(at + part, size) - 1}" for at in range(0, size, part)]
        _copy_ranges(upload, found, ranges)
        answer = upload.complete(**conditions)
    except BaseException as error:
        upload.abort_after(error)
        raise
    return bucket.stored(target, size, answer)


def _copy_ranges(upload: Multipart, found: _Source, ranges: Sequence[str]) -> None:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="dao-s3-copy") as pool:
        sent = [pool.submit(upload.copy, at, found.place, found.etag, part) for at, part in enumerate(ranges, 1)]
        try:
            for future in sent:
                future.result()
        finally:  # none must arrive after an abort: it would be kept
            pool.shutdown(cancel_futures=True)


def _tags(bucket: Bucket, source: str, found: _Source) -> str | None:
    if not found.about.get("TagCount"):
        return None
    answer = bucket.ask("get_object_tagging", source, VersionId=found.place.get("VersionId"))
    return urlencode({tag["Key"]: tag["Value"] for tag in answer["TagSet"]})
