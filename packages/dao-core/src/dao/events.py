"""What hooks see of a call: the request, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import field, frozen

from dao.data_object import DataObject
from dao.display import Displayed, moment

__all__ = ["Outcome", "Request"]

_CHANGING = ("write", "write_stream", "upsert", "delete", "move", "run")
"""The actions that may change their object; what an operation of ``run`` does only its interface knows."""

_FILLING = ("copy", "move", "unload")
"""The actions that change their target."""


@frozen(eq=False)
class Request(Displayed):
    """One action on one object. The hooks of one action meet the same instance before and after it.

    Its views have the names of the arguments, whose values may be large or secret.

    A copy or move that isn't one call of an interface is one request with the action ``copy`` or ``move``; the reads,
    writes, unloads and deletions that it comes to are requests of their own, with it as ``parent`` and with its ``id``.
    So is a ``read_increment``; it and an incremental copy have a ``read_position`` of the target among their parts.

    Attributes:
        action: the action's name.
        data_object: the object it is about; for ``copy`` and ``move`` the source.
        arguments: what the caller gave, by name, with ``data``, ``target`` and ``operation`` among them.
        parent: the request that this one is a part of.
        route: the method that serves it, ``Class.method``; None where it is the sum of its parts.
        interface: the name of the interface that serves it; None where it is the sum of its parts.
        id: a name for the call of the user that this belongs to; no two calls have the same.
        start: when it began, in UTC.
    """

    action: str
    data_object: DataObject
    arguments: Mapping[str, Any] = field(repr=lambda given: f"<{', '.join(given)}>")
    parent: Request | None = None
    route: str | None = None
    interface: str | None = None
    id: str = field(kw_only=True)
    start: datetime = field(factory=lambda: datetime.now(UTC), kw_only=True)

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

    @property
    def writes(self) -> tuple[DataObject, ...]:
        """The objects that the action may change: of a copy the target, of a move the source too, of a read none.

        ``run`` may change its object, since only its interface knows what an operation does.
        """
        own = (self.data_object,) if self.action in _CHANGING else ()
        return (*own, self.target) if self.action in _FILLING and self.target is not None else own

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [
            ("action", self.action),
            ("object", self.data_object.full_name),
            ("target", self.target and self.target.full_name),
            ("arguments", ", ".join(self.arguments) or None),
            ("interface", self.interface),
            ("route", self.route),
            ("part of", self.parent and f"{self.parent.action} {self.parent.data_object.full_name}"),
            ("id", self.id),
            ("start", moment(self.start)),
        ]


@frozen
class Outcome(Displayed):
    """What an action moved, and how long it took. What isn't known is ``None``, never a guess.

    Attributes:
        seconds: from its start to its end, without the time that hooks took; for a stream to the end of the stream.
        rows: rows that were read; or inserted, updated and deleted together.
        bytes: bytes that were written to the store; for what was read, as it is held in memory.
        files: files that were written to the store.
        is_stream: the action gave a lazy stream: ``dao_after_stream`` has the rows and bytes when they are known.
    """

    seconds: float
    rows: int | None = None
    bytes: int | None = None
    files: int | None = None
    is_stream: bool = False
