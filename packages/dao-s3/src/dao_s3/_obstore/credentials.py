"""Who asks: obstore is given credentials by boto3, which finds them where the AWS tools do, and renews them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dao.errors import ConfigError
from dao_s3._values import WITH_SPACES, check_sendable, revealed

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider

    from dao_s3._options import S3Options

__all__ = ["credentials", "provider"]

_NAMES = {"token": "session_token"}
"""What boto3's part of obstore calls credentials otherwise than users do."""

_ASKED_AGAIN = timedelta(minutes=10)
"""boto3 gives no credentials that expire within 10 minutes; obstore asks for new ones 5 minutes before the end."""


def credentials(options: S3Options) -> dict[str, str] | None:
    """The keys that were given, as obstore's ``config``: a secret, never keep it. None where they must be found."""
    if options.access_key_id is None or options.secret_access_key is None or options.role is not None:
        return None
    given = {name: getattr(options, name) for name in ("access_key_id", "secret_access_key", "session_token")}
    return {name: revealed(name, secret) for name, secret in given.items() if secret is not None}


class _Checked:
    """A provider that refuses what no request can carry: obstore would panic."""

    def __init__(self, asked: Boto3CredentialProvider | StsCredentialProvider) -> None:
        self._asked = asked
        self.config = asked.config

    def __call__(self) -> Any:
        found = self._asked()
        for name, value in found.items():
            if isinstance(value, str):
                check_sendable(_NAMES.get(name, name), value, spaces=name in WITH_SPACES)
        return found


def provider(options: S3Options) -> _Checked:
    """What obstore asks for credentials whenever it needs new ones: a profile's, a role's, or those of the machine.

    Raises:
        ConfigError: there is no such profile, or there are no credentials anywhere.
    """
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider

    try:
        session = _session(options)
        if options.role is not None:
            return _Checked(StsCredentialProvider(session, **_role(options)))
        return _Checked(Boto3CredentialProvider(session, ttl=_ASKED_AGAIN))
    except BotoCoreError as error:
        raise ConfigError(f"no credentials: {error}") from error
    except ValueError:
        raise ConfigError(
            "no credentials: found none in the options, the environment, ~/.aws, the container or the machine; "
            "expected access_key_id and secret_access_key, profile, or anonymous: true"
        ) from None


def _session(options: S3Options) -> Any:
    import boto3

    keys: dict[str, Any] = {}
    if options.access_key_id is not None and options.secret_access_key is not None:
        keys["aws_access_key_id"] = revealed("access_key_id", options.access_key_id)
        keys["aws_secret_access_key"] = revealed("secret_access_key", options.secret_access_key)
        token = options.session_token
        keys["aws_session_token"] = revealed("session_token", token) if token is not None else None
    return boto3.Session(profile_name=options.profile, region_name=options.region, **keys)


def _role(options: S3Options) -> dict[str, Any]:
    role = options.role
    assert role is not None
    asked = {"RoleArn": role.arn, "RoleSessionName": role.session_name, "DurationSeconds": role.duration}
    return asked if role.external_id is None else {**asked, "ExternalId": role.external_id}
