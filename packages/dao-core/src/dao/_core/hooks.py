"""One action on its way past the plugins' hooks and the log: before it, after it, and when it failed.

Only a hook that is called before an action can stop it. What one raises that is called afterwards is logged by the
logger ``dao`` and changes nothing: neither what the caller gets nor whether the other plugins' hooks are called. What
ends the program (``SystemExit``, ``KeyboardInterrupt``) passes from any hook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any

from attrs import evolve

from dao._core.log import LOGGER, ROOT, log_action
from dao._core.outcomes import Measured, is_stream, measured, watched
from dao.errors import DaoError
from dao.events import Outcome, Request
from dao.plugins import Plugins

__all__ = ["Event", "is_watched"]


def is_watched(plugins: Plugins) -> bool:
    """Whether a plugin has an action hook or the log may have lines of actions; else calls go past all of this.

    Whether it has them is asked where a line is built: ``isEnabledFor`` would be a twenty-fifth of a routed call.
    """
    return plugins.has_action_hooks or (LOGGER.level or ROOT.level) <= 20  # INFO: a retry's line names its action


class Event:
    """One action, from before its call to its end.

    Args:
        plugins: whose hooks are called.
        request: the action.
    """

    def __init__(self, plugins: Plugins, request: Request) -> None:
        self._hook = plugins.hook
        self.request = request
        self._began = perf_counter()
        self._is_done = False

    def begin(self) -> None:
        """Call ``dao_before_action``.

        Raises:
            Exception: a hook stopped the action; a DaoError says which one, any other has a note of it.
        """
        for implementation in self._implementations("dao_before_action"):
            try:
                _call(implementation, {"request": self.request})
            except Exception as error:
                _name_hook(error, implementation.plugin_name, self.request)
                raise
        self._began = perf_counter()

    def end(self, result: Any, made: Any) -> Any:
        """Call ``dao_after_action``; a stream is watched from here on.

        Args:
            result: what the interface's method gave.
            made: what the caller gets for it.

        Returns:
            What the caller gets.
        """
        action = self.request.action
        data = made if is_stream(action, result) else result
        self._is_done = True
        outcome = evolve(self._outcome(measured(action, data)), is_stream=is_stream(action, made))
        self._call_each("dao_after_action", {"result": made, "outcome": outcome})
        if not outcome.is_stream:
            log_action(self.request, outcome)
            return made
        return watched(made, self._end_stream)

    def fail(self, error: BaseException) -> None:
        """Call ``dao_on_failure``; not for what a hook raised after the action was done, to end the program."""
        if self._is_done:
            return
        outcome = Outcome(perf_counter() - self._began)
        self._call_each("dao_on_failure", {"error": error, "outcome": outcome})
        log_action(self.request, outcome, error)

    def _end_stream(self, found: Measured, error: BaseException | None) -> None:
        outcome = self._outcome(found)
        self._call_each("dao_after_stream", {"outcome": outcome, "error": error})
        log_action(self.request, outcome, error)

    def _outcome(self, found: Measured) -> Outcome:
        return Outcome(perf_counter() - self._began, *found)

    def _implementations(self, hook: str) -> Iterable[Any]:
        # Pluggy's own loop ends at the first error, and doesn't name the plugin.
        return list(reversed(getattr(self._hook, hook).get_hookimpls()))

    def _call_each(self, hook: str, given: Mapping[str, Any]) -> None:
        for implementation in self._implementations(hook):
            try:
                _call(implementation, {"request": self.request, **given})
            except Exception:  # what ends the program, a SystemExit or a KeyboardInterrupt, passes
                LOGGER.exception(
                    "%s of plugin %r failed after %s %r; the action's own outcome stands",
                    hook,
                    implementation.plugin_name,
                    self.request.action,
                    self.request.data_object.full_name,
                )


def _call(implementation: Any, given: Mapping[str, Any]) -> None:
    implementation.function(*[given[name] for name in implementation.argnames])


def _name_hook(error: Exception, plugin: str, request: Request) -> None:
    name = request.data_object.full_name
    if isinstance(error, DaoError) and error.action is None:
        store = request.data_object.data_store
        error.about(request.action, name, store.name if store is not None else None)
        error.hook = plugin
    else:
        error.add_note(f"raised by a hook of plugin {plugin!r}, which stopped {request.action} {name!r}")
