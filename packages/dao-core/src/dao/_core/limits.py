"""Whether what serves a call can hold to a memory limit: a limit that would be ignored is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from dao.errors import NoRouteError, UnsupportedError

if TYPE_CHECKING:
    from dao._core.routing.table import Plan
    from dao._core.transfer import Transfer
    from dao.data_object import DataObject

__all__ = ["ignored_limit", "plans_of", "reason_against_limit", "refuse_ignored_limit"]


def reason_against_limit(interface: type) -> str:
    """Why an interface can't hold to a memory limit, as it declares it; empty if it can."""
    from dao.capabilities import capabilities_of

    absence = capabilities_of(interface).absence("memory_limit")
    return "" if absence is None else absence.reason


def refuse_ignored_limit(action: str, data_object: DataObject, plans: Iterable[Plan]) -> None:
    """Check that every interface that a call goes to can hold to its ``memory_limit=``.

    Raises:
        UnsupportedError: one declares that it can't.
    """
    for plan in plans:
        if reason := reason_against_limit(plan.route.interface):
            raise ignored_limit(action, data_object, plan.choice.offer.name, reason)


def ignored_limit(action: str, data_object: DataObject, interface: str, reason: str) -> UnsupportedError:
    """The error where an interface can't hold to a call's memory limit."""
    return UnsupportedError(f"memory_limit: {interface} can't hold to one: {reason}").about(
        action, data_object.full_name
    )


def plans_of(transfer: Transfer) -> Iterator[Plan]:
    """The plans of a transfer's calls, but for those whose route depends on what is read."""
    from dao._core.execute import table_of

    for action, data_object, arguments in transfer.calls():
        with suppress(NoRouteError, UnsupportedError):
            yield table_of(data_object).plan(action, data_object, arguments, native_async=transfer.native_async)
