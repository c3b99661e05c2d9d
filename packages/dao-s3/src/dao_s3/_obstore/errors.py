"""Translates obstore's errors to DAO's errors.

obstore puts the HTTP status, the answer's body and the cause into one text, followed by a dump of its own error that
repeats everything. Only the status, the S3 error code and the store's sentence are taken out of it: the rest holds
URLs, and what stores repeat of who asked.
"""

from __future__ import annotations

import errno
import os
import re

from attrs import evolve

from dao.errors import (
    ConfigError,
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao_s3._errors import Answer, answer_in, error_of
from dao_s3._obstore.keys import UnnameableError
from dao_s3._obstore.location import Location
from dao_s3._values import scrub

__all__ = ["is_past_the_end", "settings_error", "translate", "translated"]

_STATUS = re.compile(r"status code: (\d{3})")
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_CONNECT = re.compile(r"kind: Connect\b")
_MISSING_SETTING = re.compile(
    r"(?:Missing|Invalid|Unable to|Configuration key|Account must|Container name)[^\n]{0,200}"
)
_BY_OUR_PROVIDER = re.compile(r"credential provider: (ConfigError|PermissionDeniedError): ([^\n]+)")
_UNANSWERED = ("HTTP error:", "error sending request", "error decoding response body", "operation timed out")
_PAST = ("InvalidRange", "StartTooLarge", "Invalid range")

_BY_AZURES_CODE: dict[str, tuple[type[DaoError], str]] = {
    "ContainerNotFound": (NotFoundError, "there is no such container"),
    "BlobNotFound": (NotFoundError, "nothing is there"),
    "BlobAlreadyExists": (ConflictError, "something is there already"),
    "AuthenticationFailed": (PermissionDeniedError, "the credentials are wrong, or this machine's clock is"),
    "ServerBusy": (TransientError, "the store is throttling: too many requests"),
    "OperationTimedOut": (TransientError, "the store is out of order or busy"),
}

_BY_NAME: dict[str, tuple[type[DaoError], str]] = {
    "AlreadyExistsError": (ConflictError, "something is there already"),
    "PreconditionError": (ConflictError, "it is not, or no longer, what the condition asks for; someone else wrote it"),
    "PermissionDeniedError": (PermissionDeniedError, "access is denied"),
    "UnauthenticatedError": (PermissionDeniedError, "the credentials are missing or wrong"),
    "NotSupportedError": (UnsupportedError, "the store can't do that"),
    "InvalidPathError": (UnnameableError, "there is a key that obstore can't name; interface: s3 can"),
}


def _head(error: BaseException) -> str:
    """The message without the dump that follows it."""
    return str(error).partition("\n\nDebug source:")[0]


def is_past_the_end(error: BaseException) -> bool:
    """Whether a range was refused because the object has no bytes there."""
    return type(error).__name__ == "GenericError" and any(sign in str(error) for sign in _PAST)


class translated:  # noqa: N801 - a context manager, and no generator: each request goes through one
    """Translates errors of obstore raised in a ``with`` block."""

    __slots__ = ("_key", "_location")

    def __init__(self, location: Location, key: str) -> None:
        """Set the URI of the request."""
        self._location = location
        self._key = key

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, DaoError):
            known = translate(error, self._location.uri_of(self._key))
            if known is not None:
                scrub(error)
                raise known from error
        elif type(error).__name__ == "PanicException":
            raise StoreError(
                f"{self._location.uri_of(self._key)}: obstore failed inside; interface: s3 does without it"
            ) from None


def translate(error: Exception, where: str) -> DaoError | None:
    """Translate an error of obstore; None for other errors."""
    if not _is_obstores(error):
        return None
    text, dump = _head(error), str(error)
    status = _STATUS.search(text)
    if status is not None:
        if "169.254.169.254" in text or "metadata.google" in text:
            return PermissionDeniedError(
                f"{where}: no credentials: found none in the options, nor in the machine's own"
            )
        return _refused(answer_in(text, int(status[1])), where)
    answer = answer_in(text)
    if answer.code is not None:  # an error inside of a 200
        return error_of(answer, where)
    return _without_answer(error, text, dump, where)


def _refused(answer: Answer, where: str) -> DaoError:
    message = answer.message.partition("\n")[0].strip()  # behind it Azure names the request and its time
    if answer.code in _BY_AZURES_CODE:
        kind, meaning = _BY_AZURES_CODE[answer.code]
        return kind(f"{where}: {meaning} ({answer.status} {answer.code}: {message})")
    return error_of(evolve(answer, message=message), where)


def _is_obstores(error: Exception) -> bool:
    if type(error).__module__ == "obstore.exceptions":
        return True
    # It has these three for what Python has words for.
    return isinstance(error, (FileNotFoundError, NotImplementedError, ValueError)) and (
        "Debug source:" in str(error) or "Could not parse path" in str(error)
    )


def _without_answer(error: Exception, text: str, dump: str, where: str) -> DaoError:
    system = _OS_ERROR.search(text)
    name = type(error).__name__
    if isinstance(error, FileNotFoundError):
        return error_of(Answer(404), where)
    if isinstance(error, NotImplementedError):
        return UnsupportedError(f"{where}: obstore can't do that on this kind of store")
    if isinstance(error, ValueError):
        return UnnameableError(f"{where}: obstore can't name such a key; interface: s3 can")
    if refused := _BY_OUR_PROVIDER.search(text):
        return {"ConfigError": ConfigError}.get(refused[1], PermissionDeniedError)(refused[2])
    if "configured region" in text:  # a redirect that does not say where to
        return error_of(Answer(301), where)
    if name in _BY_NAME:
        kind, meaning = _BY_NAME[name]
        return kind(f"{where}: {meaning}")
    if system is not None and "LocalFileSystem" in text:
        return _of_the_system(int(system[1]), where)
    if "BadScheme" in dump:
        return StoreError(f"{where}: plain http is not allowed: the endpoint must begin with https://")
    if any(sign in text or sign in dump for sign in _UNANSWERED):
        return TransientError(f"{where}: the store does not answer: {_kind_of_silence(dump)}; retries are exhausted")
    if name == "JoinError":
        return StoreError(f"{where}: the request was given up")
    if is_past_the_end(error):
        return DataError(f"{where}: there are no such bytes in it")
    return StoreError(f"{where}: the store refused, or gave an answer that can't be read ({name})")


def _kind_of_silence(dump: str) -> str:
    if "kind: Timeout" in dump or "TimedOut" in dump:
        return "timed out"
    if _CONNECT.search(dump):
        return "no connection could be made"
    return "the connection broke"


def _of_the_system(number: int, where: str) -> DaoError:
    told = os.strerror(number)
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PermissionDeniedError(f"{where}: {told}")
    if number in (errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTEMPTY):
        return DataError(f"{where}: a folder can't keep such a key beside what is there: {told}")
    return StoreError(f"{where}: {told}")


def settings_error(error: Exception, uri: str) -> ConfigError:
    """What obstore says about settings of which it can't make a store, without what was set."""
    found = _MISSING_SETTING.search(_head(error))
    if type(error).__name__ == "UnknownConfigurationKeyError" and found is not None:
        return ConfigError(f"{uri}: {found[0]}")
    return ConfigError(f"{uri}: obstore can't make a store of these settings; check store_options and store_secrets")
