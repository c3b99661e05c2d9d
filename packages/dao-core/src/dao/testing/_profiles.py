"""How much is tried: the Hypothesis profiles ``quick`` and ``thorough``, which pytest's option chooses.

``pytest --hypothesis-profile=quick`` tries 50 examples of each generated test of the conformance kit and lets 12 of the
I/O operations of a change fail; ``--hypothesis-profile=thorough`` tries 1,000 examples and lets every operation fail.
With another profile, or none, it is that profile's number of examples and 12 operations. A project that has profiles
of these names keeps its own.
"""

from __future__ import annotations

import hypothesis
from hypothesis.errors import InvalidArgument

__all__ = ["EXAMPLES", "generated", "positions", "register"]

EXAMPLES = {"quick": 50, "thorough": 1000}
"""The names of the profiles, and how many examples of a generated test each one tries."""

_POSITIONS = 12


def register() -> None:
    """Make the profiles known to Hypothesis, but for those that it knows already."""
    for name, examples in EXAMPLES.items():
        try:
            hypothesis.settings.get_profile(name)
        except InvalidArgument:
            hypothesis.settings.register_profile(name, max_examples=examples, deadline=None)


def generated() -> hypothesis.settings:
    """Settings of a generated test of the kit: the same examples each time, as many as the current profile says."""
    return hypothesis.settings(
        deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
    )


def positions(count: int, most: int = _POSITIONS) -> list[int]:
    """Which of ``count`` operations, counted from 1, are to fail one after the other.

    Args:
        count: how many operations there are.
        most: the largest number of positions; the profile ``thorough`` takes all of them.

    >>> positions(3)
    [1, 2, 3]
    """
    if count <= most or hypothesis.settings.get_current_profile_name() == "thorough":
        return list(range(1, count + 1))
    return sorted({1 + round(step * (count - 1) / (most - 1)) for step in range(most)})
