"""A pytest plugin that keeps garbage collections short: `pytest -p frozen_start`.

What is there once the tests are collected (modules, tests, their parameters) stays until the end of the run. Looking
through it again and again for garbage took up to a tenth of a run's CPU time. Garbage that tests make is found as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

__all__ = ["pytest_collection"]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector look only at objects that are made after the tests are collected."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
