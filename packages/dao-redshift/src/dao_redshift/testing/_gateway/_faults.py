"""Faults on demand: which statement, and what goes wrong with it."""

from __future__ import annotations

import re
from enum import StrEnum
from threading import Lock

from attrs import define, field

from dao.testing import FaultPlan, Verdict
from dao_redshift.testing._statements import RedshiftError


class Fault(StrEnum):
    """What goes wrong with a statement.

    Attributes:
        LOST_BEFORE: the connection ends before PostgreSQL receives it.
        LOST_AFTER: it is done, committed if it is by itself or a COMMIT, and the connection ends before its client
            learns so.
        LOST_IN_RESULT: the connection ends in the middle of its rows; of a COPY or UNLOAD, in the middle of what is
            loaded or unloaded.
        FAILED: it isn't run, its client gets an error.
        DELAYED: it is run later.
    """

    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"
    LOST_IN_RESULT = "lost in the result"
    FAILED = "failed"
    DELAYED = "delayed"


@define(eq=False)
class FaultRule:
    """Which statements go wrong, and how.

    Attributes:
        pattern: a regular expression, found anywhere in the statements concerned; letter case doesn't count.
        fault: what goes wrong.
        at: which of them, counted from 1.
        onwards: whether all later ones do too.
        error: the error of one that FAILED.
        seconds: how long one is DELAYED.
        seen: the texts of the statements concerned so far.
    """

    pattern: str
    fault: Fault
    at: int = 1
    onwards: bool = False
    error: RedshiftError = field(factory=lambda: RedshiftError("injected fault", "XX000"))
    seconds: float = 0.0
    seen: list[str] = field(factory=list)
    _lock: Lock = field(factory=Lock, repr=False)

    @property
    def fired(self) -> bool:
        """Whether it has gone wrong by now."""
        return len(self.seen) >= self.at

    def judge(self, sql: str) -> FaultRule | None:
        """Count a statement; itself if it goes wrong."""
        if re.search(self.pattern, sql, re.IGNORECASE) is None:
            return None
        with self._lock:
            self.seen.append(sql)
            number = len(self.seen)
        return self if number == self.at or (self.onwards and number > self.at) else None


@define(eq=False)
class PlannedFaults:
    """A `dao.testing.FaultPlan` over all statements: the connection is lost before one, or after it."""

    plan: FaultPlan

    def judge(self, sql: str) -> FaultRule | None:
        """Count a statement; what goes wrong with it."""
        match self.plan.verdict(sql):
            case Verdict.PASS:
                return None
            case Verdict.LOSE:
                return FaultRule("", Fault.LOST_AFTER)
            case Verdict.FAIL:
                return FaultRule("", Fault.LOST_BEFORE)


Faults = list[FaultRule | PlannedFaults]


def fault_of(faults: Faults, sql: str) -> FaultRule | None:
    """What goes wrong with a statement: every rule counts it, the first that concerns it holds."""
    judged = [rule.judge(sql) for rule in tuple(faults)]
    return next((rule for rule in judged if rule is not None), None)
