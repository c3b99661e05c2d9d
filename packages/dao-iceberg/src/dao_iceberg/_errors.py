"""Translates the errors of pyiceberg, and of the databases and services under its catalogs, to DAO's."""

from __future__ import annotations

from collections.abc import Mapping

from dao.errors import (
    AlreadyExistsError,
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    PluginError,
    StoreError,
    TransientError,
    UnsupportedError,
)

__all__ = ["translate"]

_OURS: Mapping[str, type[DaoError]] = {
    "TableAlreadyExistsError": AlreadyExistsError,
    "NamespaceAlreadyExistsError": AlreadyExistsError,
    "NoSuchTableError": NotFoundError,
    "NoSuchIcebergTableError": NotFoundError,
    "NoSuchNamespaceError": NotFoundError,
    "NamespaceNotEmptyError": ConflictError,
    "CommitFailedException": ConflictError,
    "WaitingForLockException": ConflictError,
    "CommitStateUnknownException": TransientError,
    "ServiceUnavailableError": TransientError,
    "ServerError": TransientError,
    "TooManyRequestsError": TransientError,
    "BadRequestError": DataError,
    "UnauthorizedError": PermissionDeniedError,
    "ForbiddenError": PermissionDeniedError,
    "AuthorizationExpiredError": PermissionDeniedError,
    "OAuthError": PermissionDeniedError,
    "SignError": PermissionDeniedError,
    "NotInstalledError": PluginError,
}
"""The exceptions of pyiceberg by name; others of it are a StoreError."""

_DENIED = (
    "AccessDenied",
    "Expired",
    "Unrecognized",
    "InvalidSignature",
    "InvalidClientToken",
    "Forbidden",
    "NoCredentials",
)
_UNKNOWN = (
    "Unknown format version",
    "Unsupported field type",
    "Cannot deserialize bytes, type",
    ".manifest-list Field required",
)
"""What pyiceberg says of metadata that is newer, or older, than it knows."""

_BUSY = ("Throttl", "RequestLimit", "InternalService", "ServiceUnavailable", "Timeout", "EndpointConnection")


def translate(error: Exception) -> DaoError | None:
    """The DaoError for an error of a catalog or of a table's metadata; None for any other error."""
    home = type(error).__module__.partition(".")[0]
    text = " ".join(str(error).split())[:2000]
    if any(one in text for one in _UNKNOWN) and (home == "pyiceberg" or isinstance(error, (ValueError, TypeError))):
        return UnsupportedError(f"the Iceberg table has what can't be read: {text}")
    if home == "pyiceberg":
        kind = next((_OURS[one.__name__] for one in type(error).__mro__ if one.__name__ in _OURS), StoreError)
        return kind(f"the Iceberg table can't be used: {text}")
    if home == "sqlalchemy":
        return _of_database(error)
    if home == "requests":
        broken = any(
            one.__name__ in ("ConnectionError", "Timeout", "ChunkedEncodingError") for one in type(error).__mro__
        )
        return (TransientError if broken else StoreError)(f"the catalog can't be reached: {type(error).__name__}")
    if home in ("botocore", "boto3"):
        return _of_aws(error, text)
    if home in ("thrift", "hive_metastore"):
        return TransientError(f"the Hive metastore can't be used: {type(error).__name__}: {text}")
    if home in ("pydantic", "pydantic_core"):
        return StoreError(f"the table's metadata is damaged: {text}")
    return None


def _of_database(error: Exception) -> DaoError:
    """Without the statement and its values, which SQLAlchemy quotes."""
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split())[:500]
    names = {one.__name__ for one in type(error).__mro__}
    if "IntegrityError" in names:
        return ConflictError(f"another writer was first in the catalog's database: {text}")
    if names & {"OperationalError", "DBAPIError", "TimeoutError"}:
        return TransientError(f"the catalog's database can't be used: {text}")
    return StoreError(f"the catalog's database can't be used: {text}")


def _of_aws(error: Exception, text: str) -> DaoError:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__))
    if code == "EntityNotFoundException":
        return NotFoundError(f"there is no such table in the catalog: {text}")
    if code in ("ConcurrentModificationException", "AlreadyExistsException"):
        return ConflictError(f"another writer was first in the catalog: {text}")
    if any(one in code for one in _DENIED):
        return PermissionDeniedError(f"the catalog refused: {text}")
    if any(one in code for one in _BUSY):
        return TransientError(f"the catalog can't be reached: {text}")
    if code == "InvalidInputException":
        return DataError(f"the catalog refused: {text}")
    if code == "OperationNotSupportedException":
        return UnsupportedError(f"the catalog refused: {text}")
    return StoreError(f"the catalog can't be used: {text}")
