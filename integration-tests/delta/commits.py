"""Plans of faults that concern the requests for commits alone."""

from __future__ import annotations

import re

from dao.testing import FaultPlan, Verdict

_COMMIT = re.compile(r"PUT .*_delta_log/\d{20}\.json\b")


class CommitFaults(FaultPlan):
    """Lets the commits of a table fail, counted from 1; all other requests pass and aren't counted."""

    def verdict(self, name: str) -> Verdict:
        """Count a commit, and say what is to become of it."""
        return super().verdict(name) if _COMMIT.match(name) else Verdict.PASS
