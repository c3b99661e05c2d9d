"""The interface of what is listed in Glue but can't be read: views, tables that are not on S3, unknown forms."""

from __future__ import annotations

from typing import Any, NoReturn

from attrs import frozen

from dao.data_object import DataObject
from dao.errors import UnsupportedError
from dao.interface import ACTIONS, register

__all__ = ["Unreadable"]


@frozen
class Unreadable:
    """Answers every action with the reason why there is nothing to be had.

    Attributes:
        reason: for objects that have none of their own in their property ``unreadable``.
    """

    reason: str

    @register(*ACTIONS)
    def refuse(
        self,
        data_object: DataObject,
        data: Any = None,
        target: DataObject | None = None,
        operation: str | None = None,
        **options: Any,
    ) -> NoReturn:
        """Raise an UnsupportedError that says why."""
        reason = data_object.get("unreadable") or self.reason
        raise UnsupportedError(f"{data_object.full_name!r} can't be used: {reason}")
