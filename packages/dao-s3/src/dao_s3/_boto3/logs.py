"""botocore writes whole requests into its logs at DEBUG, credentials and session tokens in them: they are masked."""

from __future__ import annotations

import logging
import re

from dao.secrets import MASK

__all__ = ["mask_logs"]

_LOGGERS = ("botocore.auth", "botocore.endpoint", "botocore.parsers", "botocore.hooks", "botocore.credentials")

_SECRETS = re.compile(
    r"(?P<before>x-amz-security-token['\"]?\s*[:=]\s*(?:b?['\"])?"  # a header, a query
    r"|credential=|x-amz-credential=|aws(?:secret)?accesskey(?:id)?['\"]?\s*[:=]\s*(?:b?['\"])?"
    r"|<(?:secretaccesskey|sessiontoken|accesskeyid|awsaccesskeyid|token-\d+)>"  # an answer's XML
    r"|signature=)"
    r"[^\s'\"<>,&/%]+(?:[/+=%][^\s'\"<>,&/%]*)*",
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
