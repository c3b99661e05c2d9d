"""A client of AWS Glue with the login of the store: its keys, its profile, or the role that it assumes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from boto3 import Session
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials, ReadOnlyCredentials
from botocore.session import Session as BotocoreSession

__all__ = ["glue_client"]


class _OfStore(Credentials):  # type: ignore[misc]  # mypy skips botocore
    """The store's credentials, as they are when a request is signed."""

    def __init__(self, settings: Callable[[], Mapping[str, str]]) -> None:
        super().__init__("", "")
        self._settings = settings

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        found = self._settings()
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        return ReadOnlyCredentials(*(found.get(name) or None for name in names))


class _Provider(CredentialProvider):  # type: ignore[misc]  # the same
    METHOD = "dao"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


def glue_client(
    settings: Callable[[], Mapping[str, str]] | None,
    region: str | None,
    profile: str | None,
    endpoint: str | None,
    timeouts: tuple[float, float],
    attempts: int,
) -> Any:
    """A client of Glue.

    Args:
        settings: of the store, with credentials that are valid now; None for what the AWS tools find.
        region: of Glue.
        profile: of the AWS tools.
        endpoint: of Glue, if it isn't Amazon's.
        timeouts: seconds to wait for a connection, and for an answer.
        attempts: how often a request is sent.
    """
    session = BotocoreSession(profile=profile)
    if settings is not None:
        session.register_component("credential_provider", CredentialResolver([_Provider(_OfStore(settings))]))
    connect, read = timeouts
    config = Config(
        connect_timeout=connect, read_timeout=read, retries={"total_max_attempts": attempts, "mode": "standard"}
    )
    return Session(botocore_session=session, region_name=region).client("glue", endpoint_url=endpoint, config=config)
