"""A profile of an object: for each column its type, nulls, distinct values, least, greatest, and how they spread.

>>> from dao import DataAccessObject
>>> from dao.profiles import profile
>>> dao = DataAccessObject({"tmp": {"interface": "memory", "objects": {"pets": {"type": "table"}}}})
>>> _ = dao.write([{"name": "Rex", "age": 3}, {"name": "Tom", "age": 9}, {"name": None, "age": 4}], "tmp.pets")
>>> print(profile(dao, "tmp.pets"))
tmp.pets: 3 rows, 2 columns
column  type    nulls  distinct  min  max  histogram
name    string      1         2  Rex  Tom
age     int64       0         3  3    9    ██    █

The rows are streamed, from any store, and what is held of them doesn't grow with their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.profiles._profile import profile
    from dao.profiles._records import ColumnProfile, Histogram, Profile

_HOMES = {
    "ColumnProfile": "dao.profiles._records",
    "Histogram": "dao.profiles._records",
    "Profile": "dao.profiles._records",
    "profile": "dao.profiles._profile",
}

__all__ = ["ColumnProfile", "Histogram", "Profile", "profile"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
