"""What a call asks for that the chosen interface can't do: modes, operations, features' arguments, a memory limit.

Found once per plan; each call is then compared by value. Execution and `explain` both get it through
:meth:`~dao._core.routing.table.RouteTable.plan`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from attrs import field, frozen

from dao._arguments import CONTRACT, MODES
from dao.capabilities import NOTHING_PROMISED, Capabilities, declared_capabilities
from dao.data_object import DataObject, TableObject
from dao.errors import UnsupportedError

__all__ = ["Absent", "absent_of"]

Reasons = Mapping[str, str] | str
"""Why an argument is refused: the reasons of single values, or the one of every value."""

_FEATURES = {
    "partition_by": "partitions",
    "version": "time_travel",
    "as_of": "time_travel",
    "branch": "branches",
    "tag": "tags",
    "idempotency_key": "idempotency",
    "delete_when": "upsert_deletes",
    "position": "positions",
}


@frozen
class Absent:
    """What the interface of a plan can't do of what the plan's calls may ask for.

    Attributes:
        arguments: the reasons by argument; empty for most plans.
        memory_limit: why the interface can't hold to a memory limit; empty if it can.
    """

    arguments: Mapping[str, Reasons] = field(factory=dict)
    memory_limit: str = ""

    def refuse(
        self,
        interface: str,
        fillable: Collection[str],
        data_object: DataObject,
        arguments: Mapping[str, Any],
        limited: bool,
    ) -> None:
        """Refuse a call that asks for what is absent.

        Args:
            interface: the interface's name, for the message.
            fillable: the arguments that the object's properties fill in.
            data_object: the object.
            arguments: what the caller gave.
            limited: the caller gave a memory limit.

        Raises:
            UnsupportedError: an argument, the property in its place or the limit is absent; with the declared reason.
        """
        if limited and self.memory_limit:
            raise UnsupportedError(f"memory_limit: {interface} can't hold to one: {self.memory_limit}")
        for name, reasons in self.arguments.items():
            value = arguments.get(name)
            if value is None and name in fillable:
                value = data_object.get(name)
            reason = reasons if isinstance(reasons, str) else reasons.get(value) if isinstance(value, str) else None
            if value is not None and reason is not None:
                instead = ""
                if name == "mode" and not isinstance(reasons, str):
                    instead = f"; it has {', '.join(repr(mode) for mode in MODES if mode not in reasons)}"
                raise UnsupportedError(f"{name}={value!r}: {interface} declares this absent: {reason}{instead}")


def absent_of(action: str, interface: type, kind: type[DataObject], names: Collection[str]) -> Absent:
    """What an interface's class declares absent of what calls of an action may ask for.

    Args:
        action: the action; only the arguments that it has by contract are a mode or a feature.
        interface: the class; one that declares no capabilities is called with every argument, since its methods say
            what they take, but with no memory limit, which no method takes.
        kind: the object's class. What a table lacks a file may have, see :attr:`Capabilities.files_have`.
        names: the arguments that are given, and those that the object's properties may fill in.
    """
    declared = declared_capabilities(interface)
    if declared is None:
        return Absent(memory_limit=NOTHING_PROMISED)
    lacking = declared if issubclass(kind, TableObject) else declared.of_files()
    found = {name: reasons for name in names if (reasons := _reasons(lacking, action, name))}
    return Absent(found, lacking.lacks_features.get("memory_limit", ""))


def _reasons(lacking: Capabilities, action: str, name: str) -> Reasons | None:
    features = lacking.lacks_features
    if name == "operation" and action == "run":
        return lacking.lacks_operations
    if name not in CONTRACT.get(action, ()):
        return None
    if name == "mode":
        return lacking.lacks_modes if action in ("write", "write_stream") else None
    if name == "schema_mode":
        return {"evolve": features["schema_evolution"]} if "schema_evolution" in features else None
    return features.get(_FEATURES.get(name, ""))
