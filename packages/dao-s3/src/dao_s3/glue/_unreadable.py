"""The interface of tables that Glue lists but DAO can't read: views, tables outside S3, unknown formats."""

from __future__ import annotations

from typing import Any, NoReturn

from attrs import frozen

from dao.data_object import DataObject
from dao.errors import UnsupportedError
from dao.interface import ACTIONS, register

__all__ = ["Unreadable"]


@frozen
class Unreadable:
    """Raises the reason why the object can't be read, for every action.

    Attributes:
        reason: the default for objects without the property ``unreadable``.
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
