"""Credentials for obstore: those that boto3 signs with, found, refreshed and checked by the same code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dao.errors import ConfigError, PermissionDeniedError
from dao_s3._values import mask_text, scrub

if TYPE_CHECKING:
    from dao_s3._options import S3Options

__all__ = ["provider"]

_BEFORE_THE_END = timedelta(minutes=5)
"""How long before credentials expire obstore asks for new ones."""

_KEPT = timedelta(seconds=1)
"""How long obstore uses credentials before it asks again; a secret that is rotated is seen that soon."""


class _Provider:
    """What obstore calls for credentials. It holds what gives them, not their values."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials
        self.config: dict[str, str] = {}

    def __call__(self) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        from dao_s3._credentials import checked

        try:
            found = checked(self._credentials)
        except (BotoCoreError, ClientError) as error:
            scrub(error)
            said = " ".join(mask_text(str(error)).split())
            raise PermissionDeniedError(f"the credentials can't be fetched ({said})") from error
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": datetime.now(UTC) + _BEFORE_THE_END + _KEPT,
        }


def provider(options: S3Options) -> _Provider:
    """What obstore asks for credentials: the given keys, or those of a profile, of a role or of the machine.

    Raises:
        ConfigError: there is no such profile.
        PermissionDeniedError: there are no credentials anywhere.
    """
    from botocore.exceptions import BotoCoreError, NoCredentialsError
    from botocore.session import Session

    from dao_s3._credentials import use_credentials

    try:
        session = Session(profile=options.profile)
        use_credentials(session, options)
        found = session.get_credentials()
    except NoCredentialsError:
        found = None
    except BotoCoreError as error:
        raise ConfigError(f"no credentials: {error}") from error
    if found is None:
        raise PermissionDeniedError(
            "there are no credentials: found none in the options, the environment, ~/.aws, the container or the "
            "machine; expected access_key_id and secret_access_key, profile, or anonymous: true"
        )
    return _Provider(found)
