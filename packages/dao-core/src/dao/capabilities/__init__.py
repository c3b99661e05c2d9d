"""What an interface can't do, as data on its class: read by users, `explain`, `dao doctor`, the docs and the kit.

>>> from dao.capabilities import Capabilities, capabilities_of
>>> class Shelf:
...     capabilities = Capabilities(lacks_actions={"history": "a shelf keeps what is there now"})
...     def read(self, data_object): ...
>>> print(capabilities_of(Shelf).absence("history"))
action history: a shelf keeps what is there now

``dao.capabilities("silver.flights")`` gives those of an object's store, :func:`capabilities_of` those of one class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.capabilities._declaration import Absence, Capabilities
    from dao.capabilities._found import NOTHING_PROMISED, capabilities_of, combined, declared_capabilities
    from dao.capabilities._names import ACTIONS_CHECKED, DELETING, FEATURES, MODES, OPERATIONS, RELAXATIONS, TYPES

_HOMES = {
    "ACTIONS_CHECKED": "dao.capabilities._names",
    "Absence": "dao.capabilities._declaration",
    "Capabilities": "dao.capabilities._declaration",
    "DELETING": "dao.capabilities._names",
    "FEATURES": "dao.capabilities._names",
    "MODES": "dao.capabilities._names",
    "NOTHING_PROMISED": "dao.capabilities._found",
    "OPERATIONS": "dao.capabilities._names",
    "RELAXATIONS": "dao.capabilities._names",
    "TYPES": "dao.capabilities._names",
    "capabilities_of": "dao.capabilities._found",
    "combined": "dao.capabilities._found",
    "declared_capabilities": "dao.capabilities._found",
}

__all__ = [
    "ACTIONS_CHECKED",
    "DELETING",
    "FEATURES",
    "MODES",
    "NOTHING_PROMISED",
    "OPERATIONS",
    "RELAXATIONS",
    "TYPES",
    "Absence",
    "Capabilities",
    "capabilities_of",
    "combined",
    "declared_capabilities",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
