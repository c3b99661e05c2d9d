"""What an action would do: one call for most, a reading and a writing one for a copy between stores.

Each call is checked as the action itself checks it, so that what is explained works as far as its arguments go.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dao._core.attribution import about
from dao._core.increments import planned
from dao._core.prepare import check_into, details_of, table_of
from dao._core.routing.explain import Explanation, Step, step_of
from dao.data_object import DataObject
from dao.errors import DaoError

__all__ = ["explain"]


def explain(
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    *,
    native_async: bool = False,
    limited: bool = False,
) -> Explanation:
    """The calls that an action would make, as data; see :meth:`dao._core.access.Access.explain`."""
    step = partial(_step, native_async=native_async, limited=limited)
    if action not in ("copy", "move"):
        return Explanation(action, (step(action, data_object, arguments),))
    given = dict(arguments)
    transfer = planned(action, data_object, given.pop("target"), given, native_async=native_async)
    return Explanation(
        action, tuple(step(*call) for call in transfer.calls()), transfer.why, transfer.way, transfer.passed_over
    )


def _step(
    action: str, data_object: DataObject, arguments: Mapping[str, Any], *, native_async: bool, limited: bool
) -> Step:
    given = dict(arguments)
    dao_interface = given.pop("dao_interface", None) or given.pop("dao_interface_class", None)
    try:
        table = table_of(data_object)
        checked = table.checked(action, given)
        plan = table.plan(action, data_object, checked, dao_interface, native_async, limited)
        check_into(plan, checked)
        return step_of(plan, data_object, checked, details_of(plan, data_object, checked))
    except DaoError as error:
        about(error, action, data_object)
        raise
