"""The options shared by all interfaces to S3, regardless of the driver.

Importing this, or creating the records, imports no driver and accesses nothing external.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs
from attrs import define, field, frozen

from dao.connections import S3Fields
from dao.display import even_half_made
from dao.errors import ConfigError
from dao.options import Validator, described, matching, number, one_of, refuse
from dao_files.storage import key_fault
from dao_s3._values import looks_like_key

__all__ = [
    "Checksum",
    "Encryption",
    "Retry",
    "S3Options",
    "Timeouts",
    "metadata_fault",
    "tags_fault",
]

Checksum = Literal["CRC64NVME", "SHA256", "CRC32C", "CRC32"]

_MiB = 1024 * 1024
_SMALLEST_PART = 5 * _MiB  # S3's own bounds
_LARGEST_PART = 5 * 1024 * _MiB

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")  # upper case and "_" are in old buckets
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_ACCESS_POINT = re.compile(
    r"arn:aws[a-z-]*:(s3|s3-object-lambda):[a-z0-9-]*:\d{12}:accesspoint[/:][A-Za-z0-9.-]{1,63}"
    r"|arn:aws[a-z-]*:s3-outposts:[a-z0-9-]+:\d{12}:outpost[/:][A-Za-z0-9-]{1,63}[/:]accesspoint[/:][A-Za-z0-9-]{1,63}"
)
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KMS_KEY = re.compile(r"[\w:/.-]{1,2048}", re.ASCII)
_METADATA_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # an HTTP token; S3 makes upper case lower
_METADATA_BYTES = 2048
_TAGS = 10


@frozen(kw_only=True)
class Retry:
    """How often a request is retried if a store is overloaded or unavailable.

    Attributes:
        attempts: the maximum number of attempts, including the first.
        mode: ``standard``, or ``adaptive``, which also limits the rate of all requests once the store throttles.
        max_backoff: the maximum seconds between two attempts.
        timeout: seconds after the first attempt when retrying ends.
    """

    attempts: int = field(default=5, validator=number("a number of attempts", 1, 100))
    mode: Literal["standard", "adaptive"] = field(default="standard", validator=one_of("standard", "adaptive"))
    max_backoff: float = field(default=15.0, validator=number("seconds", 0))
    timeout: float = field(default=180.0, validator=number("seconds", 0))


@frozen(kw_only=True)
class Timeouts:
    """Timeouts of connections.

    Attributes:
        connect: seconds to wait for a connection.
        read: seconds to wait for the next bytes.
    """

    connect: float = field(default=10.0, validator=number("seconds", 0.001))
    read: float = field(default=60.0, validator=number("seconds", 0.001))


@frozen(kw_only=True)
class Encryption:
    """Server-side encryption of written objects.

    Attributes:
        sse: ``AES256`` (the store's own keys), ``aws:kms`` or ``aws:kms:dsse``.
        kms_key: id, ARN or alias of the key; by default the account's own key for S3.
        bucket_key: use an S3 bucket key, which reduces requests to KMS; None leaves it to the bucket.
    """

    sse: Literal["AES256", "aws:kms", "aws:kms:dsse"] = field(validator=one_of("AES256", "aws:kms", "aws:kms:dsse"))
    kms_key: str | None = field(default=None, validator=matching(_KMS_KEY, "a key's id, ARN or alias"))
    bucket_key: bool | None = None

    def __attrs_post_init__(self) -> None:
        if self.sse == "AES256" and (self.kms_key is not None or self.bucket_key is not None):
            raise ConfigError("sse: found 'AES256' with kms_key or bucket_key, expected 'aws:kms' or 'aws:kms:dsse'")


def metadata_fault(metadata: Mapping[str, str]) -> str | None:
    """Why S3 would refuse or silently change user metadata; None if valid."""
    for name, value in metadata.items():
        if not isinstance(name, str) or not _METADATA_NAME.fullmatch(name):
            return f"found the name {name!r}, expected lower-case ASCII letters, digits and '-', as in 'made-by'"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
            return f"found {described(value)} for {name!r}, expected printable ASCII text without spaces around it"
    size = sum(len(name) + len(value) for name, value in metadata.items())
    return f"found {size:,} bytes, expected at most {_METADATA_BYTES:,} in all" if size > _METADATA_BYTES else None


def tags_fault(tags: Mapping[str, str]) -> str | None:
    """Why S3 would refuse tags; None if valid."""
    for name, value in tags.items():
        if not isinstance(name, str) or not 1 <= len(name) <= 128:
            return f"found the name {name!r}, expected 1 to 128 characters"
        if not isinstance(value, str) or len(value) > 256:
            return f"found {described(value)} for {name!r}, expected a text of at most 256 characters"
    return f"found {len(tags)} tags, expected at most {_TAGS}" if len(tags) > _TAGS else None


def _faultless(fault: Callable[[Mapping[str, str]], str | None]) -> Validator:
    def check(_instance: object, attribute: Any, value: Mapping[str, str]) -> None:
        if found := fault(value):
            raise ConfigError(f"{attribute.name}: {found}")

    return check


def _check_bucket(_instance: object, attribute: Any, value: Any) -> None:
    if isinstance(value, str) and looks_like_key(value):
        raise ConfigError(f"{attribute.name}: found what looks like an access key, expected a bucket's name")
    if isinstance(value, str) and "://" in value:
        raise refuse(attribute, value, "the bucket's name alone; what follows it is the option 'prefix'")
    text = value if isinstance(value, str) else ""
    named = _BUCKET.fullmatch(text) and ".." not in text and not _ADDRESS.fullmatch(text)
    if not named and not _ACCESS_POINT.fullmatch(text):
        raise refuse(
            attribute,
            value,
            "3 or more of a-z, 0-9, '.' and '-', with a letter or digit at both ends, or the ARN of an access point",
        )


def _prefix(value: Any) -> str:
    if value == "":
        return ""
    prefix = value.removesuffix("/") if isinstance(value, str) else value
    fault = key_fault(prefix)
    if fault is not None:
        raise ConfigError(
            f"prefix: found {described(value)}, expected the beginning of keys, such as 'raw/2025' ({fault})"
        )
    return str(prefix)


@even_half_made
@define(slots=False, kw_only=True)
class S3Options(S3Fields):
    """The location of a store, its credentials, and settings of written objects; documented at the interfaces.

    Those by which it is reached are :class:`dao.connections.S3Fields`.
    """

    bucket: str = field(validator=_check_bucket)
    prefix: str = field(default="", converter=_prefix)
    requester_pays: bool = False
    encryption: Encryption | None = None
    storage_class: str | None = field(default=None, validator=matching(_WORD, "a word such as 'STANDARD_IA'"))
    acl: str | None = field(default=None, validator=matching(_WORD, "a canned ACL such as 'private'"))
    metadata: Mapping[str, str] = field(factory=dict, validator=_faultless(metadata_fault))
    tags: Mapping[str, str] = field(factory=dict, validator=_faultless(tags_fault))
    checksum: Checksum = field(default="CRC64NVME", validator=one_of("CRC64NVME", "SHA256", "CRC32C", "CRC32"))
    part_size: int = field(default=8 * _MiB, validator=number("bytes", _SMALLEST_PART, _LARGEST_PART))
    max_connections: int = field(default=64, validator=number("a number of connections", 1, 10_000))
    retry: Retry = field(factory=Retry)
    timeouts: Timeouts = field(factory=Timeouts)

    def shared(self) -> S3Options:
        """These options alone, out of an interface that has them among others."""
        return S3Options(**{option.name: getattr(self, option.name) for option in attrs.fields(S3Options)})
