"""A place in S3 as COPY and UNLOAD name it: in the text of the statement, where no value can be bound."""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from dao.errors import ConfigError
from dao.options import described

__all__ = ["S3Place"]

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", re.ASCII)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f'\"\\$*?]|[\u0080-\u009f\u2028\u2029]")


@frozen
class S3Place:
    """A bucket and a prefix of keys, or one key, that a statement may name.

    Attributes:
        bucket: the bucket's name.
        key: a key or the beginning of keys, without ``/`` at its ends; empty for the whole bucket.
    """

    bucket: str
    key: str = ""

    def __attrs_post_init__(self) -> None:
        if not _BUCKET.fullmatch(self.bucket):
            raise ConfigError(f"found the bucket {described(self.bucket)}, expected letters, digits, '.', '-' and '_'")
        parts = self.key.split("/") if self.key else []
        if _UNSAFE.search(self.key) or any(part in ("", ".", "..") for part in parts):
            raise ConfigError(
                f"found the key {described(self.key)}, expected one without quotes, backslashes, control characters, "
                "'$', '*', '?', and without parts that are empty, '.' or '..': it stands in the text of COPY and UNLOAD"
            )

    @staticmethod
    def parse(url: Any) -> S3Place:
        """A place from ``s3://bucket/prefix``.

        Raises:
            ConfigError: it is no such URL, or can't be named in a statement.
        """
        if not isinstance(url, str) or not url.startswith("s3://"):
            raise ConfigError(f"found {described(url)}, expected a place such as 's3://bucket/staging'")
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return S3Place(bucket, key.removesuffix("/"))

    def below(self, *parts: str) -> S3Place:
        """The place with more parts of its key."""
        return S3Place(self.bucket, "/".join(part for part in (self.key, *parts) if part))

    @property
    def url(self) -> str:
        """The place as ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"
