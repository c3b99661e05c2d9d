"""What there is to set about a store on S3: the options that all of its interfaces share, whichever driver they use.

Importing this, and making the records, imports no driver and looks at nothing outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from os import environ
from typing import Any, Literal
from urllib.parse import urlsplit

import attrs
from attrs import define, field, frozen

from dao.display import even_half_made
from dao.errors import ConfigError
from dao.secrets import Secret
from dao_files.storage import key_fault
from dao_s3._values import described, looks_like_key

__all__ = [
    "Checksum",
    "Encryption",
    "Retry",
    "Role",
    "S3Options",
    "Timeouts",
    "endpoint_fault",
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
_REGION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
_SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KMS_KEY = re.compile(r"[\w:/.-]{1,2048}", re.ASCII)
_METADATA_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # an HTTP token; S3 makes upper case lower
_METADATA_BYTES = 2048
_TAGS = 10

Validator = Callable[[Any, Any, Any], None]


def _refuse(attribute: Any, value: object, expected: str) -> ConfigError:
    return ConfigError(f"{attribute.name}: found {described(value)}, expected {expected}")


def _number(kind: str, low: float, high: float | None = None) -> Validator:
    bounds = f"{low:,} or more" if high is None else f"{low:,} to {high:,}"

    def check(_instance: object, attribute: Any, value: float) -> None:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= low
        if not fits or (high is not None and value > high):
            raise _refuse(attribute, value, f"{kind}, {bounds}")

    return check


def _one_of(*allowed: str) -> Validator:
    def check(_instance: object, attribute: Any, value: object) -> None:
        if value not in allowed:
            raise _refuse(attribute, value, f"one of {', '.join(map(repr, allowed))}")

    return check


def _matching(pattern: re.Pattern[str], expected: str) -> Validator:
    def check(_instance: object, attribute: Any, value: object) -> None:
        if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            raise _refuse(attribute, value, expected)

    return check


@frozen(kw_only=True)
class Role:
    """A role that is assumed before anything is asked for; its credentials are renewed before they expire.

    Attributes:
        arn: the role's ARN.
        session_name: what the session is called in logs.
        external_id: what the role's owner asks for, if anything.
        duration: seconds that one session lasts. It is renewed a quarter of an hour before its end.
    """

    arn: str = field(validator=_matching(_ROLE, "a role's ARN, such as 'arn:aws:iam::123456789012:role/reader'"))
    session_name: str = field(
        default="dao", validator=_matching(_SESSION, "2 to 64 letters, digits or characters of '+=,.@_-'")
    )
    external_id: str | None = field(
        default=None, validator=_matching(_EXTERNAL_ID, "2 to 1,224 letters, digits or characters of '+=,.@:/_-'")
    )
    duration: int = field(default=3600, validator=_number("seconds", 1800, 43200))


@frozen(kw_only=True)
class Retry:
    """How often a request is made again that a busy or broken store did not answer.

    Attributes:
        attempts: requests at most, the first one included.
        mode: ``standard``, or ``adaptive``, which also slows down all requests once the store throttles.
        max_backoff: seconds at most between two attempts.
        timeout: seconds after the first attempt from which no other one is begun.
    """

    attempts: int = field(default=5, validator=_number("a number of attempts", 1, 100))
    mode: Literal["standard", "adaptive"] = field(default="standard", validator=_one_of("standard", "adaptive"))
    max_backoff: float = field(default=15.0, validator=_number("seconds", 0))
    timeout: float = field(default=180.0, validator=_number("seconds", 0))


@frozen(kw_only=True)
class Timeouts:
    """How long a connection may be silent.

    Attributes:
        connect: seconds until a connection must be made.
        read: seconds until the next bytes must come.
    """

    connect: float = field(default=10.0, validator=_number("seconds", 0.001))
    read: float = field(default=60.0, validator=_number("seconds", 0.001))


@frozen(kw_only=True)
class Encryption:
    """How the store encrypts what is written.

    Attributes:
        sse: ``AES256`` (the store's own keys), ``aws:kms`` or ``aws:kms:dsse``.
        kms_key: id, ARN or alias of the key; the account's own key for S3 where it is left out.
        bucket_key: let the bucket's key stand in, which asks KMS less often; None leaves it to the bucket.
    """

    sse: Literal["AES256", "aws:kms", "aws:kms:dsse"] = field(validator=_one_of("AES256", "aws:kms", "aws:kms:dsse"))
    kms_key: str | None = field(default=None, validator=_matching(_KMS_KEY, "a key's id, ARN or alias"))
    bucket_key: bool | None = None

    def __attrs_post_init__(self) -> None:
        if self.sse == "AES256" and (self.kms_key is not None or self.bucket_key is not None):
            raise ConfigError("sse: found 'AES256' with kms_key or bucket_key, expected 'aws:kms' or 'aws:kms:dsse'")


def metadata_fault(metadata: Mapping[str, str]) -> str | None:
    """What S3 would refuse, or silently change, about user metadata; None if it is fine."""
    for name, value in metadata.items():
        if not isinstance(name, str) or not _METADATA_NAME.fullmatch(name):
            return f"found the name {name!r}, expected lower-case ASCII letters, digits and '-', as in 'made-by'"
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or value != value.strip():
            return f"found {described(value)} for {name!r}, expected printable ASCII text without spaces around it"
    size = sum(len(name) + len(value) for name, value in metadata.items())
    return f"found {size:,} bytes, expected at most {_METADATA_BYTES:,} in all" if size > _METADATA_BYTES else None


def tags_fault(tags: Mapping[str, str]) -> str | None:
    """What S3 would refuse about tags; None if they are fine."""
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
        raise _refuse(attribute, value, "the bucket's name alone; what follows it is the option 'prefix'")
    text = value if isinstance(value, str) else ""
    named = _BUCKET.fullmatch(text) and ".." not in text and not _ADDRESS.fullmatch(text)
    if not named and not _ACCESS_POINT.fullmatch(text):
        raise _refuse(
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


def endpoint_fault(value: object) -> str | None:
    """What is wrong about an endpoint; None if it is fine."""
    wrong = f"found {described(value)}, expected a URL such as 'https://minio.example.com:9000'"
    if not isinstance(value, str):
        return wrong
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return wrong
    if parts.username is not None or parts.password is not None:
        return "found a login in the URL, expected it in access_key_id, secret_access_key"
    fine = parts.scheme in ("http", "https") and host and not parts.query and not parts.fragment
    return None if fine and value.isascii() and value.isprintable() else wrong


def _check_endpoint(_instance: object, attribute: Any, value: object) -> None:
    if value is not None and (fault := endpoint_fault(value)):
        raise ConfigError(f"{attribute.name}: {fault}")


def _check_login(instance: Any, _attribute: Any, _value: object) -> None:
    """Credentials are given whole, and in one way. Looks at all fields: it stands at the last of them."""
    halves = {"access_key_id": instance.access_key_id, "secret_access_key": instance.secret_access_key}
    given = [name for name, secret in halves.items() if secret is not None]
    if len(given) == 1 or (instance.session_token is not None and not given):
        found = given or ["session_token"]
        raise ConfigError(f"{found[0]}: found alone, expected access_key_id and secret_access_key together")
    ways = [name for name, taken in (("profile", instance.profile), ("access_key_id", given)) if taken]
    if instance.anonymous and (ways or instance.role):
        raise ConfigError(f"anonymous: found with {(*ways, 'role')[0]}, expected no credentials beside it")
    if len(ways) > 1:
        raise ConfigError("profile: found with access_key_id, expected one of the two")


@even_half_made
@define(slots=False, kw_only=True)
class S3Options:
    """Where a store is, who asks it, and how it keeps what it is given. See the attributes of the interfaces.

    Credentials come from the keys, from ``profile``, or else from where the AWS tools look for them: the environment,
    ``~/.aws``, the container or the machine. With ``role`` they are used to assume it.
    """

    bucket: str = field(validator=_check_bucket)
    prefix: str = field(default="", converter=_prefix)
    region: str | None = field(default=None, validator=_matching(_REGION, "a region such as 'eu-central-1'"))
    endpoint: str | None = field(default=None, validator=_check_endpoint)
    profile: str | None = None
    role: Role | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    anonymous: bool = field(default=False, validator=_check_login)
    path_style: bool | None = None
    requester_pays: bool = False
    encryption: Encryption | None = None
    storage_class: str | None = field(default=None, validator=_matching(_WORD, "a word such as 'STANDARD_IA'"))
    acl: str | None = field(default=None, validator=_matching(_WORD, "a canned ACL such as 'private'"))
    metadata: Mapping[str, str] = field(factory=dict, validator=_faultless(metadata_fault))
    tags: Mapping[str, str] = field(factory=dict, validator=_faultless(tags_fault))
    checksum: Checksum = field(default="CRC64NVME", validator=_one_of("CRC64NVME", "SHA256", "CRC32C", "CRC32"))
    part_size: int = field(default=8 * _MiB, validator=_number("bytes", _SMALLEST_PART, _LARGEST_PART))
    max_connections: int = field(default=64, validator=_number("a number of connections", 1, 10_000))
    retry: Retry = field(factory=Retry)
    timeouts: Timeouts = field(factory=Timeouts)
    verify: bool = True
    ca_bundle: str | None = None

    @property
    def reached_at(self) -> str | None:
        """The endpoint: the option's, or what the AWS tools' environment variables say; None for Amazon's own."""
        return self.endpoint or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or None

    @property
    def uses_path_style(self) -> bool:
        """Whether the bucket's name goes into the URL's path: as set, else on where an endpoint is given."""
        return self.reached_at is not None if self.path_style is None else self.path_style

    def shared(self) -> S3Options:
        """These options alone, out of an interface that has them among others."""
        return S3Options(**{option.name: getattr(self, option.name) for option in attrs.fields(S3Options)})
