"""Chooses the route that serves a call. Pure: it depends on types and values, never on a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from attrs import field, frozen

from dao._arguments import suggestion
from dao._core.routing.match import (
    Fit,
    Standing,
    condition_value,
    fit,
    general_distance,
    own_names,
    request_of,
    standing_of,
    takes,
)
from dao._core.routing.route import MISSING, Route
from dao.data_object import DataObject
from dao.errors import AmbiguousRouteError, NoRouteError, PluginError, did_you_mean

__all__ = ["Candidate", "Choice", "Offer", "choose"]


@frozen
class Offer:
    """One of a store's interfaces, with its routes for one action.

    Attributes:
        position: its place among the store's interfaces; 0 is the primary.
        name: the name it goes by.
        class_name: its class's name, by which a caller may name it too.
        routes: its routes for the action.
        absent: why it can't be loaded here, if so.
    """

    position: int
    name: str
    class_name: str
    routes: tuple[Route, ...]
    absent: PluginError | None = None

    def goes_by(self, name: str) -> bool:
        """Whether a caller's ``dao_interface=`` means this one."""
        return name in (self.name, self.class_name)


@frozen
class Candidate:
    """A route that was looked at.

    Attributes:
        interface: the interface's name.
        route: the method's name.
        reason: why it was passed over; empty for the chosen one.
        conditions: what the route requires.
    """

    interface: str
    route: str
    reason: str
    conditions: Mapping[str, Any] = field(factory=dict, repr=False)

    def __str__(self) -> str:
        return f"  {self.interface}: {self.route}: {self.reason}"


@frozen
class Choice:
    """What was decided.

    Attributes:
        offer: the interface.
        route: its route.
        candidates: every route that was looked at, the chosen one among them.
    """

    offer: Offer
    route: Route
    candidates: tuple[Candidate, ...]

    def passed_over_for(self, into: object) -> list[Candidate]:
        """The routes that make just what ``into`` asks for, but don't fit the call."""
        return [one for one in self.candidates if one.reason and into in (one.conditions.get("into") or ())]


def choose(
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    offers: Sequence[Offer],
    *,
    dao_interface: str | None = None,
    native_async: bool = False,
) -> Choice:
    """Choose the route for a call: of each interface the most specific one that fits, and of these the first in order.

    One that is for objects of this type or format, then one that asks for this data's type or this ``into``, goes
    before those of earlier interfaces that take anything.

    Args:
        action: the action.
        data_object: the object.
        arguments: what was given, by name.
        offers: the store's interfaces, in declared order.
        dao_interface: try this one alone.
        native_async: coroutine methods may be chosen, and win over plain ones that fit as well.

    Raises:
        NoRouteError: none fits; one line per candidate says why not.
        AmbiguousRouteError: two fit equally well.
        PluginError: the named interface can't be loaded here.
    """
    tried: list[Candidate] = []
    found: list[_Fitting] = []
    can_be_asked_for = _can_be_asked_for(data_object, arguments)
    for offer in _select_named(offers, dao_interface, data_object):
        if offer.absent is not None:
            tried.append(_absent(offer, dao_interface))
            continue
        fits: list[tuple[Fit, int, Route]] = []
        for route in offer.routes:
            how = fit(route, data_object, arguments) if native_async or not route.is_async else _ASYNC_ONLY
            if isinstance(how, str):
                tried.append(Candidate(offer.name, route.name, how, route.conditions))
            else:
                fits.append((how, not route.is_async, route))
        if fits:
            found.append(_fitting(offer, fits, data_object, arguments))
            if not can_be_asked_for:
                break
    if not found:
        raise NoRouteError(_no_route(action, data_object, arguments, offers, tried))
    return _first(found, tried)


_ASYNC_ONLY = "is asynchronous: await it through AsyncDataAccessObject"


def _absent(offer: Offer, dao_interface: str | None) -> Candidate:
    if dao_interface is not None and offer.absent is not None:
        raise copy(offer.absent) from offer.absent.__cause__  # the kept one must not say which call it was about
    return Candidate(offer.name, "not available", str(offer.absent))


def _select_named(offers: Sequence[Offer], name: str | None, data_object: DataObject) -> Sequence[Offer]:
    if name is None:
        return offers
    named = [offer for offer in offers if offer.goes_by(name)]
    if not named:
        known = [known for offer in offers for known in (offer.name, offer.class_name)]
        raise NoRouteError(
            f"the store of {data_object.full_name!r} has no interface {name!r}: {did_you_mean(str(name), known)}"
        )
    return named


def _can_be_asked_for(data_object: DataObject, arguments: Mapping[str, Any]) -> bool:
    """Whether a call has anything by which a later interface may go before an earlier one."""
    if arguments.get("data") is not None or general_distance(type(data_object)) > 0:
        return True
    return any(condition_value(name, data_object, arguments) is not MISSING for name in ("into", "format"))


@frozen
class _Fitting:
    """An interface's routes that fit a call.

    Attributes:
        offer: the interface.
        best: the most specific ones: more than one is a tie.
        others: the less specific ones.
        standing: how far it is the interface for the object; see :func:`~dao._core.routing.match.standing_of`.
        request: what the best asks for of what this call has; see :func:`~dao._core.routing.match.request_of`.
    """

    offer: Offer
    best: list[Route]
    others: list[Route]
    standing: Standing
    request: str

    @property
    def rank(self) -> tuple[Standing, bool]:
        """The greatest goes first."""
        return self.standing, bool(self.request)


def _fitting(
    offer: Offer, fits: list[tuple[Fit, int, Route]], data_object: DataObject, arguments: Mapping[str, Any]
) -> _Fitting:
    fits.sort(key=lambda found: found[:2])
    top = fits[0][:2]
    best = [route for *rank, route in fits if tuple(rank) == top]
    requests = [request_of(route, data_object, arguments) for route in best]
    others = [route for *_, route in fits[len(best) :]]
    standing = max(standing_of(route, data_object, arguments) for route in best)
    return _Fitting(offer, best, others, standing, next(filter(None, requests), ""))


def _first(found: Sequence[_Fitting], tried: Sequence[Candidate]) -> Choice:
    """The choice among interfaces that fit: the first of the greatest rank."""
    winner = max(found, key=lambda fitting: fitting.rank)
    name = winner.offer.name
    if len(winner.best) > 1:
        raise AmbiguousRouteError(
            "\n".join(
                [
                    f"{len(winner.best)} routes fit equally well:",
                    *(f"  {name}: {route.name} ({route.place})" for route in winner.best),
                    "make one more specific with an annotation or @when(...), "
                    "or name another interface with dao_interface=",
                ]
            )
        )
    [chosen] = winner.best
    passed = [Candidate(name, route.name, f"less specific than {chosen.name}") for route in winner.others]
    passed += [
        Candidate(fitting.offer.name, route.name, _why_not(fitting, winner))
        for fitting in found
        if fitting is not winner
        for route in (*fitting.best, *fitting.others)
    ]
    return Choice(winner.offer, chosen, (*tried, Candidate(name, chosen.name, ""), *passed))


def _why_not(passed: _Fitting, winner: _Fitting) -> str:
    """Why an interface that fits was passed over."""
    [chosen], name = winner.best, winner.offer.name
    if passed.standing.rank < 0 <= winner.standing.rank:
        return f"is for {passed.standing.text}, and takes others where no other interface does"
    if passed.standing < winner.standing:
        return f"is for any object; {chosen.name} is for {winner.standing.text}"
    if passed.rank < winner.rank:
        return f"asks for nothing that this call has; {chosen.name} asks for {winner.request}"
    return f"comes after {name}" + ("" if passed.request else ", and asks for nothing that this call has")


def _no_route(
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    offers: Sequence[Offer],
    tried: Sequence[Candidate],
) -> str:
    given = ", ".join(f"{name}: {type(value).__qualname__}" for name, value in arguments.items() if value is not None)
    head = f"no route for a {type(data_object).__qualname__} with ({given})"
    if not tried:
        names = ", ".join(offer.name for offer in offers) or "none"
        return f"{head}: no interface of its store has a method for {action}; its interfaces: {names}"
    unknown = _unknown_operation(arguments, offers) if action == "run" else ""
    unknown = unknown or _unknown(action, arguments, offers)
    if unknown:
        return unknown
    own = [one for one in tried if not one.reason.startswith("needs operation=")]
    return "\n".join([f"{head}:", *map(str, own or tried)])


def _unknown_operation(arguments: Mapping[str, Any], offers: Sequence[Offer]) -> str:
    """What is wrong with ``run`` where no interface has an operation of that name."""
    served = [route.conditions.get("operation") for offer in offers for route in offer.routes]
    known = [str(name) for names in served for name in names or ()]
    operation = str(arguments.get("operation"))
    if None in served or operation in known or any(offer.absent for offer in offers):
        return ""
    return f"there is no operation {operation!r} here: {did_you_mean(operation, known, len(known))}"


def _unknown(action: str, arguments: Mapping[str, Any], offers: Sequence[Offer]) -> str:
    """What is wrong with the call where no route at all has a use for one of its arguments."""
    if any(offer.absent for offer in offers):
        return ""
    routes = [route for offer in offers for route in offer.routes]
    for name, value in arguments.items():
        if value is not None and not any(takes(route, name) for route in routes):
            own = [known for route in routes for known in own_names(route)]
            options = [known for route in routes for known in route.option_names() or ()]
            return f"takes no {name!r} ({suggestion(action, name, own, options)})"
    return ""
