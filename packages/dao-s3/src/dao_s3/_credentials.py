"""Credentials from the options, and from roles assumed with them; for both drivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from dao.connections import S3Role
from dao.secrets import Secret
from dao_s3._options import S3Options
from dao_s3._values import WITH_SPACES, check_sendable, reveal

__all__ = ["check_before_signing", "checked", "use_credentials"]

_NAMES = {"access_key": "access_key_id", "secret_key": "secret_access_key", "token": "session_token"}
"""botocore's names for the parts of credentials, and the users' names."""


class SecretCredentials(Credentials):  # type: ignore[misc]  # botocore has no types
    """Credentials without values: each signature resolves the secrets again, so rotated ones take effect at once."""

    def __init__(self, access_key_id: Secret, secret_access_key: Secret, session_token: Secret | None) -> None:
        self.method = "dao"
        self.account_id = None
        self._access_key_id = access_key_id
        self._secret_access_key = secret_access_key
        self._session_token = session_token

    @property
    def access_key(self) -> str:
        return reveal("access_key_id", self._access_key_id)

    @property
    def secret_key(self) -> str:
        return reveal("secret_access_key", self._secret_access_key)

    @property
    def token(self) -> str | None:
        return None if self._session_token is None else reveal("session_token", self._session_token)

    def get_frozen_credentials(self) -> Any:
        return ReadOnlyCredentials(self.access_key, self.secret_key, self.token)


class _Given:
    """A credential provider for botocore with given credentials."""

    METHOD = "dao"

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load(self) -> Any:
        return self._credentials


def use_credentials(session: Session, options: S3Options) -> None:
    """Make a session use the credentials of the options.

    Raises:
        NoCredentialsError: there are no credentials to assume the role with.
    """
    given = _given_credentials(options)
    if options.role is not None:
        source = given or session.get_component("credential_provider").load_credentials()
        if source is None:
            raise NoCredentialsError
        given = _assume(options.role, source, _sts(session, options))
    if given is not None:
        session.register_component("credential_provider", CredentialResolver([_Given(given)]))


def checked(credentials: Any) -> Any:
    """The current values of credentials, refreshed if due.

    Raises:
        ConfigError: a value has characters that no request can carry, or a secret can't be resolved.
    """
    found = credentials.get_frozen_credentials()
    if not isinstance(credentials, SecretCredentials):  # these check their values on reveal
        for name, value in found._asdict().items():
            if isinstance(value, str) and name in _NAMES:
                check_sendable(_NAMES[name], value, spaces=_NAMES[name] in WITH_SPACES)
    return found


def check_before_signing(client: Any) -> None:
    """Make a client refuse credentials that no request can carry, wherever botocore found them."""
    client.meta.events.register("before-sign.*.*", _check_credentials)


def _check_credentials(request_signer: Any, **_: Any) -> None:
    if request_signer._credentials is not None:
        checked(request_signer._credentials)


def _given_credentials(options: S3Options) -> Any:
    if options.access_key_id is None or options.secret_access_key is None:
        return None
    return SecretCredentials(options.access_key_id, options.secret_access_key, options.session_token)


def _assume(role: S3Role, source: Any, sts: Callable[..., Any]) -> Any:
    """Credentials of a role: fetched with the first request, refreshed some minutes before they expire."""
    wishes = {"RoleSessionName": role.session_name, "DurationSeconds": role.duration}
    if role.external_id is not None:
        wishes["ExternalId"] = role.external_id
    fetcher = AssumeRoleCredentialFetcher(sts, source, role.arn, extra_args=wishes)
    return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)


def _sts(session: Session, options: S3Options) -> Callable[..., Any]:
    config = Config(connect_timeout=options.timeouts.connect, read_timeout=options.timeouts.read)

    def make(service: str, **credentials: Any) -> Any:
        client = session.create_client(
            service,
            region_name=options.region or session.get_config_variable("region") or "us-east-1",
            endpoint_url=_sts_endpoint(options),
            verify=options.verification,
            config=config,
            **credentials,
        )
        check_before_signing(client)
        return client

    return make


def _sts_endpoint(options: S3Options) -> str | None:
    """The endpoint of STS: S3-compatible stores serve it themselves, AWS has separate endpoints."""
    host = urlsplit(options.endpoint or "").hostname or ""
    return None if host.endswith((".amazonaws.com", ".amazonaws.com.cn")) else options.endpoint
