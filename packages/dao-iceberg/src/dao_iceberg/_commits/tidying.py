"""What is tidied up after a commit was made or given up: that it fails must not look like a failure of the change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dao.errors import DaoError
from dao_iceberg._errors import translate

__all__ = ["tidying"]


@contextmanager
def tidying(what: str, table: str) -> Iterator[None]:
    """Tell the log of Python of an error, instead of raising it.

    Args:
        what: files that stay if it fails, such as ``old metadata``.
        table: the table's key.
    """
    try:
        yield
    except Exception as error:
        # Of an error that is no DaoError only the type: its text may be anything.
        told = error if isinstance(error, DaoError) else translate(error) or type(error).__name__
        logging.getLogger("dao").warning("%r: %s could not be deleted: %s", table, what, told)
