"""The requests that everything is made of, sent by boto3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from dao.errors import DaoError, DataError
from dao_files.manifest import ObjectSettings, Stat, Upload
from dao_s3._boto3 import copying, deleting, listing
from dao_s3._boto3.bucket import Bucket, bare_etag, condition, in_utc, kept_version
from dao_s3._boto3.client import Clients
from dao_s3._boto3.errors import answer_behind, translating
from dao_s3._boto3.reading import Body, read
from dao_s3._boto3.writer import ObjectWriter, put
from dao_s3._options import S3Options

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Boto3Transport"]

_SIGNED = {"GET": "get_object", "PUT": "put_object"}
_LONGEST_SIGNED = timedelta(days=7)  # S3's own bound
_FACTS = {
    "ContentType": "content_type",
    "ContentEncoding": "content_encoding",
    "CacheControl": "cache_control",
    "StorageClass": "storage_class",
    "ServerSideEncryption": "encryption",
    "SSEKMSKeyId": "kms_key",
    "Restore": "restore",
    "Expiration": "expiration",
    "ReplicationStatus": "replication",
}


class Boto3Transport:
    """See :class:`dao_files.manifest.Transport`, which describes every method, what it promises and raises.

    Args:
        options: where the store is, and how it keeps what it is given.
    """

    def __init__(self, options: S3Options) -> None:
        self._bucket = Bucket(options, Clients(options))

    @property
    def uri(self) -> str:
        return self._bucket.uri

    @property
    def scheme(self) -> str:
        return "s3"

    def head(self, key: str, *, version: str | None = None) -> Stat:
        try:
            answer = self._bucket.ask("head_object", key, VersionId=version, ChecksumMode="ENABLED")
        except DaoError as error:
            self._explain(error, key, version)
            raise
        return Stat(
            key,
            answer["ContentLength"],
            bare_etag(answer.get("ETag")),
            in_utc(answer.get("LastModified")),
            kept_version(answer),
            answer.get("Metadata", {}),
            _facts(answer),
        )

    def _explain(self, refusal: DaoError, key: str, version: str | None) -> None:
        """Find out why a HEAD was refused: its answer has no body that says, as when credentials have expired."""
        answer = answer_behind(refusal)
        if answer is not None and answer.status in (400, 401, 403):
            Body(self._bucket, key, 0, 1, version=version).close()

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Buffer:
        return read(self._bucket, key, start=start, length=length, etag=etag, version=version)

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[Buffer]:
        pieces = Body(self._bucket, key, start, None, etag, version).pieces()
        first = next(pieces, None)
        return pieces if first is None else chain((first,), pieces)

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        arguments = {**condition(if_absent, if_match), **self._bucket.storing(settings)}
        return put(self._bucket, key, data, arguments)

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> ObjectWriter:
        return ObjectWriter(self._bucket, key, condition(if_absent, if_match), self._bucket.storing(settings))

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        return listing.objects(self._bucket, prefix, after)

    def folders(self, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
        return listing.folders(self._bucket, prefix)

    def delete(self, keys: Iterable[str]) -> None:
        deleting.delete(self._bucket, keys)

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        return copying.copy(self._bucket, source, target, version=version, if_absent=if_absent, settings=settings)

    def versions(self, key: str) -> Sequence[Stat]:
        return listing.versions(self._bucket, key)

    def open_uploads(self, prefix: str = "") -> Sequence[Upload]:
        return listing.open_uploads(self._bucket, prefix)

    def abort_upload(self, upload: Upload) -> None:
        self._bucket.ask("abort_multipart_upload", upload.key, UploadId=upload.id)

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        operation = _SIGNED.get(method)
        if operation is None or (method == "PUT" and version is not None):
            raise DataError(f"method: found {method!r}, expected 'GET' or 'PUT', the latter without version=")
        if not timedelta(seconds=1) <= expires <= _LONGEST_SIGNED:
            raise DataError(f"expires: found {expires}, expected 1 second to 7 days")
        wanted = {"Bucket": self._bucket.options.bucket, "Key": self._bucket.full_key(key), "VersionId": version}
        given = {name: value for name, value in wanted.items() if value is not None}
        with translating(self._bucket.where(key)):
            url: str = self._bucket.clients.s3.generate_presigned_url(
                operation, Params=given, ExpiresIn=int(expires.total_seconds()), HttpMethod=method
            )
        return url

    def close(self) -> None:
        self._bucket.clients.close()


def _facts(answer: Mapping[str, Any]) -> dict[str, str]:
    facts = {ours: str(answer[theirs]) for theirs, ours in _FACTS.items() if answer.get(theirs)}
    facts.setdefault("storage_class", "STANDARD")  # S3 leaves it out
    for theirs, value in answer.items():
        if theirs.startswith("Checksum") and theirs != "ChecksumType":
            facts["checksum"] = f"{theirs.removeprefix('Checksum')}:{value}"
    return facts
