"""Tests whose docstrings are rules: the message of a failure has the rule, and where it is documented."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["with_rule"]


def with_rule(test: Callable[..., Any], suite: str, written: str) -> Callable[..., Any]:
    """Wrap a test so that a failure's message has the rule that it tests.

    Args:
        test: a test of a kit; its docstring is the rule.
        suite: the name of its class.
        written: where the rule is documented: a public name, or a page and its section.

    Returns:
        The wrapped test, which raises the same errors, with the rule as a note.

    Raises:
        TypeError: the test has no docstring, or ``written`` is empty.
    """
    rule = inspect.cleandoc(test.__doc__ or "")
    if not rule or not written:
        raise TypeError(f"{suite}.{test.__name__} states no rule, or not where it is written")

    @functools.wraps(test)
    def run(*args: Any, **named: Any) -> None:
        try:
            test(*args, **named)
        except (Exception, pytest.fail.Exception) as error:
            error.add_note(f"\nThe rule ({suite}): {rule}\nWritten in: {written}")
            raise

    return run
