"""A transport in memory that injects faults into its requests by a plan."""

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
    """A :class:`~dao_files.manifest.MemoryTransport` with injected faults.

    Attributes:
        plan: the :class:`dao.testing.FaultPlan` that decides each request: executed, failed without being executed, or
            executed with a lost answer. A failed request and a lost answer raise TransientError.
        ignored_conflicts: the number of next conditional writes that raise ConflictError without another writer.

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
