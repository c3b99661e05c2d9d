"""Arguments that the chosen interface declares absent: decided once per plan, compared by value in each call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dao._arguments import CONTRACT, MODES
from dao.capabilities import Capabilities, declared_capabilities
from dao.data_object import DataObject, TableObject
from dao.errors import UnsupportedError

__all__ = ["Absent", "absent_arguments", "refuse_absent"]

Absent = Mapping[str, Mapping[str, str] | str]
"""By argument, the reasons why it is refused: those of single values, or the one of every value."""

_FEATURES = {
    "partition_by": "partitions",
    "version": "time_travel",
    "as_of": "time_travel",
    "branch": "branches",
    "tag": "tags",
    "idempotency_key": "idempotency",
}


def absent_arguments(action: str, interface: type, kind: type[DataObject], names: Collection[str]) -> Absent:
    """What an interface's class declares absent of the arguments that calls of an action may have.

    Args:
        action: the action; only the arguments that it has by contract are a mode or a feature.
        interface: the class; one that declares no capabilities refuses nothing here.
        kind: the object's class. Features and operations are those of tables: a store of files may keep and restore
            versions of single files.
        names: the arguments that are given, and those that the object's properties may fill in.
    """
    declared = declared_capabilities(interface)
    if declared is None:
        return {}
    found: dict[str, Mapping[str, str] | str] = {}
    for name in names:
        if reasons := _reasons(declared, action, kind, name):
            found[name] = reasons
    return found


def _reasons(declared: Capabilities, action: str, kind: type[DataObject], name: str) -> Mapping[str, str] | str | None:
    features, is_table = declared.lacks_features, issubclass(kind, TableObject)
    if name == "operation" and action == "run":
        return declared.lacks_operations if is_table else None
    if name not in CONTRACT.get(action, ()):
        return None
    if name == "mode":
        return declared.lacks_modes if action in ("write", "write_stream") else None
    if not is_table:
        return None
    if name == "schema_mode":
        return {"evolve": features["schema_evolution"]} if "schema_evolution" in features else None
    return features.get(_FEATURES.get(name, ""))


def refuse_absent(
    absent: Absent, interface: str, fillable: Collection[str], data_object: DataObject, arguments: Mapping[str, Any]
) -> None:
    """Refuse a call that asks for what its interface declares absent.

    Args:
        absent: from :func:`absent_arguments`.
        interface: the interface's name, for the message.
        fillable: the arguments that the object's properties fill in.
        data_object: the object.
        arguments: what the caller gave.

    Raises:
        UnsupportedError: an argument, or the property in its place, is declared absent; with the declared reason.
    """
    for name, reasons in absent.items():
        value = arguments.get(name)
        if value is None and name in fillable:
            value = data_object.get(name)
        reason = reasons if isinstance(reasons, str) else reasons.get(value) if isinstance(value, str) else None
        if value is not None and reason is not None:
            instead = ""
            if name == "mode" and not isinstance(reasons, str):
                instead = f"; it has {', '.join(repr(mode) for mode in MODES if mode not in reasons)}"
            raise UnsupportedError(f"{name}={value!r}: {interface} declares this absent: {reason}{instead}")
