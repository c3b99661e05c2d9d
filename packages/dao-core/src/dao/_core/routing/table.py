"""A set of interface classes with their routes compiled, and every decision it has made remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import frozen

from dao._arguments import check_one_version, checks_of
from dao._core.routing.absent import Absent, absent_of
from dao._core.routing.choose import Choice, Offer, choose
from dao._core.routing.match import asks_for_object, condition_value, own_names, takes
from dao._core.routing.route import MISSING, Route, routes_of
from dao.capabilities import declared_capabilities
from dao.data_object import DataObject
from dao.errors import NoRouteError, PluginError
from dao.interface import ROUTED_ACTIONS

__all__ = ["Plan", "RouteTable", "route_table"]

Interfaces = tuple[tuple[str, type | PluginError], ...]

_MOST_PLANS = 4096
"""Plans kept per table. A program has a handful; only one that makes types as it runs could have more."""

_OTHER = object()
"""Stands for any condition value that no route names: they all fail alike, so they share a plan."""


@frozen
class Plan:
    """How to execute a call, computed once for all calls of the same shape.

    Attributes:
        choice: the decision it comes from.
        position: which of the store's interfaces to call.
        method: its method.
        dropped: given arguments that the method has no use for: ``None`` values and conditions that were checked.
        renamed: roles whose parameter has another name in the method.
        by_position: roles whose parameter can only be given by position.
        fillable: parameters with a default that the caller left out; the object's properties of those names fill them.
        takes_object: the method has a parameter for the object.
        plain: the object goes first, by position, and everything else by name, just as it was given.
        bare: only the object is passed.
        converts: the method doesn't know ``into``, so its result is converted after the call.
        absent: what the interface can't do of what the call may ask for.
    """

    choice: Choice
    position: int
    method: str
    dropped: tuple[str, ...]
    renamed: Mapping[str, str]
    by_position: tuple[str, ...]
    fillable: frozenset[str]
    takes_object: bool
    plain: bool
    bare: bool
    converts: bool
    absent: Absent

    @property
    def route(self) -> Route:
        """The chosen route."""
        return self.choice.route


class RouteTable:
    """The routes of a store's interfaces, in order. One table serves all stores with the same classes.

    Args:
        interfaces: name and class of each interface, the primary first; for one that can't be loaded here its error.

    Raises:
        ConfigError: what a class declares as its capabilities are none.
    """

    def __init__(self, interfaces: Interfaces) -> None:
        classes = [kind for _, kind in interfaces if isinstance(kind, type)]
        self._capabilities = [found for found in map(declared_capabilities, classes) if found is not None]
        self._offers = {action: _offers(action, interfaces) for action in ROUTED_ACTIONS}
        self._conditions = {action: _condition_values(offers) for action, offers in self._offers.items()}
        self._checks = {action: checks_of(action, _own_values(offers)) for action, offers in self._offers.items()}
        self._plans: dict[Any, Plan] = {}

    def checked(self, action: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """A call's arguments as the interfaces get them: other libraries' numbers and names are plain ones.

        Raises:
            DataError: one can't be what was given, or two contradict one another.
        """
        if len(arguments) > 1:
            check_one_version(action, arguments)
        checks = self._checks[action]
        changed: dict[str, Any] = {}
        for name, value in arguments.items():
            check = checks.get(name)
            if check is not None and value is not None:
                good = check(name, value)
                if good is not value:
                    changed[name] = good
        return {**arguments, **changed} if changed else arguments

    def plan(
        self,
        action: str,
        data_object: DataObject,
        arguments: Mapping[str, Any],
        dao_interface: str | None = None,
        native_async: bool = False,
        limited: bool = False,
    ) -> Plan:
        """The plan for a call, from memory where a call like it was planned before.

        Args:
            action: the action.
            data_object: the object.
            arguments: what was given, by name, checked.
            dao_interface: try this interface alone.
            native_async: coroutine methods can be called.
            limited: the call has a memory limit of its own, which must not be ignored.

        Raises:
            NoRouteError: no route fits.
            AmbiguousRouteError: two routes fit equally well.
            UnsupportedError: the chosen interface declares absent what the call asks for.
        """
        conditions = self._conditions[action]
        key = (
            action,
            data_object.__class__,
            tuple([(name, value.__class__) for name, value in arguments.items()]) if arguments else (),
            tuple([_known(name, values, data_object, arguments) for name, values in conditions]) if conditions else (),
            dao_interface,
            native_async,
        )
        plan = self._plans.get(key)
        if plan is None:
            plan = self._make(action, data_object, arguments, dao_interface, native_async)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        absent = plan.absent
        if limited or absent.arguments:
            absent.refuse(plan.choice.offer.name, plan.fillable, data_object, arguments, limited)
        return plan

    def _make(
        self,
        action: str,
        data_object: DataObject,
        arguments: Mapping[str, Any],
        dao_interface: str | None,
        native_async: bool,
    ) -> Plan:
        offers = self._offers[action]
        try:
            choice = choose(
                action, data_object, arguments, offers, dao_interface=dao_interface, native_async=native_async
            )
        except NoRouteError as error:
            need = ("operation", arguments.get("operation")) if action == "run" else ("action", action)
            raise NoRouteError(error.message + self._declared(*need)) from None
        return _plan_of(choice, data_object, arguments)

    def _declared(self, kind: str, name: object) -> str:
        """The end of a message about what can't be done: why, as far as the interfaces declare it."""
        for declared in self._capabilities:
            for absence in declared.absences():
                if (absence.kind, absence.name) == (kind, name):
                    return f"; declared absent: {absence.reason}"
        return ""

    def takes(self, action: str, name: str) -> bool:
        """Whether any route for an action has a use for an argument of that name."""
        return any(takes(route, name) for offer in self._offers[action] for route in offer.routes)

    def asks_for_object(self, action: str, role: str, kind: type) -> bool:
        """Whether any route for an action is annotated to take objects of a type in a role."""
        return any(asks_for_object(route, role, kind) for offer in self._offers[action] for route in offer.routes)

    def names(self, action: str) -> list[str]:
        """The arguments that the routes for an action name."""
        return list(dict.fromkeys(n for o in self._offers[action] for route in o.routes for n in own_names(route)))

    def option_names(self, action: str) -> list[str]:
        """What the ``**options`` of the routes for an action may hold, as far as their interfaces say it."""
        return [n for offer in self._offers[action] for route in offer.routes for n in route.option_names() or ()]

    def serves(self, action: str) -> bool:
        """Whether any interface has a route for an action at all."""
        return any(offer.routes for offer in self._offers[action])


def _known(name: str, values: frozenset[Any], data_object: DataObject, arguments: Mapping[str, Any]) -> Any:
    found = condition_value(name, data_object, arguments)
    try:
        return found if found is MISSING or found in values else _OTHER
    except TypeError:
        return _OTHER


def _offers(action: str, interfaces: Interfaces) -> tuple[Offer, ...]:
    return tuple(_offer(action, position, name, kind) for position, (name, kind) in enumerate(interfaces))


def _offer(action: str, position: int, name: str, kind: type | PluginError) -> Offer:
    if isinstance(kind, PluginError):
        return Offer(position, name, name, (), kind)
    return Offer(position, name, kind.__name__, tuple(r for r in _compile(kind) if r.action == action))


def _condition_values(offers: Sequence[Offer]) -> tuple[tuple[str, frozenset[Any]], ...]:
    values: dict[str, frozenset[Any]] = {}
    for offer in offers:
        for route in offer.routes:
            for name, wanted in route.conditions.items():
                values[name] = values.get(name, frozenset()) | wanted
    return tuple(values.items())


def _own_values(offers: Sequence[Offer]) -> Mapping[str, frozenset[Any] | None]:
    """The values that the routes of an action have for arguments beside those of the contract: their conditions'.

    ``None`` for ``into`` where a route takes it without a condition: that one converts by itself, to what it likes.
    """
    own: dict[str, frozenset[Any] | None] = dict(_condition_values(offers))
    routes = (route for offer in offers for route in offer.routes)
    if any("into" in route.signature.parameters and "into" not in route.conditions for route in routes):
        own["into"] = None
    return own


def _plan_of(choice: Choice, data_object: DataObject, arguments: Mapping[str, Any]) -> Plan:
    parameters = choice.route.signature.parameters
    dropped = tuple(n for n in arguments if n not in parameters and not _is_extra(choice, n, arguments))
    renamed = {role: parameter.name for role, parameter in parameters.items() if role != parameter.name}
    by_position = tuple(role for role, parameter in parameters.items() if parameter.positional)
    left_out = (name for name, p in parameters.items() if not p.required and arguments.get(name) is None)
    fillable = frozenset(left_out) - {"into"}
    plain = not (dropped or renamed or by_position) and next(iter(parameters), None) == "data_object"
    return Plan(
        choice,
        choice.offer.position,
        choice.route.method,
        dropped,
        renamed,
        by_position,
        fillable,
        "data_object" in parameters or choice.route.signature.takes_any,
        plain,
        plain and not arguments and not fillable,
        "into" not in parameters and "into" not in choice.route.conditions,
        absent_of(choice.route.action, choice.route.interface, type(data_object), {*arguments, *fillable}),
    )


def _is_extra(choice: Choice, name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether an argument goes into the method's ``**kwargs``: what was really given and is no condition."""
    if name == "into" or name in choice.route.conditions:
        return False
    return choice.route.signature.takes_any and arguments[name] is not None


@lru_cache(maxsize=512)
def _compile(interface: type) -> tuple[Route, ...]:
    return routes_of(interface)


@lru_cache(maxsize=512)
def route_table(interfaces: Interfaces) -> RouteTable:
    """The table for these interfaces, the same one for the same classes under the same names."""
    return RouteTable(interfaces)
