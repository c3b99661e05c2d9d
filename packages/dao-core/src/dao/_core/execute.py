"""Executes every action in the same steps: plan, fill in, call, translate errors, convert the result.

Synchronous and asynchronous calls differ in one step only, how the method is called. What surrounds it is here, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from dao._core.attribution import about, to_dao_error
from dao._core.hooks import Event, is_watched
from dao._core.log import LOGGER, ROOT, name_of
from dao._core.prepare import Prepared, call_arguments, check_into, details_of, finished, table_of
from dao._core.routing.table import Plan
from dao.data_object import DataObject
from dao.errors import DaoError
from dao.events import Request
from dao.plugins import Plugins
from dao.progress import doing
from dao.results import Listing, WriteResult

__all__ = ["Executor"]

T = TypeVar("T")

_SIGNED = frozenset({Listing, WriteResult})
"""Results that need more than the method's own: see :func:`~dao._core.prepare.finished`."""


class Executor:
    """Executes calls. It holds no state of any call, so all threads can share one.

    Args:
        plugins: whose action hooks are called.
        parent: the request that the calls are parts of.
        limited: the calls have a memory limit of their own: an interface that can't hold to one is refused.
    """

    native_async: ClassVar[bool] = False
    """Whether coroutine methods are called as well."""

    def __init__(self, plugins: Plugins, parent: Request | None = None, *, limited: bool = False) -> None:
        self._plugins = plugins
        self._limited = limited
        self._parent = parent

    def prepare(
        self,
        action: str,
        data_object: DataObject,
        arguments: Mapping[str, Any],
        dao_interface: str | None = None,
        native_async: bool = False,
    ) -> Prepared:
        """Check and route a call and build the interface that will serve it; the store itself is not touched.

        Raises:
            DataError: an argument can't be what was given.
            RoutingError: no single route fits.
            UnsupportedError: the interface declares absent what the call asks for.
            PluginError: the interface's plugin, or the library that ``into`` names, is missing or broken.
            ConfigError: the interface's options are wrong.
        """
        try:
            table = table_of(data_object)
            given = table.checked(action, arguments)
            plan = table.plan(action, data_object, given, dao_interface, native_async, self._limited)
            check_into(plan, given)
            interface = data_object.data_store.built(plan.position)  # type: ignore[union-attr]  # table_of checked it
            positional, named = call_arguments(plan, data_object, given)
        except DaoError as error:
            about(error, action, data_object)
            raise
        return Prepared(plan, getattr(interface, plan.method), positional, named, given)

    def check(self, action: str, data_object: DataObject, arguments: Mapping[str, Any]) -> None:
        """Make sure that a call can be made, whatever the store holds; the store itself is not touched.

        Raises:
            DaoError: what the call itself would raise.
        """
        prepared = self.prepare(action, data_object, arguments, native_async=self.native_async)
        details_of(prepared.plan, data_object, prepared.arguments)

    def execute(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], dao_interface: str | None = None
    ) -> Any:
        """Execute a call and return the result of the interface's method.

        Raises:
            DaoError: what went wrong, in the words of :mod:`dao.errors`. An error that isn't the store's, such as a
                bug in an interface, passes as it is, with a note that says where it happened.
        """
        # Every call goes through here, so each step is one look-up: see benchmarks/routing.py.
        if self._plugins.has_action_hooks or (LOGGER.level or ROOT.level) <= 20:  # see is_watched
            return self._execute_observed(action, data_object, arguments, dao_interface)
        store = data_object.data_store
        try:
            table: Any = (store and store.routes) or table_of(data_object)
            if arguments:
                arguments = table.checked(action, arguments)
            plan: Plan = table.plan(action, data_object, arguments, dao_interface, False, self._limited)
            if "into" in arguments:
                check_into(plan, arguments)
            method = getattr(store.built(plan.position), plan.method)  # type: ignore[union-attr]  # table_of checked it
        except DaoError as error:
            about(error, action, data_object)
            raise
        try:
            if plan.bare:
                result = method(data_object)
            else:
                positional, named = call_arguments(plan, data_object, arguments)
                result = method(*positional, **named)
            if arguments or result.__class__ in _SIGNED:
                return finished(result, plan, arguments, method, data_object)
            return result
        except Exception as error:
            raised = to_dao_error(error, plan, method, data_object)
            if raised is error:
                raise
            raise raised from error

    def _execute_observed(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], dao_interface: str | None
    ) -> Any:
        return self.observe(self.prepare(action, data_object, arguments, dao_interface), data_object)

    @property
    def is_watched(self) -> bool:
        """Whether a plugin has an action hook, or the log has lines of actions."""
        return is_watched(self._plugins)

    def observe(self, prepared: Prepared, data_object: DataObject) -> Any:
        """Make a prepared call, see :meth:`observed`."""
        with self.observed(prepared, data_object) as finish:
            return finish(prepared.call())

    @contextmanager
    def observed(self, prepared: Prepared, data_object: DataObject) -> Iterator[Callable[[Any], Any]]:
        """Surround a call with the plugins' action hooks and the translation of its errors.

        Gives a function that takes the call's result and gives what the caller gets for it.
        """
        plan = prepared.plan
        with self._event(lambda: self._request_of(prepared, data_object)) as tell:

            def finish(result: Any) -> Any:
                done = finished(result, plan, prepared.arguments, prepared.method, data_object)
                if hasattr(done, "__aiter__"):
                    done = _translating(done, prepared, data_object)
                return tell(result, done)

            try:
                yield finish
            except Exception as error:
                raised = to_dao_error(error, plan, prepared.method, data_object)
                if raised is error:
                    raise
                raise raised from error

    def blaming(self, action: str, data_object: DataObject, arguments: Mapping[str, Any], rows: Any) -> Any:
        """A stream that an action gave, whose errors are that action's also where another one reads it."""
        if not hasattr(rows, "read_next_batch"):
            return rows
        import pyarrow as pa

        prepared = self.prepare(action, data_object, arguments, native_async=self.native_async)

        def batches() -> Iterator[Any]:
            try:
                yield from rows
            except Exception as error:
                raised = to_dao_error(error, prepared.plan, prepared.method, data_object)
                if raised is error:
                    raise
                raise raised from error

        return pa.RecordBatchReader.from_batches(rows.schema, batches())

    def as_one(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], work: Callable[[Executor], T]
    ) -> T:
        """Do several calls as the parts of one: the hooks meet it as a request whose parts name it as their parent.

        Args:
            action: the whole one's action.
            data_object: its object.
            arguments: its arguments.
            work: makes the calls, by the executor that it is given.
        """
        if not self.is_watched:
            return work(self)
        request = Request(action, data_object, dict(arguments), self._parent)
        with self._event(lambda: request) as tell:
            result = work(self._part_of(request))
            tell(result, result)
            return result

    def _part_of(self, request: Request) -> Executor:
        return Executor(self._plugins, request, limited=self._limited)

    def _request_of(self, prepared: Prepared, data_object: DataObject) -> Request:
        plan = prepared.plan
        names = plan.route.name, plan.choice.offer.name
        return Request(plan.route.action, data_object, dict(prepared.arguments), self._parent, *names)

    @contextmanager
    def _event(self, make: Callable[[], Request]) -> Iterator[Callable[[Any, Any], Any]]:
        if not self.is_watched:
            yield lambda _, made: made
            return
        event = Event(self._plugins, make())
        try:
            event.begin()
            with doing(name_of(event.request)):
                yield event.end
        except BaseException as error:
            event.fail(error)
            raise


async def _translating(stream: AsyncIterator[Any], prepared: Prepared, data_object: DataObject) -> AsyncIterator[Any]:
    """An asynchronous stream whose errors are those of the action that gave it."""
    try:
        async for batch in stream:
            yield batch
    except Exception as error:
        raised = to_dao_error(error, prepared.plan, prepared.method, data_object)
        if raised is error:
            raise
        raise raised from error
    finally:
        if hasattr(stream, "aclose"):
            await stream.aclose()
