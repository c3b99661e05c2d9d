"""A bucket and a prefix in it: how keys become the store's, and one request with its errors translated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from dao.errors import DataError
from dao_files.manifest import ObjectSettings, Stat
from dao_s3._boto3.client import Clients
from dao_s3._boto3.errors import DRIVER_ERRORS, to_dao_error
from dao_s3._boto3.retries import RetryBudget
from dao_s3._options import S3Options, metadata_fault, tags_fault

__all__ = ["Bucket", "bare_etag", "condition", "in_utc", "kept_version", "quote_etag"]

_LONGEST_KEY = 1024  # bytes of UTF-8


def bare_etag(etag: str | None) -> str | None:
    """An ETag without its quotation marks."""
    return etag.strip('"') if etag else None


def quote_etag(etag: str | None) -> str | None:
    """An ETag as a condition has it."""
    return f'"{etag}"' if etag else None


def kept_version(answer: Mapping[str, Any]) -> str | None:
    """The version that an answer names; ``null`` is what stands for a bucket that keeps none."""
    version: str | None = answer.get("VersionId")
    return None if version == "null" else version


def in_utc(moment: datetime | None) -> datetime | None:
    """A moment as UTC: botocore gives this machine's zone for some answers."""
    return None if moment is None else moment.astimezone(UTC)


def condition(if_absent: bool, if_match: str | None) -> dict[str, Any]:
    """The arguments that make a write conditional."""
    return {"IfNoneMatch": "*" if if_absent else None, "IfMatch": quote_etag(if_match)}


@frozen(eq=False)
class Bucket:
    """Sends requests about the keys below one prefix of one bucket."""

    options: S3Options
    clients: Clients

    @property
    def uri(self) -> str:
        """``s3://bucket/prefix``, or ``s3://bucket``."""
        return f"s3://{self.options.bucket}/{self.options.prefix}".removesuffix("/")

    def where(self, key: str | None) -> str:
        """The URI of a key, for messages."""
        if not key:
            return self.uri
        return f"{self.uri}/{key if key.isprintable() else key.encode('unicode_escape').decode()}"

    def full_key(self, key: str) -> str:
        """The bucket's key for one below the prefix.

        Raises:
            DataError: no S3 store can have such a key.
        """
        full = (self.options.prefix and f"{self.options.prefix}/{key}") or key
        if not key or len(full.encode()) > _LONGEST_KEY:
            shown = key if len(key) <= 60 else f"{key[:60]}..."
            raise DataError(f"key {shown!r} can't be used: S3's have 1 to {_LONGEST_KEY:,} bytes, the prefix included")
        return full

    def full_prefix(self, prefix: str) -> str:
        """The bucket's prefix for one below the store's own."""
        return (self.options.prefix and f"{self.options.prefix}/{prefix}") or prefix

    def own_key(self, full: str) -> str:
        """The other way round: a key from the store's root."""
        return full[len(self.options.prefix) + 1 :] if self.options.prefix else full

    def ask(self, operation: str, key: str | None = None, /, **arguments: Any) -> Any:
        """Send a request, with retries within the options' limits, and return the response. Arguments that are None are
        left out.

        Args:
            operation: a method of the client, such as ``head_object``.
            key: of the object, if it is about one.
            arguments: the operation's own.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        if key is not None:
            given["Key"] = self.full_key(key)
        if self.options.requester_pays:
            given["RequestPayer"] = "requester"
        retries = RetryBudget(self.options.retry)
        while True:
            try:
                answer = getattr(self.clients.s3, operation)(Bucket=self.options.bucket, **given)
            except DRIVER_ERRORS as error:
                retries.spend(to_dao_error(error, self.where(key)), error)
            else:
                if retries.failures:  # as botocore reports its own retries
                    answer["ResponseMetadata"]["RetryAttempts"] = retries.failures
                return answer

    def storing(self, settings: ObjectSettings | None) -> dict[str, Any]:
        """The arguments that say how an object is stored: the call's settings over the store's.

        Raises:
            DataError: the metadata or tags are none that S3 keeps as they are.
        """
        settings = settings or ObjectSettings()
        metadata = {**self.options.metadata, **settings.metadata}
        tags = {**self.options.tags, **settings.tags}
        for name, fault in (("metadata", metadata_fault(metadata)), ("tags", tags_fault(tags))):
            if fault is not None:
                raise DataError(f"{name}: {fault}")
        return {
            "Metadata": metadata or None,
            "Tagging": urlencode(tags) or None,
            "ContentType": settings.content_type,
            "StorageClass": settings.storage_class or self.options.storage_class,
            "ACL": settings.acl or self.options.acl,
            **self._encrypting(),
        }

    def _encrypting(self) -> Mapping[str, Any]:
        encryption = self.options.encryption
        if encryption is None:
            return {}
        return {
            "ServerSideEncryption": encryption.sse,
            "SSEKMSKeyId": encryption.kms_key,
            "BucketKeyEnabled": encryption.bucket_key,
        }

    @staticmethod
    def stored(key: str, size: int, answer: Mapping[str, Any]) -> Stat:
        """The object's Stat from the response to a write."""
        return Stat(key, size, bare_etag(answer.get("ETag")), version=kept_version(answer))
