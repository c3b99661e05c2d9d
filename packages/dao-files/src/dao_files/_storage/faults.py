"""Translates driver errors to DAO's errors: the storage's own, and Arrow's if Arrow is in use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dao.errors import DaoError, DataError, PluginError, StoreError, UnsupportedError

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage

__all__ = ["translate"]

_ARROW_EXTRA = ("pyarrow", "sqlglot", "fastavro")


def translate(error: Exception, storage: Storage) -> DaoError | None:
    """The DaoError for a driver's error, None for an unknown one; the caller sets the cause."""
    if isinstance(error, ModuleNotFoundError) and (missing := (error.name or "").partition(".")[0]) in _ARROW_EXTRA:
        return PluginError(f"tables need {missing}, which is not installed: pip install 'dao-core[arrow]'")
    arrow = sys.modules.get("pyarrow")
    if arrow is not None and isinstance(error, arrow.ArrowException):
        return _translate_arrow(error, arrow)
    return storage.translate(error)


def _translate_arrow(error: Exception, arrow: object) -> DaoError:
    kinds: tuple[tuple[str, type[DaoError]], ...] = (
        ("ArrowNotImplementedError", UnsupportedError),
        ("ArrowMemoryError", StoreError),
        ("ArrowCapacityError", DataError),
        ("ArrowInvalid", DataError),
        ("ArrowTypeError", DataError),
        ("ArrowKeyError", DataError),
        ("ArrowIndexError", DataError),
    )
    for name, ours in kinds:
        if isinstance(error, getattr(arrow, name, ())):
            return ours(f"Arrow refused: {error}")
    return StoreError(f"Arrow failed: {error}")
