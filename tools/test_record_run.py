"""The page about the last full run says what its report says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import record_run

PASSED = {"name": "every", "signatures": ["every-3.13(dao-s3)"], "result": "success", "duration": 754.0}
FAILED = {"name": "bench", "signatures": ["bench"], "result": "failed", "duration": 3600.0}


def page(*sessions: dict[str, Any]) -> str:
    return record_run.page({"sessions": list(sessions)}, datetime(2026, 1, 31, tzinfo=UTC), "abc1234", "2 cores")


def test_a_run_that_passed() -> None:
    found = page(PASSED)
    assert "on 2026-01-31, at commit abc1234, on 2 cores: passed." in found
    assert found.endswith("| every-3.13(dao-s3) | success | 13 |\n")


def test_a_run_that_failed() -> None:
    found = page(PASSED, FAILED)
    assert "1 of 2 sessions didn't pass." in found
    assert "| bench | failed | 60 |" in found
