"""The Hypothesis profiles ``quick`` and ``thorough``, which set the effort of the conformance kit.

``pytest --hypothesis-profile=quick`` runs 50 examples of each generated test of the kit and fails 12 of the I/O
operations of each change; ``--hypothesis-profile=thorough`` runs 1,000 examples and fails every operation. Any other
profile sets the number of examples, with 12 operations. A project's own profiles of these names take precedence.
"""

from __future__ import annotations

import hypothesis
from hypothesis.errors import InvalidArgument

__all__ = ["EXAMPLES", "generated", "positions", "register"]

EXAMPLES = {"quick": 50, "thorough": 1000}
"""The number of examples per generated test, by the name of the profile."""

_POSITIONS = 12


def register() -> None:
    """Register the profiles with Hypothesis, except for names that are registered already."""
    for name, examples in EXAMPLES.items():
        try:
            hypothesis.settings.get_profile(name)
        except InvalidArgument:
            hypothesis.settings.register_profile(name, max_examples=examples, deadline=None)


def generated() -> hypothesis.settings:
    """The settings of generated tests of the kit: deterministic examples, as many as the current profile sets."""
    return hypothesis.settings(
        deadline=None, database=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
    )


def positions(count: int, most: int = _POSITIONS) -> list[int]:
    """Choose evenly spaced operations to fail, of ``count`` operations counted from 1; in ascending order.

    Args:
        count: the number of operations.
        most: the maximum number of positions; with the profile ``thorough`` all positions are returned.

    >>> positions(3)
    [1, 2, 3]
    """
    if count <= most or hypothesis.settings.get_current_profile_name() == "thorough":
        return list(range(1, count + 1))
    return sorted({1 + round(step * (count - 1) / (most - 1)) for step in range(most)})
