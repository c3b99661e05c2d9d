"""A pytest plugin that keeps the ids of tests short: `pytest -p short_ids`.

A parameter that is a long text or long bytes becomes part of the test's id, whole. With one of 10 MB, the log, each
report, each worker's list of tests and the environment of the test have 10 MB more.
"""

from __future__ import annotations

__all__ = ["pytest_make_parametrize_id"]

LONGEST = 100
_SHOWN = 40


def pytest_make_parametrize_id(val: object) -> str | None:
    """The beginning and the length of a long text; pytest numbers ids that are the same."""
    if not isinstance(val, (str, bytes)) or len(val) <= LONGEST:
        return None
    begin = ascii(val[:_SHOWN])
    return f"{begin}... of {len(val):,}"
