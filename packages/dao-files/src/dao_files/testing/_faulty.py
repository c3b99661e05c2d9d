"""A store in memory whose requests go through a plan of faults, as those of a real store go through a proxy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from dao.errors import ConflictError, TransientError
from dao.testing import FaultPlan, Verdict
from dao_files.manifest import MemoryTransport, ObjectSettings, Stat

__all__ = ["FaultyTransport"]


@define(slots=False, eq=False)
class FaultyTransport(MemoryTransport):
    """A :class:`~dao_files.manifest.MemoryTransport` that fails as it is asked to.

    Attributes:
        plan: the verdict on each request: done, refused before it is done, or done with its answer lost.
        ignored_conflicts: so many conditional writes are answered by a ConflictError though no other writer is there.

    >>> transport = FaultyTransport(plan=FaultPlan(at=1))
    >>> transport.put("key", b"content")
    Traceback (most recent call last):
    ...
    dao.errors.TransientError: put key failed
    >>> transport.put("key", b"content").size
    7
    """

    plan: FaultPlan = field(factory=FaultPlan)
    ignored_conflicts: int = 0

    def _send(self, name: str, request: Callable[[], Any]) -> Any:
        verdict = self.plan.verdict(name)
        if verdict is Verdict.FAIL:
            raise TransientError(f"{name} failed")
        answer = super()._send(name, request)
        if verdict is Verdict.LOSE:
            raise TransientError(f"the answer to {name} was lost")
        return answer

    def _put(
        self, key: str, content: bytes, if_absent: bool, if_match: str | None, settings: ObjectSettings | None
    ) -> Stat:
        if self.ignored_conflicts and (if_absent or if_match):
            self.ignored_conflicts -= 1
            raise ConflictError("409: two requests at the same moment")
        return super()._put(key, content, if_absent, if_match, settings)
