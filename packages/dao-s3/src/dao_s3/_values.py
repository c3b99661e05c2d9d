"""Keeps users' values out of messages: options, credentials that no request can carry, drivers' errors.

Keys get pasted into the wrong option, URLs contain logins and signatures. So no message quotes the text of an option,
and URLs in drivers' messages are masked, also in the driver errors kept as causes.
"""

from __future__ import annotations

import re

from dao.errors import ConfigError
from dao.secrets import MASK, Secret

__all__ = ["WITH_SPACES", "check_sendable", "looks_like_key", "mask_text", "reveal", "scrub"]

WITH_SPACES = ("secret_access_key", "authorization")
"""Secrets that may contain spaces: one is never sent, the other is a whole header."""

_KEY_ID = re.compile(r"\b(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AIPA|AKIA|ANPA|ANVA|AROA|ASIA)[A-Z0-9]{12,}\b")
_KEY = re.compile(r"[A-Za-z0-9+/]{36,}={0,2}")
_URL_SECRETS = re.compile(
    r"(?<=://)[^/@\s\"']+(?=@)|(?<=\?)(?<!<\?)[^\s\"'<>)]+|(?i:(?<=signature=)|(?<=sig=))[^\s&\"'<>)]+"
)


def looks_like_key(text: str) -> bool:
    """Whether a text looks like an access key or a secret key, which means it is in the wrong option.

    >>> looks_like_key("AKIAIOSFODNN7EXAMPLE"), looks_like_key("lake-of-2025")
    (True, False)
    """
    mixed = any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    return _KEY_ID.search(text) is not None or (mixed and _KEY.fullmatch(text) is not None)


def reveal(name: str, secret: Secret) -> str:
    """Reveal a secret, after checking that it can be sent; see :func:`check_sendable`."""
    value = secret.reveal()
    check_sendable(name, value, spaces=name in WITH_SPACES)
    return value


def check_sendable(name: str, value: str, *, spaces: bool) -> None:
    """Refuse a credential with a character that no request can carry, most often a copied line end.

    Args:
        name: its name.
        value: its value, never quoted.
        spaces: whether it may contain spaces.

    Raises:
        ConfigError: it is empty, or has such a character.
    """
    fault = _fault(value, spaces=spaces)
    if fault is not None:
        raise ConfigError(
            f"{name}: its value {fault}, expected printable ASCII{'' if spaces else ' without spaces'}: check where it "
            "was copied from"
        )


def _fault(value: str, *, spaces: bool) -> str | None:
    if not value:
        return "is empty"
    if not value.isascii():
        return "has a character beyond ASCII"
    if value != value.strip():
        return f"has a {'line end' if value.strip(' ') != value.strip() else 'space'} at its beginning or end"
    if not value.isprintable():
        return "has a control character, such as a line end,"
    return "has a space" if " " in value and not spaces else None


def mask_text(text: str) -> str:
    """Mask logins, queries and signatures of URLs, and access key ids, in a message of a driver or store.

    >>> mask_text("GET https://me:hunter2@host/a?X-Amz-Signature=1 failed")
    'GET https://********@host/a?******** failed'
    """
    return _KEY_ID.sub(MASK, _URL_SECRETS.sub(MASK, text))


def scrub(error: BaseException | None) -> None:
    """Mask the messages of a driver's error and its causes, and drop their frames, which hold signed requests.

    A traceback prints the causes of an error with it.
    """
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error.args = tuple(mask_text(arg) if isinstance(arg, str) else arg for arg in error.args)
        error = error.__cause__ or error.__context__
