"""What an interface's class can't do, and what the interfaces of one store can't do together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from dao.capabilities._declaration import KINDS, Capabilities
from dao.capabilities._names import ACTIONS_CHECKED, FEATURES, MODES, OPERATIONS
from dao.errors import ConfigError
from dao.interface import may_take, served_operations, serves

__all__ = ["NOTHING_PROMISED", "capabilities_of", "combined", "declared_capabilities"]

_MADE_OF = {"copy": ("read", "write"), "move": ("read", "write", "delete")}
"""The actions that DAO makes of others where an interface has no method of its own."""

_BY_ARGUMENT = {
    "partitions": "partition_by",
    "schema_evolution": "schema_mode",
    "time_travel": "version",
    "branches": "branch",
    "tags": "tag",
    "idempotency": "idempotency_key",
    "upsert_deletes": "delete_when",
    "positions": "position",
}
"""The features that need an argument."""

NOTHING_PROMISED = "the interface declares no capabilities"
"""Why a class without the attribute ``capabilities`` lacks every mode, operation and feature."""

_UNDECLARED = Capabilities(
    lacks_modes=dict.fromkeys(MODES, NOTHING_PROMISED),
    lacks_operations=dict.fromkeys(OPERATIONS, NOTHING_PROMISED),
    lacks_features=dict.fromkeys(FEATURES, NOTHING_PROMISED),
)


def declared_capabilities(interface: type) -> Capabilities | None:
    """What a class declares in its attribute ``capabilities``; None if it has no such attribute.

    Raises:
        ConfigError: the attribute is something else.
    """
    found = getattr(interface, "capabilities", _UNDECLARED)
    if not isinstance(found, Capabilities):
        raise ConfigError(
            f"{interface.__qualname__}.capabilities: found {type(found).__name__}, expected an attribute of the class "
            "that is a dao.Capabilities(...); without the attribute it promises nothing beside its methods"
        )
    return None if found is _UNDECLARED else found


def capabilities_of(interface: type) -> Capabilities:
    """What an interface can't do: what its class declares, and what it has no method or no argument for.

    A class that declares nothing promises nothing beside the actions that it has methods for: no mode, operation or
    feature.

    Raises:
        ConfigError: its attribute ``capabilities`` isn't a :class:`Capabilities`.

    >>> class Numbers:
    ...     def read(self, data_object): ...
    >>> capabilities_of(Numbers).absence("upsert")
    Absence(kind='action', name='upsert', reason='the interface has no method for it', files_have=False)
    """
    known = declared_capabilities(interface) or _UNDECLARED
    no_method, served = "the interface has no method for it", served_operations(interface)
    missing = [operation for operation in OPERATIONS if operation not in served]
    actions = dict.fromkeys((action for action in ACTIONS_CHECKED if not _does(interface, action)), no_method)
    features = {
        feature: f"no method of the interface takes {argument}="
        for feature, argument in _BY_ARGUMENT.items()
        if not may_take(interface, argument)
    }
    return evolve(
        known,
        lacks_actions={**actions, **known.lacks_actions},
        lacks_operations={**dict.fromkeys(missing, no_method), **known.lacks_operations},
        lacks_features={**features, **known.lacks_features},
    )


def _does(interface: type, action: str) -> bool:
    return serves(interface, action) or all(serves(interface, part) for part in _MADE_OF.get(action, (action,)))


def combined(several: Sequence[Capabilities]) -> Capabilities:
    """What the interfaces of one store do together: only what all of them lack is absent, for the first one's reason.

    Raises:
        ConfigError: ``several`` is empty.
    """
    if not several:
        raise ConfigError("no interface, so no capabilities")
    first, *others = several
    lacking: dict[str, Any] = {
        attribute: {
            name: reason
            for name, reason in getattr(first, attribute).items()
            if all(name in getattr(other, attribute) for other in others)
        }
        for attribute in KINDS
    }
    absent = {*lacking["lacks_operations"], *lacking["lacks_features"]}
    files_have = dict.fromkeys(name for one in several for name in one.files_have if name in absent)
    formats = dict.fromkeys(name for one in several for name in one.formats)
    return Capabilities(**lacking, files_have=tuple(files_have), formats=tuple(formats))
