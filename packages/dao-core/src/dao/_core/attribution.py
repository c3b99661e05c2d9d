"""Attributes errors to calls, and translates errors that aren't DAO's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dao._core.routing.table import Plan
from dao.data_object import DataObject
from dao.errors import (
    AlreadyExistsError,
    DaoError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
)

__all__ = ["about", "to_dao_error"]


def about(error: DaoError, action: str, data_object: DataObject, interface: str | None = None) -> DaoError:
    """Fill in the call that an error is about, unless set already; returns the error."""
    store = data_object.data_store
    return error.about(action, data_object.full_name, store.name if store is not None else None, interface)


_BY_OS_ERROR: tuple[tuple[type[OSError], type[StoreError]], ...] = (
    (FileNotFoundError, NotFoundError),
    (FileExistsError, AlreadyExistsError),
    (PermissionError, PermissionDeniedError),
    (ConnectionError, TransientError),
    (TimeoutError, TransientError),
    (OSError, StoreError),
)


def to_dao_error(error: Exception, plan: Plan, method: Callable[..., Any] | None, data_object: DataObject) -> Exception:
    """The error to raise for one that a method raised.

    The interface's own ``translate_error`` comes first, then the operating system's errors are translated. Any other
    error is a bug: it is raised unchanged, with a note.
    """
    found = _in_our_words(error, getattr(method, "__self__", None))
    action, name = plan.route.action, plan.choice.offer.name
    if found is None:
        error.add_note(f"in {action} {data_object.full_name!r} by {name} ({plan.route.place})")
        return error
    return about(found, action, data_object, name)


def _in_our_words(error: Exception, interface: Any) -> DaoError | None:
    if isinstance(error, DaoError):
        return error
    translate = getattr(interface, "translate_error", None)
    found = translate(error) if translate is not None else None
    if isinstance(found, DaoError):
        return found
    for kind, ours in _BY_OS_ERROR:
        if isinstance(error, kind):
            return ours(str(error))
    return None
