"""What an action would do: one call for most, a reading and a writing one for a copy between stores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao.core.execute import table_of
from dao.core.routing.explain import Explanation, Step, step_of
from dao.core.transfer import Transfer
from dao.data_object import DataObject

__all__ = ["explain"]


def explain(
    action: str, data_object: DataObject, arguments: Mapping[str, Any], *, native_async: bool = False
) -> Explanation:
    """The calls that an action would make, as data; see :meth:`dao.core.access.Access.explain`."""
    if action in ("copy", "move"):
        return _explain_transfer(action, data_object, arguments)
    return Explanation(action, (_step(action, data_object, arguments, native_async),))


def _step(action: str, data_object: DataObject, arguments: Mapping[str, Any], native_async: bool = False) -> Step:
    given = dict(arguments)
    dao_interface = given.pop("dao_interface", None) or given.pop("dao_interface_class", None)
    plan = table_of(data_object).plan(action, data_object, given, dao_interface, native_async)
    return step_of(plan, data_object, given)


def _explain_transfer(action: str, source: DataObject, arguments: Mapping[str, Any]) -> Explanation:
    given = dict(arguments)
    transfer = Transfer.of(action, source, given.pop("target"), given)
    steps = tuple(_step(name, data_object, call) for name, data_object, call in transfer.calls())
    return Explanation(action, steps, transfer.why)
