"""A histogram that is counted in one pass, whatever range the values turn out to have.

Bins are as wide as a power of 2 and begin at multiples of it, so two neighbours are one bin of the next width: when a
value lies outside of what the bins can hold, they are joined, and no count is lost.
"""

from __future__ import annotations

import sys
from collections import Counter
from math import floor, frexp, ldexp

import pyarrow as pa
import pyarrow.compute as pc

from dao.profiles._records import Histogram

__all__ = ["Bins"]

_MOST = 16
"""The most bins. Where the range isn't a single value there are more than half as many."""

_DIGITS = 52
"""A bin is at least as wide as doubles are apart there."""

_NARROWEST = -1022
"""The power of the narrowest bin of fractions; that of whole numbers is 0."""


class Bins:
    """The histogram of one column; of whole numbers no bin is narrower than 1."""

    def __init__(self, *, whole: bool) -> None:
        self._narrowest = 0 if whole else _NARROWEST
        self._power: int | None = None
        self._counts: Counter[int] = Counter()

    def add(self, values: pa.Array) -> None:
        """Take in finite doubles, none of them null."""
        if not len(values):
            return
        limits = pc.min_max(values)
        self._widen(limits["min"].as_py(), limits["max"].as_py())
        assert self._power is not None
        scaled = pc.divide(values, ldexp(1.0, self._power))
        # A small negative number may become -0.0 there, and belongs below 0.
        lost = pc.and_(pc.less(values, 0.0), pc.equal(scaled, 0.0))
        places = pc.if_else(lost, -1.0, pc.floor(scaled)).cast(pa.int64())
        for entry in places.value_counts().to_pylist():
            self._counts[entry["values"]] += entry["counts"]

    def histogram(self) -> Histogram | None:
        """The counts; None if there was no value."""
        if self._power is None:
            return None
        first, last = min(self._counts), max(self._counts)
        width = ldexp(1.0, self._power)
        counts = tuple(self._counts[place] for place in range(first, last + 1))
        return Histogram(max(first * width, -sys.float_info.max), width, counts)

    def _widen(self, least: float, greatest: float) -> None:
        """Have bins that hold these values beside those that are counted."""
        far = max(abs(least), abs(greatest))
        power = max(frexp(far)[1] - _DIGITS if far else _NARROWEST, self._narrowest)
        if self._power is None:
            self._power = power  # as narrow as can be: what comes first must not say how wide bins are
        self._join(max(power - self._power, 0))
        while self._span(least, greatest) > _MOST:
            self._join(1)

    def _span(self, least: float, greatest: float) -> int:
        assert self._power is not None
        places = [*self._counts, *(_place(value, self._power) for value in (least, greatest))]
        return max(places) - min(places) + 1

    def _join(self, steps: int) -> None:
        if not steps:
            return
        assert self._power is not None
        self._power += steps
        joined: Counter[int] = Counter()
        for place, count in self._counts.items():
            joined[place >> steps] += count
        self._counts = joined


def _place(value: float, power: int) -> int:
    scaled = value / ldexp(1.0, power)
    return -1 if value < 0 and not scaled else floor(scaled)
