"""One call, as hooks and the executor see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from dao.data_object import DataObject

__all__ = ["Request"]


@frozen(eq=False)
class Request:
    """One action on one object. The hooks of one action meet the same instance before and after it.

    A copy or move that isn't one call of an interface is one request with the action ``copy`` or ``move``; the reads,
    writes, unloads and deletions that it comes to are requests of their own, with it as ``parent`` and with its ``id``.
    So is a ``read_increment``; it and an incremental copy have a ``read_position`` of the target among their parts.

    Attributes:
        action: the action's name.
        data_object: the object it is about; for ``copy`` and ``move`` the source.
        arguments: what the caller gave, by name, with ``data``, ``target`` and ``operation`` among them.
        parent: the request that this one is a part of.
        id: a name for the call of the user that this belongs to; no two calls have the same.
    """

    action: str
    data_object: DataObject
    arguments: Mapping[str, Any]
    parent: Request | None = None
    id: str = field()

    @id.default
    def _new_id(self) -> str:
        if self.parent is not None:
            return self.parent.id
        from uuid import uuid4

        return uuid4().hex

    @property
    def target(self) -> DataObject | None:
        """Where a copy, move or unload goes to; None for other actions."""
        found = self.arguments.get("target")
        return found if isinstance(found, DataObject) else None
