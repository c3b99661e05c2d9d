"""An object store in memory whose requests go through a plan of faults, as those of a real store go through a proxy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import define, field

from dao.errors import ConflictError, TransientError
from dao.testing import FaultPlan, Verdict
from dao_files.manifest import MemoryTransport, ObjectSettings, Stat


@define(slots=False, eq=False)
class FakeTransport(MemoryTransport):
    """``ignored_conflicts`` is how many conditional writes are answered by 409 though nobody else writes."""

    plan: FaultPlan = field(factory=FaultPlan)
    ignored_conflicts: int = 0

    uri = "s3://fake/root"
    scheme = "s3"
    part_size = 1000

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

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        return f"https://fake/{key}?{method}&{expires.total_seconds():g}"
