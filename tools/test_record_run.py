"""The page about the last full run says what the reports say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from record_run import page_of, rows_of, rows_on

EVERY = {"name": "every", "signatures": ["every-3.13(dao-s3)"], "result": "success", "duration": 754.0}
WHEELS = {"name": "wheels", "signatures": [], "result": "success", "duration": 2.0}
BENCH = {"name": "bench", "signatures": ["bench"], "result": "failed", "duration": 3600.0}


def page(*sessions: dict[str, Any], day: int = 30, before: str = "") -> str:
    found = rows_of({"sessions": list(sessions)}, datetime(2026, 1, day, tzinfo=UTC), f"abc{day}")
    return page_of([*rows_on(before), *found], "2 cores")


def test_a_run_that_passed() -> None:
    found = page(WHEELS, EVERY)
    assert "on 2 cores: all passed." in found
    assert found.endswith("|---|\n| every-3.13(dao-s3) | success | 13 | 2026-01-30 | abc30 |\n")


def test_a_run_that_failed() -> None:
    found = page(EVERY, BENCH)
    assert "1 of 2 didn't pass." in found
    assert "| bench | failed | 60 | 2026-01-30 | abc30 |" in found


def test_a_later_run_of_some_sessions_leaves_the_others() -> None:
    found = page({**BENCH, "result": "success"}, day=31, before=page(EVERY, BENCH))
    assert "all passed." in found
    assert [str(row) for row in rows_on(found)] == [
        "| bench | success | 60 | 2026-01-31 | abc31 |",
        "| every-3.13(dao-s3) | success | 13 | 2026-01-30 | abc30 |",
    ]
