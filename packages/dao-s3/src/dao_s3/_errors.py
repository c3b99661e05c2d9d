"""Maps S3's error responses to DAO's errors, by code and by HTTP status, for both drivers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from attrs import frozen

from dao.errors import (
    ConflictError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
    UnsupportedError,
)
from dao_s3._values import mask_text

__all__ = ["Answer", "answer_in", "error_of", "names_another_region"]

_DAMAGED = "the bytes were damaged on the way, so nothing was stored"
_CONDITION = "it is not, or no longer, what the condition asks for; someone else wrote it"
_THROTTLED = "the store is throttling: too many requests; lower the rate, or raise retry.attempts"
_BUSY = "the store is out of order or busy"
_EXPIRED = "the credentials have expired: renew them (or name a role, whose credentials are renewed)"
_UNKNOWN_KEY = "the store doesn't know this access key: check access_key_id, and that it belongs to this endpoint"
_SKEWED = "this machine's clock is too far from the store's: set the clock"
_DENIED = "access is denied: these credentials lack the permission for it"
_REGION = "the bucket is in another region, or its endpoint is another one: check region and endpoint"

_Refusal = tuple[type[DaoError], str]

_BY_CODE: Mapping[str, _Refusal] = {
    "NoSuchKey": (NotFoundError, "nothing is there"),
    "NoSuchVersion": (NotFoundError, "there is no such version"),
    "NoSuchBucket": (NotFoundError, "there is no such bucket"),
    "NoSuchUpload": (NotFoundError, "the multipart upload is gone: completed or aborted"),
    "AccessDenied": (PermissionDeniedError, _DENIED),
    "AccessDeniedException": (PermissionDeniedError, _DENIED),
    "AllAccessDisabled": (PermissionDeniedError, "all access to it has been disabled"),
    "AccountProblem": (PermissionDeniedError, "there is a problem with the account"),
    "InvalidAccessKeyId": (PermissionDeniedError, _UNKNOWN_KEY),
    "InvalidClientTokenId": (PermissionDeniedError, _UNKNOWN_KEY),
    "UnrecognizedClientException": (PermissionDeniedError, _UNKNOWN_KEY),
    "SignatureDoesNotMatch": (PermissionDeniedError, "the signature is wrong: check secret_access_key"),
    "ExpiredToken": (PermissionDeniedError, _EXPIRED),
    "ExpiredTokenException": (PermissionDeniedError, _EXPIRED),
    "TokenRefreshRequired": (PermissionDeniedError, _EXPIRED),
    "InvalidToken": (PermissionDeniedError, "the session token is wrong, or is missing: check session_token"),
    "InvalidTokenId": (PermissionDeniedError, "the session token is wrong, or is missing: check session_token"),
    "RequestTimeTooSkewed": (PermissionDeniedError, _SKEWED),
    "RequestExpired": (PermissionDeniedError, _SKEWED),
    "InvalidObjectState": (StoreError, "it is archived: restore it before it is read"),
    "PreconditionFailed": (ConflictError, _CONDITION),
    "ConditionalRequestConflict": (ConflictError, "someone else is writing it at this moment"),
    "OperationAborted": (ConflictError, "another operation on it is under way"),
    "SlowDown": (TransientError, _THROTTLED),
    "SlowDownRead": (TransientError, _THROTTLED),
    "SlowDownWrite": (TransientError, _THROTTLED),
    "Throttling": (TransientError, _THROTTLED),
    "ThrottlingException": (TransientError, _THROTTLED),
    "ThrottledException": (TransientError, _THROTTLED),
    "RequestThrottled": (TransientError, _THROTTLED),
    "RequestThrottledException": (TransientError, _THROTTLED),
    "RequestLimitExceeded": (TransientError, _THROTTLED),
    "TooManyRequests": (TransientError, _THROTTLED),
    "TooManyRequestsException": (TransientError, _THROTTLED),
    "BandwidthLimitExceeded": (TransientError, _THROTTLED),
    "RequestTimeout": (TransientError, "the store waited too long for the request's bytes"),
    "RequestTimeoutException": (TransientError, "the store waited too long for the request's bytes"),
    "InternalError": (TransientError, _BUSY),
    "ServiceUnavailable": (TransientError, _BUSY),
    "XMinioServerNotInitialized": (TransientError, _BUSY),
    "IncompleteBody": (TransientError, "the request's bytes did not all arrive"),
    "BadDigest": (TransientError, _DAMAGED),
    "XAmzContentSHA256Mismatch": (TransientError, _DAMAGED),
    "XAmzContentChecksumMismatch": (TransientError, _DAMAGED),
    "KeyTooLongError": (DataError, "the key is too long: S3 takes 1,024 bytes of UTF-8"),
    "XMinioInvalidObjectName": (DataError, "the store can't keep such a key"),
    "XMinioParentIsObject": (DataError, "a part of the key is an object, so this store can keep nothing below it"),
    "XMinioObjectExistsAsDirectory": (
        DataError,
        "there are objects below this key, so this store can't keep one at it",
    ),
    "InvalidURI": (DataError, "the store can't keep such a key"),
    "EntityTooLarge": (DataError, "it is larger than one request may be"),
    "MetadataTooLarge": (DataError, "the metadata is too large: S3 takes 2 KiB"),
    "InvalidTag": (DataError, "a tag can't be used"),
    "BadRequest": (DataError, "the store does not take the request"),
    "InvalidArgument": (DataError, "the store does not take an argument"),
    "InvalidRequest": (DataError, "the store does not take the request"),
    "InvalidStorageClass": (DataError, "the store has no such storage class"),
    "AccessControlListNotSupported": (UnsupportedError, "the bucket takes no ACLs: leave acl out"),
    "InvalidBucketName": (StoreError, "the store can't have a bucket of this name"),
    "PermanentRedirect": (StoreError, _REGION),
    "TemporaryRedirect": (StoreError, _REGION),
    "AuthorizationHeaderMalformed": (StoreError, _REGION),
    "IllegalLocationConstraintException": (StoreError, _REGION),
    "InvalidPart": (StoreError, "a part of the multipart upload is missing or changed"),
    "InvalidPartOrder": (StoreError, "the parts of the multipart upload are out of order"),
    "EntityTooSmall": (StoreError, "a part of the multipart upload is too small"),
    "XMinioStorageFull": (StoreError, "no space is left in the store"),
    "QuotaExceeded": (StoreError, "the quota is used up"),
    "NotImplemented": (UnsupportedError, "the store can't do that"),
    "MethodNotAllowed": (UnsupportedError, "the store doesn't allow that on it"),
    "XNotImplemented": (UnsupportedError, "the store can't do that"),
}

_BY_STATUS: Mapping[int, _Refusal] = {
    301: (StoreError, _REGION),
    307: (StoreError, _REGION),
    400: (StoreError, "the store does not take the request"),
    401: (PermissionDeniedError, "the store doesn't know who asks: check the credentials"),
    403: (PermissionDeniedError, _DENIED),
    404: (NotFoundError, "nothing is there"),
    405: (UnsupportedError, "the store doesn't allow that on it"),
    408: (TransientError, "the store waited too long for the request's bytes"),
    409: (ConflictError, "someone else is writing it at this moment"),
    411: (StoreError, "the store wants to know the length before the bytes"),
    412: (ConflictError, _CONDITION),
    413: (DataError, "it is larger than one request may be"),
    416: (DataError, "there are no such bytes in it"),
    429: (TransientError, _THROTTLED),
    501: (UnsupportedError, "the store can't do that"),
    503: (TransientError, _BUSY),
    507: (StoreError, "no space is left in the store"),
}

_CODE = re.compile(r"<Code>([^<]{1,200})</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,2000})</Message>")


@frozen
class Answer:
    """A store's error response.

    Attributes:
        status: the HTTP status, None if there was none.
        code: S3's error code, such as ``NoSuchKey``; None if the response had no body.
        message: the store's message.
    """

    status: int | None = None
    code: str | None = None
    message: str = ""


def answer_in(text: str, status: int | None = None) -> Answer:
    """Parse the error in an XML document, or in a driver's message that quotes one. Other elements are ignored:
    stores repeat access keys and session tokens in them.

    >>> answer_in("<Error><Code>ExpiredToken</Code><Message>Expired.</Message><Token-0>t</Token-0></Error>", 400)
    Answer(status=400, code='ExpiredToken', message='Expired.')
    """
    code, message = _CODE.search(text), _MESSAGE.search(text)
    return Answer(status, code and unescape(code[1]), unescape(message[1]) if message else "")


def error_of(answer: Answer, where: str) -> DaoError:
    """The error for an error response; the caller sets the driver's error as its cause.

    Args:
        answer: the response.
        where: the requested URI, not a signed one.

    >>> error_of(Answer(404, "NoSuchKey", "The key does not exist."), "s3://lake/a.csv")
    NotFoundError('s3://lake/a.csv: nothing is there (404 NoSuchKey: The key does not exist.)')
    """
    kind, meaning = _refusal(answer)
    named = answer.code if answer.code and not answer.code.isdigit() else ""
    told = ": ".join(filter(None, (named, mask_text(answer.message.strip()))))
    detail = " ".join(filter(None, (str(answer.status or ""), told)))
    return kind(f"{where}: {meaning} ({detail})" if detail else f"{where}: {meaning}")


def names_another_region(error: DaoError) -> bool:
    """Whether the store has answered that the bucket is in another region than the request was sent to.

    >>> names_another_region(error_of(Answer(301, "PermanentRedirect"), "s3://lake/a.csv"))
    True
    """
    return _REGION in error.message


def _refusal(answer: Answer) -> _Refusal:
    code = answer.code or ""
    if code == "InvalidArgument" and "version id" in answer.message.lower():
        return _BY_CODE["NoSuchVersion"]  # not a response of a store
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code.startswith("KMS."):
        return PermissionDeniedError, "the key for its encryption can't be used: check kms_key and its policy"
    status = answer.status or (int(code) if code.isdecimal() else 0)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return (TransientError, _BUSY) if status >= 500 else (StoreError, "the store refused")
