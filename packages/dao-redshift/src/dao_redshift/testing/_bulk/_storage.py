"""Where COPY and UNLOAD find their files: buckets of something that speaks S3, and who may use them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import obstore
from attrs import field, frozen
from obstore import exceptions
from obstore.store import S3Store

from dao.connections import S3Connection
from dao_redshift.testing._bulk._faults import access_denied, internal, service_fault
from dao_redshift.testing._statements import RedshiftError

__all__ = ["BulkStorage", "ObjectFile", "Place", "S3Object", "storage_faults"]

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_CHUNK = 4 * 2**20
_RETRIES: Any = {
    "max_retries": 3,
    "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1), "base": 2},
    "retry_timeout": timedelta(seconds=15),
}
"""A test of a pipeline whose S3 fails is to see the failure soon."""


@frozen
class Place:
    """A bucket and a key, or what keys begin with."""

    bucket: str
    key: str

    @classmethod
    def of(cls, url: str) -> Place:
        """The place of an ``s3://`` URL, whose key is taken as it stands.

        Raises:
            RedshiftError: it isn't one.
        """
        scheme, _, rest = url.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme not in ("s3", "s3a", "s3n") or not bucket or urlsplit(f"s3://{bucket}").netloc != bucket:
            raise internal(f"Invalid S3 URL: {url}", 8001)
        return cls(bucket, key)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def https(self) -> str:
        """Its URL as Spectrum's errors name it."""
        return f"https://s3.amazonaws.com/{self.bucket}/{self.key}"


@frozen
class S3Object:
    """An object in a bucket."""

    place: Place
    size: int


@contextmanager
def storage_faults(place: Place) -> Iterator[None]:
    """Say what S3 refuses in Redshift's words."""
    try:
        yield
    except (FileNotFoundError, exceptions.NotFoundError):
        raise service_fault("The specified key does not exist.", 404, "NoSuchKey", place.url) from None
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError):
        raise access_denied(f"S3 key being read : {place.url}") from None
    except (exceptions.BaseError, OSError) as error:
        found = re.search(r"(?:status|error|response)\D{0,40}\b([45]\d\d)\b", str(error), re.IGNORECASE)
        status = int(found[1]) if found else 503
        if status in (401, 403):  # which a writer doesn't tell from others
            raise access_denied(f"S3 key being written : {place.url}") from None
        named = "SlowDown" if status == 503 else "InternalError"
        raise service_fault("Please try again", status, named, place.url) from None


@frozen
class BulkStorage:
    """What a gateway's COPY and UNLOAD may read and write.

    Attributes:
        store: makes obstore's store of a bucket by its name.
        roles: the ARNs of the roles that may be used; None for any well-formed one.
        keys: secret access keys by their ids; None for any.
        session_token: what the keys have to come with.
    """

    store: Callable[[str], Any]
    roles: frozenset[str] | None = None
    keys: Mapping[str, str] | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, connection: S3Connection, roles: frozenset[str] | None = None) -> BulkStorage:
        """What is reached by a connection; keys are to be the connection's own, if it has some."""
        key, secret = connection.access_key_id, connection.secret_access_key
        keys = None if key is None or secret is None else {key.reveal(): secret.reveal()}

        def store(bucket: str) -> Any:
            config: Any = connection.object_store(bucket)
            return S3Store(bucket, config=config, retry_config=_RETRIES)

        token = connection.session_token
        return cls(cache(store), roles, keys, None if token is None else token.reveal())

    def authorise(self, credentials: Mapping[str, str], place: Place) -> None:
        """Check credentials.

        Raises:
            RedshiftError: they are no ones that this storage knows.
        """
        role = credentials.get("IAM_ROLE")
        if role is not None:
            if role != "default" and not all(self._knows_role(one.strip()) for one in role.split(",")):
                raise access_denied(f"S3 key being read : {place.url}")
            return
        if self.keys is None:
            return
        if self.keys.get(credentials["ACCESS_KEY_ID"]) != credentials["SECRET_ACCESS_KEY"]:
            raise service_fault("The AWS Access Key Id you provided does not exist in our records.", 403,
                                "InvalidAccessKeyId", place.url)  # fmt: skip
        if credentials.get("SESSION_TOKEN") != self.session_token:
            raise service_fault("The provided token is malformed or otherwise invalid.", 400, "InvalidToken", place.url)

    def _knows_role(self, role: str) -> bool:
        return bool(_ROLE.fullmatch(role)) and (self.roles is None or role in self.roles)

    def listed(self, place: Place) -> list[S3Object]:
        """Every object whose key begins with the place's, in the order of keys.

        Raises:
            RedshiftError: S3 refuses.
        """
        folder, slash, _name = place.key.rpartition("/")  # obstore lists folders alone
        found: list[S3Object] = []
        with storage_faults(place):
            for page in obstore.list(self.store(place.bucket), prefix=folder + slash or None):
                found += (
                    S3Object(Place(place.bucket, one["path"]), one["size"])
                    for one in page
                    if one["path"].startswith(place.key)
                )
        return sorted(found, key=lambda one: one.place.key)

    def found(self, place: Place) -> S3Object | None:
        """The object with this very key; None if there is none.

        Raises:
            RedshiftError: S3 refuses.
        """
        with storage_faults(place):
            try:
                return S3Object(place, obstore.head(self.store(place.bucket), place.key)["size"])
            except (FileNotFoundError, exceptions.NotFoundError):
                return None

    def read(self, place: Place) -> bytes:
        """An object's bytes.

        Raises:
            RedshiftError: it is missing, or S3 refuses.
        """
        with storage_faults(place):
            return bytes(obstore.get(self.store(place.bucket), place.key).bytes())

    def chunks(self, place: Place) -> Iterator[bytes]:
        """An object's bytes as they come.

        Raises:
            RedshiftError: it is missing, or S3 refuses.
        """
        with storage_faults(place):
            for chunk in obstore.get(self.store(place.bucket), place.key).stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)

    def opened(self, one: S3Object) -> ObjectFile:
        """An object as a file that can seek."""
        return ObjectFile(self.store(one.place.bucket), one)

    def writer(self, place: Place) -> Any:
        """A file that becomes an object when it is closed."""
        return obstore.open_writer(self.store(place.bucket), place.key)

    def put(self, place: Place, content: bytes) -> None:
        """Write an object.

        Raises:
            RedshiftError: S3 refuses.
        """
        with storage_faults(place):
            obstore.put(self.store(place.bucket), place.key, content)

    def delete(self, places: list[Place]) -> None:
        """Delete objects.

        Raises:
            RedshiftError: S3 refuses.
        """
        for place in places:
            with storage_faults(place):
                obstore.delete(self.store(place.bucket), place.key)


class ObjectFile(io.RawIOBase):
    """An object as a file: every read is a request for its range. Errors are those of Redshift."""

    def __init__(self, store: Any, one: S3Object) -> None:
        super().__init__()
        self._store, self._object, self._at = store, one, 0
        self.fault: RedshiftError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._object.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._object.size - self._at)
        length = left if size is None or size < 0 else min(size, left)
        if not length:
            return b""
        try:
            with storage_faults(self._object.place):
                found = obstore.get_range(self._store, self._object.place.key, start=self._at, length=length)
        except RedshiftError as fault:
            self.fault = fault  # Arrow raises an error of its own in its place
            raise OSError(fault.message) from None
        self._at += length
        return bytes(found)

    def readinto(self, buffer: Any) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)
