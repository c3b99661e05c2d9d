"""Copies that need no client: an object is offered to an interface of another object's store.

A warehouse loads files of a store that it can reach, and unloads rows to it, without a row passing through this
process. Its interface says so by annotations: ``write(self, data: S3TableObject, data_object)`` loads,
``unload(self, data_object, target: S3TableObject)`` unloads. A type may be named by text, ``"dao_s3.S3TableObject"``,
so that the other backend need not be installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dao._core.prepare import details_of, table_of
from dao.data_object import DataObject
from dao.errors import NoRouteError, UnsupportedError

__all__ = ["Answer", "answer_to"]


@frozen
class Answer:
    """What an object's store says to an offer.

    Attributes:
        accepted: a route takes it.
        reason: why none does, where a route asks for objects of this type; empty where none asks.
    """

    accepted: bool
    reason: str = ""


def answer_to(
    action: str, data_object: DataObject, role: str, arguments: Mapping[str, Any], *, native_async: bool = False
) -> Answer:
    """Whether an interface of an object's store takes another object, decided without touching a store.

    An interface whose route fits can still decline: its ``plan_call`` raises an UnsupportedError.

    Args:
        action: ``write`` or ``unload``.
        data_object: the object that the action is about.
        role: what the other object is in the call: ``data`` or ``target``.
        arguments: the call's arguments, the other object among them.
        native_async: coroutine methods can be called.

    Raises:
        DaoError: the arguments can't be meant, or two routes fit equally well.
    """
    table = table_of(data_object)
    if not table.asks_for_object(action, role, type(arguments[role])):
        return Answer(False)
    try:
        given = table.checked(action, arguments)
        plan = table.plan(action, data_object, given, native_async=native_async)
        details_of(plan, data_object, given)
    except (NoRouteError, UnsupportedError) as error:
        return Answer(False, error.message)
    return Answer(True)
