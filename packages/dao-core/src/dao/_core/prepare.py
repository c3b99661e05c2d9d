"""A call before it is made: its routes, its arguments as the method takes them, what can be checked without the store.

Used to execute a call, and to explain it or choose a copy's way without executing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from attrs import evolve, frozen

from dao._arguments import check_one_version
from dao._core.attribution import to_dao_error
from dao._core.routing.table import Plan, RouteTable, route_table
from dao.data_object import DataObject
from dao.errors import DataError, NoRouteError
from dao.results import Listing, WriteResult

__all__ = ["Prepared", "call_arguments", "check_into", "details_of", "finished", "table_of"]


def table_of(data_object: DataObject) -> RouteTable:
    """The routes of the interfaces of an object's store.

    Raises:
        DataError: the object isn't placed in a store.
        PluginError: an interface's plugin is missing or broken.
    """
    store = data_object.data_store
    if store is None:
        raise DataError(
            f"object {data_object.identifier!r} is in no store: DataObject({data_object.identifier!r}, store)"
        )
    if store.routes is None:
        store.routes = route_table(store.classes)
    return cast("RouteTable", store.routes)


@frozen
class Prepared:
    """A prepared call.

    Attributes:
        plan: how it was routed.
        method: the interface's bound method.
        positional: what goes to it by position.
        named: what goes to it by name, the object's properties among it.
        arguments: what the caller gave, checked.
    """

    plan: Plan
    method: Callable[..., Any]
    positional: tuple[Any, ...]
    named: Mapping[str, Any]
    arguments: Mapping[str, Any]

    def call(self) -> Any:
        """Call the method."""
        return self.method(*self.positional, **self.named)


def call_arguments(
    plan: Plan, data_object: DataObject, arguments: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    given = _filled(plan, data_object, arguments)
    if plan.plain:
        return (data_object,), given
    for name in plan.dropped:
        del given[name]
    if plan.takes_object:
        given["data_object"] = data_object
    positional = tuple([given.pop(role) for role in plan.by_position if role in given])
    for role, name in plan.renamed.items():
        if role in given:
            given[name] = given.pop(role)
    return positional, given


def _filled(plan: Plan, data_object: DataObject, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Enrichment: the object's properties, then its store's, stand in for what the caller left out."""
    fillable = plan.fillable
    if not fillable:
        return dict(arguments)
    common = data_object.data_store.properties  # type: ignore[union-attr]  # a planned object is in a store
    given = {name: value for name, value in common.items() if name in fillable} if common else {}
    for name, value in data_object.properties.items():
        if name in fillable:
            given[name] = value
    if not given:
        return dict(arguments)
    filled = {**arguments, **table_of(data_object).checked(plan.route.action, given)}
    check_one_version(plan.route.action, filled)
    return filled


def check_into(plan: Plan, arguments: Mapping[str, Any]) -> None:
    """Check, before anything is read, that the result can be converted.

    Raises:
        NoRouteError: a method gives just this, and doesn't take what else the call has.
        DataError: nothing converts to it.
    """
    into = arguments.get("into")
    if into is not None and plan.converts:
        try:
            from dao.arrow.convert import check_into as check
        except ModuleNotFoundError:  # without Arrow the read says what it needs
            return
        try:
            check(into)
        except DataError:
            passed_over = plan.choice.passed_over_for(into)
            if not passed_over:
                raise
            raise NoRouteError(
                "\n".join([f"into={into!r} can't be had with these arguments:", *map(str, passed_over)])
            ) from None


def details_of(plan: Plan, data_object: DataObject, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The interface's own plan for a call, if it has a ``plan_call``; see :mod:`dao.interface`.

    Raises:
        DaoError: what the call itself would raise, whatever the store holds.
    """
    if not callable(getattr(plan.route.interface, "plan_call", None)):
        return {}
    store, action = data_object.data_store, plan.route.action
    plan_call = None
    try:
        plan_call = store.built(plan.position).plan_call  # type: ignore[union-attr]  # a planned object is in a store
        given = {n: v for n, v in _filled(plan, data_object, arguments).items() if n not in plan.dropped}
        named = {n: v for n, v in given.items() if n in plan.route.signature.parameters}
        return dict(plan_call(action, data_object, named, {n: v for n, v in given.items() if n not in named}))
    except Exception as error:
        raised = to_dao_error(error, plan, plan_call, data_object)
        if raised is error:
            raise
        raise raised from error


def finished(
    result: Any, plan: Plan, arguments: Mapping[str, Any], method: Callable[..., Any], data_object: DataObject
) -> Any:
    """The caller's result for the method's result: with its interface's name, or converted as ``into`` requires."""
    if isinstance(result, Listing):
        return result.translating(lambda error: to_dao_error(error, plan, method, data_object))
    if result.__class__ is WriteResult:
        return result if result.interface is not None else evolve(result, interface=plan.choice.offer.name)
    into = arguments.get("into")
    if into is not None and plan.converts:
        from dao.arrow.convert import convert

        return convert(result, into)
    return result
