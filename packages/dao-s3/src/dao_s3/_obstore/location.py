"""Where a store is, as a URL says it. Pure text: nothing is looked up."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from attrs import evolve, frozen

from dao.errors import ConfigError
from dao.options import described
from dao_files.storage import key_fault
from dao_s3._values import looks_like_key

__all__ = ["Location", "parse_url"]

_SCHEMES = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "azure": "az",
    "abfs": "az",
    "abfss": "az",
    "file": "file",
    "memory": "memory",
    "http": "http",
    "https": "http",
}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,9}", re.IGNORECASE)
_EXAMPLES = (
    "s3://bucket/prefix, gs://bucket/prefix, az://container/prefix, file:///folder, memory:// or https://host/path"
)


@frozen
class Location:
    """The root of a store.

    Attributes:
        scheme: ``s3``, ``gs``, ``az``, ``file``, ``memory`` or ``http``.
        bucket: the bucket's or container's name; empty for the others.
        prefix: of all keys, without ``/`` at its ends; for ``file`` the folder, for ``http`` the whole URL.
        account: the Azure account that the URL names.
    """

    scheme: str
    bucket: str = ""
    prefix: str = ""
    account: str | None = None

    def uri_of(self, key: str) -> str:
        """The URI of an object."""
        return f"{self.uri}/{key}"

    def below(self, prefix: str) -> Location:
        """The same place, further down."""
        return evolve(self, prefix=f"{self.prefix.rstrip('/')}/{prefix}" if self.prefix else prefix)

    @property
    def uri(self) -> str:
        """The root's URI, without a ``/`` at its end."""
        if self.scheme == "file":
            return PurePosixPath(self.prefix).as_uri().removesuffix("/")
        if self.scheme == "http":
            return self.prefix
        if self.scheme == "memory":
            return "memory://"
        return "/".join(filter(None, (f"{self.scheme}://{self.bucket}", self.prefix)))


def parse_url(url: str) -> Location:
    """The location that a URL names. Buckets' prefixes are taken as they are: nothing in them is unescaped.

    Raises:
        ConfigError: it names none, or holds a login.

    >>> parse_url("s3://lake/raw/2025/")
    Location(scheme='s3', bucket='lake', prefix='raw/2025', account=None)
    """
    given, separator, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
    scheme = _SCHEMES.get(given.lower())
    if not separator or scheme is None:
        raise _refused(f"the scheme {given!r}" if separator and _SCHEME.fullmatch(given) else described(url), _EXAMPLES)
    if scheme == "memory":
        return Location("memory") if rest in ("", "/") else _refuse_memory(url)
    if scheme == "file":
        return _folder(url)
    if scheme == "http":
        return _page(url)
    return _bucket(scheme, rest)


def _bucket(scheme: str, rest: str) -> Location:
    place, _, prefix = rest.partition("/")
    bucket, account = place, None
    if scheme == "az" and "@" in place:  # abfss://container@account.dfs.core.windows.net/prefix
        bucket, _, host = place.partition("@")
        account = host.partition(".")[0]
    if not bucket or any(letter in bucket for letter in "@:?# "):
        raise _refused(f"a {scheme}:// URL without it", f"the name of a bucket or container in {_EXAMPLES}")
    if looks_like_key(bucket):
        raise ConfigError("url: found what looks like an access key, expected the name of a bucket or container")
    return Location(scheme, bucket, _check(prefix.removesuffix("/")), account)


def _folder(url: str) -> Location:
    parts = urlsplit(url)
    folder = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not folder.startswith("/") or parts.query or parts.fragment:
        raise _refused(
            described(url), "an absolute folder such as 'file:///srv/lake', its '?' and '#' written as %3F and %23"
        )
    _check(folder.strip("/"))
    return Location("file", prefix=folder.rstrip("/") or "/")


def _page(url: str) -> Location:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ConfigError("url: found a login in it, expected none: what an http store asks for goes into its headers")
    if not parts.hostname or parts.query or parts.fragment:
        raise ConfigError("url: found an http URL without a host, or with '?' or '#'; expected 'https://host/path'")
    return Location("http", prefix=url.rstrip("/"))


def _check(prefix: str) -> str:
    fault = key_fault(prefix) if prefix else None
    if fault is not None:
        raise ConfigError(f"url: its path can't be the beginning of keys: {fault}")
    return prefix


def _refuse_memory(url: str) -> Location:
    raise _refused(described(url), "'memory://' alone: each interface has a memory of its own")


def _refused(found: str, expected: str) -> ConfigError:
    return ConfigError(f"url: found {found}, expected {expected}")
