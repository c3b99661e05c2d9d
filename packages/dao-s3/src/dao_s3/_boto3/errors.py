"""Translates botocore's errors to DAO's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions as botocore
from urllib3.exceptions import HTTPError

from dao.errors import (
    ConfigError,
    DaoError,
    DataError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao_s3._errors import Answer, error_of
from dao_s3._values import mask_text, scrub

__all__ = ["DRIVER_ERRORS", "answer_behind", "to_dao_error", "translating"]

DRIVER_ERRORS = (botocore.ClientError, botocore.BotoCoreError, HTTPError)
"""botocore's errors, and those of the library below it that it lets through."""

_KINDS: tuple[tuple[type[Exception], type[DaoError], str], ...] = (
    (
        botocore.NoCredentialsError,
        PermissionDeniedError,
        "there are no credentials: give access_key_id, profile or role",
    ),
    (botocore.PartialCredentialsError, PermissionDeniedError, "the credentials are incomplete"),
    (botocore.CredentialRetrievalError, PermissionDeniedError, "the credentials can't be fetched"),
    (botocore.TokenRetrievalError, PermissionDeniedError, "the login has expired or is missing: log in again"),
    (botocore.SSOError, PermissionDeniedError, "the login has expired or is missing: log in again"),
    (botocore.MetadataRetrievalError, PermissionDeniedError, "the machine gives no credentials"),
    (botocore.ProfileNotFound, ConfigError, "there is no such profile: check profile and ~/.aws/config"),
    (botocore.NoRegionError, ConfigError, "the region is not known: give region"),
    (botocore.InvalidRegionError, ConfigError, "there is no such region"),
    (botocore.ConfigParseError, ConfigError, "AWS's configuration can't be read"),
    (botocore.ParamValidationError, DataError, "S3 has no such request"),
    (botocore.UnsupportedS3ArnError, ConfigError, "such an ARN can't be a bucket"),
    (botocore.UnsupportedSignatureVersionError, UnsupportedError, "it can't be signed so"),
    (botocore.SSLError, StoreError, "the connection can't be trusted: check endpoint, verify and ca_bundle"),
    (botocore.FlexibleChecksumError, StoreError, "the bytes that came don't match their checksum"),
    (botocore.ConnectTimeoutError, TransientError, "no connection was made in time (timeouts.connect)"),
    (botocore.ReadTimeoutError, TransientError, "the store fell silent (timeouts.read)"),
    (botocore.EndpointConnectionError, TransientError, "the store can't be reached: check endpoint and network"),
    (botocore.ProxyConnectionError, TransientError, "the proxy can't be reached"),
    (botocore.ConnectionError, TransientError, "the connection broke"),
    (botocore.HTTPClientError, TransientError, "the connection broke"),
    (botocore.IncompleteReadError, TransientError, "fewer bytes came than were promised"),
    (HTTPError, TransientError, "the connection broke"),
)


def to_dao_error(error: Exception, where: str) -> DaoError:
    """The error to raise for one of :data:`DRIVER_ERRORS`.

    Args:
        error: the driver's; keep it as the cause. It is scrubbed: see :func:`dao_s3._values.scrub`.
        where: the URI of what was asked for.
    """
    scrub(error)
    if isinstance(error, botocore.ClientError):
        return error_of(_answer(error), where)
    told = " ".join(mask_text(str(error)).split())
    for kind, ours, meaning in _KINDS:
        if isinstance(error, kind):
            return ours(f"{where}: {meaning} ({told})")
    return StoreError(f"{where}: the request could not be made ({told})")


@contextmanager
def translating(where: str) -> Iterator[None]:
    """Translate the driver's errors raised inside to DAO's."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise to_dao_error(error, where) from error


def answer_behind(error: DaoError) -> Answer | None:
    """The store's response behind an error; None if the store didn't respond."""
    return _answer(error.__cause__) if isinstance(error.__cause__, botocore.ClientError) else None


def _answer(error: Any) -> Answer:
    told = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    status = about.get("HTTPStatusCode")
    if status == 405 and "x-amz-delete-marker" in about.get("HTTPHeaders", {}):
        return Answer(404, "NoSuchVersion", "this version is a delete marker")
    code = str(told.get("Code") or "") or None
    # S3 says an error with status 200 where it had to begin answering before it knew: the code counts then.
    return Answer(status if status != 200 else None, code, str(told.get("Message") or ""))
