"""Creates obstore stores: one per process, on the first request.

**Forks.** obstore works on threads of its own, which are not there in a forked child: a request would wait for ever,
with a new store too. So:

* a child that is forked before anything was asked of obstore by this module is like any process;
* a child forked later can go on with ``s3://``, for which the transport turns to its other driver there, and with
  ``memory://``, which needs no such threads and has its own copy then;
* for the other kinds a clear error is raised: use the start methods ``spawn`` or ``forkserver``. Folders too: measured,
  a child of a process that had used one from 8 threads waited for ever, 30 times of 30.

A use of obstore that goes past this module isn't seen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from attrs import define, field

from dao.errors import StoreError
from dao.secrets import Secret
from dao_s3._obstore.config import client_config, retry_config, s3_config, store_config
from dao_s3._obstore.location import Location
from dao_s3._options import S3Options
from dao_s3._values import reveal

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["Client", "has_lost_its_threads"]

_used = False
"""Whether this process, or the one that it was forked from, has asked obstore for something."""

_lost = False
"""Whether this process was forked from one that had."""


def has_lost_its_threads() -> bool:
    """Whether this process was forked from one that had used obstore, so that requests would never be answered."""
    return _lost


def _mark_forked() -> None:
    global _lost
    _lost = _used


os.register_at_fork(after_in_child=_mark_forked)  # unlike asking for the process's number, it costs requests nothing


def _begin() -> None:
    global _used
    _used = True


@define(slots=False, eq=False)
class Client:
    """A store of obstore, created on first use. Safe between threads; pickled without it.

    Attributes:
        location: where it is.
        options: how it is reached.
        store_options: what else is set, for Google Cloud and Azure.
        store_secrets: the secrets among them.
    """

    location: Location
    options: S3Options = field(repr=False)
    store_options: Mapping[str, Any] = field(factory=dict, repr=False)
    store_secrets: Mapping[str, Secret] = field(factory=dict, repr=False)
    _store: ObjectStore | None = field(default=None, init=False, repr=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @property
    def store(self) -> ObjectStore:
        """The store.

        Raises:
            StoreError: this is a forked process, see the module.
            ConfigError: what was set makes no store.
            PermissionDeniedError: there are no credentials.
        """
        if has_lost_its_threads() and self.location.scheme != "memory":
            raise StoreError(
                f"{self.location.uri}: this process was forked from one that had used obstore, whose threads are not "
                "here; use multiprocessing's start method 'spawn' or 'forkserver', or fork before the first use"
            )
        _begin()
        return self._store or self._made()

    def _made(self) -> ObjectStore:
        with self._lock:
            if self._store is None:
                self._store = self._make()
            return self._store

    def _make(self) -> ObjectStore:
        from obstore.exceptions import BaseError

        from dao_s3._obstore.errors import settings_error

        try:
            return _MAKERS[self.location.scheme](self)
        except BaseError as error:
            raise settings_error(error, self.location.uri) from None  # it may quote what was set

    def _common(self, options: S3Options) -> dict[str, Any]:
        return {
            "client_options": client_config(self.location, options, self.store_options),
            "retry_config": retry_config(options),
        }

    def _s3(self) -> ObjectStore:
        from obstore.store import S3Store

        from dao_s3._obstore.configured import configure
        from dao_s3._obstore.credentials import provider

        options = configure(self.options)
        config = s3_config(self.location, options)
        asked = None if options.anonymous else provider(options)
        if asked is not None and "aws_region" in config:
            asked.config = {}  # what the options say goes before what the profile says
        return S3Store(
            self.location.bucket,
            prefix=self.location.prefix or None,
            config=config,  # type: ignore[arg-type]
            credential_provider=asked,  # type: ignore[arg-type]
            **self._common(options),
        )

    def _google(self) -> ObjectStore:
        from obstore.store import GCSStore

        config = store_config(self.location, self.store_options, self.store_secrets)
        return GCSStore(
            self.location.bucket,
            prefix=self.location.prefix or None,
            config=config,  # type: ignore[arg-type]
            **self._common(self.options),
        )

    def _azure(self) -> ObjectStore:
        from obstore.store import AzureStore

        config = store_config(self.location, self.store_options, self.store_secrets)
        return AzureStore(
            self.location.bucket,
            prefix=self.location.prefix or None,
            config=config,  # type: ignore[arg-type]
            **self._common(self.options),
        )

    def _folder(self) -> ObjectStore:
        from obstore.store import LocalStore

        return LocalStore(self.location.prefix, mkdir=True)

    def _memory(self) -> ObjectStore:
        from obstore.store import MemoryStore

        return MemoryStore()

    def _http(self) -> ObjectStore:
        from obstore.store import HTTPStore

        common = self._common(self.options)
        secret = self.store_secrets.get("authorization")
        if secret is not None:
            common["client_options"]["default_headers"] = {"authorization": reveal("authorization", secret)}
        return HTTPStore(self.location.prefix, **common)

    def close(self) -> None:
        """Release the store; a new one is created on demand. A memory store is kept, because it holds the only copy."""
        if self.location.scheme != "memory":
            self._store = None

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("location", "options", "store_options", "store_secrets")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


_MAKERS = {
    "s3": Client._s3,
    "gs": Client._google,
    "az": Client._azure,
    "file": Client._folder,
    "memory": Client._memory,
    "http": Client._http,
}
