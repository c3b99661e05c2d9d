"""One path for every action: plan, fill in, call, translate what went wrong, convert what came back.

Synchronous and asynchronous calls differ in one step only, how the method is called. What surrounds it is here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from attrs import evolve

from dao.core.plugins import Plugins
from dao.core.request import Request
from dao.core.routing.table import Plan, RouteTable, route_table
from dao.data_object import DataObject
from dao.errors import (
    AlreadyExistsError,
    DaoError,
    DataError,
    NotFoundError,
    PermissionDeniedError,
    StoreError,
    TransientError,
)
from dao.results import WriteResult

__all__ = ["Executor", "Prepared", "table_of", "translated"]


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


Prepared = tuple[Plan, Any, tuple[Any, ...], dict[str, Any]]
"""A call that only has to be made: how it was routed, the bound method, and what it is called with."""


class Executor:
    """Makes calls. Holds no state of any call, so one serves all threads.

    Args:
        plugins: whose action hooks hear of the calls.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def prepare(
        self,
        action: str,
        data_object: DataObject,
        arguments: Mapping[str, Any],
        dao_interface: str | None = None,
        native_async: bool = False,
    ) -> Prepared:
        """Route a call and build the interface that will serve it; the store itself is not touched.

        Raises:
            RoutingError: no single route fits.
            PluginError: the interface's plugin is missing or broken.
            ConfigError: the interface's options are wrong.
        """
        plan = table_of(data_object).plan(action, data_object, arguments, dao_interface, native_async)
        interface = data_object.data_store.built(plan.position)  # type: ignore[union-attr]  # table_of has checked it
        return plan, getattr(interface, plan.method), *_call_arguments(plan, data_object, arguments)

    def execute(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], dao_interface: str | None = None
    ) -> Any:
        """Make a call and give back what the interface's method gives.

        Raises:
            DaoError: what went wrong, in the words of :mod:`dao.errors`. An error that isn't the store's, such as a
                bug in an interface, passes as it is, with a note that says where it happened.
        """
        # Every call comes by here, so each step is one look-up: see benchmarks/routing.py.
        store = data_object.data_store
        table: Any = (store and store.routes) or table_of(data_object)
        plan: Plan = table.plan(action, data_object, arguments, dao_interface)
        method = getattr(store.built(plan.position), plan.method)  # type: ignore[union-attr]  # table_of has checked it
        if self._plugins.has_action_hooks:
            return self._execute_told(plan, method, data_object, arguments)
        try:
            if plan.bare:
                result = method(data_object)
            else:
                positional, named = _call_arguments(plan, data_object, arguments)
                result = method(*positional, **named)
        except Exception as error:
            told = translated(error, plan, method, data_object)
            if told is error:
                raise
            raise told from error
        if result.__class__ is WriteResult or "into" in arguments:
            return finished(result, plan, arguments)
        return result

    def _execute_told(
        self, plan: Plan, method: Callable[..., Any], data_object: DataObject, arguments: Mapping[str, Any]
    ) -> Any:
        with self.told(plan, method, data_object, arguments) as tell:
            positional, named = _call_arguments(plan, data_object, arguments)
            return tell(method(*positional, **named))

    @contextmanager
    def told(
        self, plan: Plan, method: Callable[..., Any], data_object: DataObject, arguments: Mapping[str, Any]
    ) -> Iterator[Callable[[Any], Any]]:
        """Surround a call with the plugins' action hooks and the translation of its errors.

        Gives a function that takes the call's result, lets the plugins hear of it, and gives it back finished.
        """
        hook = self._plugins.hook if self._plugins.has_action_hooks else None
        request = Request(plan.route.action, data_object, dict(arguments))

        def tell(result: Any) -> Any:
            done = finished(result, plan, arguments)
            if hook is not None:
                hook.dao_after_action(request=request, result=done)
            return done

        try:
            if hook is not None:
                hook.dao_before_action(request=request)
            yield tell
        except BaseException as error:
            told = translated(error, plan, method, data_object) if isinstance(error, Exception) else error
            if hook is not None:
                hook.dao_on_failure(request=request, error=told)
            if told is error:
                raise
            raise told from error


def _call_arguments(
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
    return {**arguments, **given} if given else dict(arguments)


def finished(result: Any, plan: Plan, arguments: Mapping[str, Any]) -> Any:
    """What the caller gets for what the method gave: signed by its interface, or converted to what was asked for."""
    if result.__class__ is WriteResult:
        return result if result.interface is not None else evolve(result, interface=plan.choice.offer.name)
    into = arguments.get("into")
    if into is not None and plan.converts:
        from dao.arrow.convert import convert

        return convert(result, into)
    return result


_BY_OS_ERROR: tuple[tuple[type[OSError], type[StoreError]], ...] = (
    (FileNotFoundError, NotFoundError),
    (FileExistsError, AlreadyExistsError),
    (PermissionError, PermissionDeniedError),
    (ConnectionError, TransientError),
    (TimeoutError, TransientError),
    (OSError, StoreError),
)


def translated(error: Exception, plan: Plan, method: Callable[..., Any], data_object: DataObject) -> Exception:
    """The error to raise for one that a method raised.

    The interface's own ``translate_error`` is asked first, then the operating system's errors are known here. Any
    other error is nobody's refusal but a bug: it stays what it is, with a note.
    """
    found = _in_our_words(error, getattr(method, "__self__", None))
    action, name = plan.route.action, plan.choice.offer.name
    if found is None:
        error.add_note(f"in {action} {data_object.full_name!r} by {name} ({plan.route.place})")
        return error
    if isinstance(found, StoreError) and found.action is None:
        store = data_object.data_store
        found.action, found.data_object = action, data_object.full_name
        found.store, found.interface = store.name if store else None, name
    return found


def _in_our_words(error: Exception, interface: Any) -> DaoError | None:
    if isinstance(error, DaoError):
        return error
    translate = getattr(interface, "translate_error", None)
    found = translate(error) if translate is not None else None
    if isinstance(found, DaoError):
        return found
    for kind, ours in _BY_OS_ERROR:
        if isinstance(error, kind):
            return ours(str(error))
    return None
