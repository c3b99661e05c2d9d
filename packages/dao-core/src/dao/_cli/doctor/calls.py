"""Checks which objects have properties that calls would refuse, without touching the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dao._cli.doctor.finding import Finding
from dao.data_object import DataObject, FileObject
from dao.data_store import DataStore
from dao.errors import DaoError, DataError, UnsupportedError

if TYPE_CHECKING:
    from dao._core.dao import DataAccessObject

__all__ = ["refused_calls"]

_ACTIONS = ("read", "exists")
"""What needs nothing but an object, so that only the properties which stand in for arguments can be wrong."""

_ACTIONS_ON_ROWS = ("count", "schema")
"""The same of objects that have rows: a file may be of bytes, of which these know no format."""


def refused_calls(access: DataAccessObject, store: DataStore) -> Iterator[Finding]:
    """A finding for each object of a store that has a property which calls refuse."""
    for identifier in store.objects:
        place = store.objects[identifier]
        if place.properties or store.properties:
            found = dict(_refusals(access, place))
            if found:
                advice = "correct the object's properties in the catalog"
                yield Finding("stores", store.name, "error", "\n".join(found.values()), advice)


def _refusals(access: DataAccessObject, place: DataObject) -> Iterator[tuple[str, str]]:
    """What calls refuse: the fault alone, and as the first such call reports it."""
    actions = _ACTIONS if isinstance(place, FileObject) else _ACTIONS + _ACTIONS_ON_ROWS
    for action in reversed(actions):  # of equal faults the last one stays in a mapping
        try:
            access.explain(action, data_object=place)
        except (DataError, UnsupportedError) as error:
            yield error.message, str(error)
        except DaoError:  # no route for the action: what a store can't do is no fault of its catalog
            continue
