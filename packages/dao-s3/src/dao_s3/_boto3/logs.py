"""botocore writes whole requests into its logs at DEBUG, credentials and session tokens in them: they are masked."""

from __future__ import annotations

import logging
import re

from dao.secrets import MASK

__all__ = ["mask_logs"]

_LOGGERS = ("botocore.auth", "botocore.endpoint", "botocore.parsers", "botocore.hooks", "botocore.credentials")

_NAMES = (
    r"x-amz-security-token|x-amz-sso_bearer_token|webidentitytoken|samlassertion|sessiontoken|accesstoken|refreshtoken"
    r"|idtoken|clientsecret|(?:aws)?(?:secret)?accesskey(?:id)?"
)
_SECRETS = re.compile(
    rf"(?P<before>(?:{_NAMES})['\"]?\s*[:=]\s*(?:b?['\"])?"  # a header, a query, a field of JSON or of a dict
    rf"|<(?:{_NAMES}|token-\d+)>"  # an answer's XML
    r"|credential=|signature=)"
    r"[^\s'\"<>,&]+",
    re.IGNORECASE,
)


class _Mask(logging.Filter):
    """Changes a record's text and lets it pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage()
        masked = _SECRETS.sub(rf"\g<before>{MASK}", told)
        if masked != told:
            record.msg, record.args = masked, ()
        return True


_mask = _Mask()


def mask_logs() -> None:
    """Mask what botocore logs from now on. Doing it again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_mask)
