"""What an action would do: one call for most, a reading and a writing one for a copy between stores.

Each call is checked as the action itself checks it, so that what is explained works as far as its arguments go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from dao._core.attribution import about
from dao._core.execute import check_into, details_of, table_of
from dao._core.limits import reason_against_limit
from dao._core.routing.explain import Explanation, Step, step_of
from dao._core.transfer import Transfer
from dao.data_object import DataObject
from dao.errors import DaoError

__all__ = ["explain"]


def explain(
    action: str, data_object: DataObject, arguments: Mapping[str, Any], *, native_async: bool = False
) -> Explanation:
    """The calls that an action would make, as data; see :meth:`dao._core.access.Access.explain`."""
    if action in ("copy", "move"):
        return _explain_transfer(action, data_object, arguments, native_async)
    return Explanation(action, (_step(action, data_object, arguments, native_async),))


def _step(action: str, data_object: DataObject, arguments: Mapping[str, Any], native_async: bool) -> Step:
    given = dict(arguments)
    dao_interface = given.pop("dao_interface", None) or given.pop("dao_interface_class", None)
    try:
        table = table_of(data_object)
        checked = table.checked(action, given)
        plan = table.plan(action, data_object, checked, dao_interface, native_async)
        check_into(plan, checked)
        step = step_of(plan, data_object, checked, details_of(plan, data_object, checked))
        return evolve(step, ignores_limit=reason_against_limit(plan.route.interface))
    except DaoError as error:
        about(error, action, data_object)
        raise


def _explain_transfer(action: str, source: DataObject, arguments: Mapping[str, Any], native_async: bool) -> Explanation:
    given = dict(arguments)
    transfer = Transfer.of(action, source, given.pop("target"), given, native_async=native_async)
    steps = tuple(_step(name, data_object, call, native_async) for name, data_object, call in transfer.calls())
    return Explanation(action, steps, transfer.why, transfer.way, transfer.passed_over)
