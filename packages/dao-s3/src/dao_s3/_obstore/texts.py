"""A store's settings as texts, for libraries with an ``object_store`` of their own: deltalake's ``storage_options``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import environ
from typing import Any

from dao.connections import Settings
from dao.errors import UnsupportedError
from dao.secrets import Secret
from dao_s3._obstore.config import s3_config, store_config
from dao_s3._obstore.location import Location
from dao_s3._options import S3Options

__all__ = ["Login", "settings_as_texts"]

_WHOLE = 5
"""How many times longer a whole request may take than a silence in it."""

_TOKENS = ("AWS_SESSION_TOKEN", "AWS_TOKEN")


class Login:
    """The credentials of a store: found when they are first asked for, and renewed before they expire."""

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._provider: Callable[[], dict[str, Any]] | None = None

    def __call__(self) -> dict[str, Any]:
        """Those that are valid now."""
        from dao_s3._obstore.credentials import provider

        if self._provider is None:
            self._provider = provider(self._options)
        return self._provider()

    def __reduce__(self) -> tuple[Any, ...]:
        return Login, (self._options,)


def settings_as_texts(
    location: Location,
    options: S3Options,
    store_options: Mapping[str, Any],
    store_secrets: Mapping[str, Secret],
    login: Callable[[], Mapping[str, Any]],
) -> Settings:
    """The settings by which ``object_store`` reaches the same store, with credentials that are valid now.

    They hold secrets: never keep or log them. Credentials that expire are those of this moment; ask again for each use.

    Raises:
        UnsupportedError: the store is of a kind that such a library can't reach, or its certificates are in a file
            that ``SSL_CERT_FILE`` doesn't name.
        PermissionDeniedError: there are no credentials.
    """
    if location.scheme not in ("s3", "gs", "az", "file"):
        raise UnsupportedError(f"a {location.scheme}:// store can't be reached here; expected s3, gs, az or file")
    made = (
        _of_s3(location, options, login)
        if location.scheme == "s3"
        else store_config(location, store_options, store_secrets)
    )
    if location.scheme == "file":
        return Settings()
    texts = {**_of_client(location, options, store_options), **made}
    return Settings({name: _text(value) for name, value in texts.items()})


def _of_s3(location: Location, options: S3Options, login: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    from dao_s3._obstore.configured import configure

    settled = configure(options)
    if settled.ca_bundle is not None and settled.ca_bundle != environ.get("SSL_CERT_FILE"):
        raise UnsupportedError(
            "certificates of ca_bundle, AWS_CA_BUNDLE or REQUESTS_CA_BUNDLE: this library has no such setting; set the "
            "environment variable SSL_CERT_FILE to the same file"
        )
    config = s3_config(location, settled)
    if config["checksum_algorithm"] == "crc64nvme":
        del config["checksum_algorithm"]  # deltalake doesn't know it; it is what S3 computes where none is sent
    found = {f"aws_{name.removeprefix('aws_')}": value for name, value in config.items()}
    if (settled.endpoint or "").startswith("http://"):
        found["allow_http"] = True
    if settled.anonymous:
        return found
    given = login()
    keys = {"access_key_id": "access_key_id", "secret_access_key": "secret_access_key", "session_token": "token"}
    found.update((f"aws_{name}", given[key]) for name, key in keys.items() if given[key] is not None)
    if given["token"] is None and any(environ.get(name) for name in _TOKENS):
        found["aws_session_token"] = ""  # else the library takes that of the environment, which is for other keys
    return found


def _of_client(location: Location, options: S3Options, given: Mapping[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {
        # deltalake knows no time of silence, only that of a whole request with its body.
        "timeout": f"{_WHOLE * options.timeouts.read}s",
        "connect_timeout": f"{options.timeouts.connect}s",
        "pool_max_idle_per_host": options.max_connections,
        "max_retries": options.retry.attempts - 1,
        "retry_timeout": f"{options.retry.timeout}s",
        "backoff_config.max_backoff": f"{max(options.retry.max_backoff, 0.1)}s",
    }
    if not options.verify:
        config["allow_invalid_certificates"] = True
    if given.get("allow_http") or given.get("use_emulator"):
        config["allow_http"] = True
    return config


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
