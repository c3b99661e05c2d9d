"""Who asks: obstore is given credentials by boto3, which finds them where the AWS tools do, and renews them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dao.errors import ConfigError

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider

    from dao_s3._options import S3Options

__all__ = ["credentials", "provider"]

_ASKED_AGAIN = timedelta(minutes=10)
"""boto3 gives no credentials that expire within 10 minutes; obstore asks for new ones 5 minutes before the end."""


def credentials(options: S3Options) -> dict[str, str] | None:
    """The keys that were given, as obstore's ``config``: a secret, never keep it. None where they must be found."""
    if options.access_key_id is None or options.secret_access_key is None or options.role is not None:
        return None
    found = {
        "access_key_id": options.access_key_id.reveal(),
        "secret_access_key": options.secret_access_key.reveal(),
    }
    if options.session_token is not None:
        found["session_token"] = options.session_token.reveal()
    return found


def provider(options: S3Options) -> Boto3CredentialProvider | StsCredentialProvider:
    """What obstore asks for credentials whenever it needs new ones: a profile's, a role's, or those of the machine.

    Raises:
        ConfigError: there is no such profile, or there are no credentials anywhere.
    """
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider, StsCredentialProvider

    try:
        session = _session(options)
        if options.role is not None:
            return StsCredentialProvider(session, **_role(options))
        return Boto3CredentialProvider(session, ttl=_ASKED_AGAIN)
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
        keys["aws_access_key_id"] = options.access_key_id.reveal()
        keys["aws_secret_access_key"] = options.secret_access_key.reveal()
        keys["aws_session_token"] = options.session_token.reveal() if options.session_token else None
    return boto3.Session(profile_name=options.profile, region_name=options.region, **keys)


def _role(options: S3Options) -> dict[str, Any]:
    role = options.role
    assert role is not None
    asked = {"RoleArn": role.arn, "RoleSessionName": role.session_name, "DurationSeconds": role.duration}
    return asked if role.external_id is None else {**asked, "ExternalId": role.external_id}
