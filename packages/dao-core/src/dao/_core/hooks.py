"""The plugins' action hooks: before a call, after it, and when it failed.

Only a hook that is called before an action can stop it. What one raises that is called afterwards is logged by the
logger ``dao`` and changes nothing: neither what the caller gets nor whether the other plugins' hooks are called.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dao._core.request import Request
from dao.errors import DaoError
from dao.plugins import Plugins

__all__ = ["Hooks"]


class Hooks:
    """The action hooks of some plugins.

    Args:
        plugins: the plugins.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    @property
    def wanted(self) -> bool:
        """Whether any plugin has an action hook; without one, hooks cost nothing."""
        return self._plugins.has_action_hooks

    def before(self, request: Request) -> None:
        """Call ``dao_before_action``.

        Raises:
            Exception: a hook stopped the action; a DaoError says which one, any other has a note of it.
        """
        for implementation in self._implementations("dao_before_action"):
            try:
                _call(implementation, {"request": request})
            except Exception as error:
                _name_hook(error, implementation.plugin_name, request)
                raise

    def after(self, request: Request, result: Any) -> None:
        """Call ``dao_after_action``."""
        self._call_each("dao_after_action", request, {"request": request, "result": result})

    def failed(self, request: Request, error: BaseException) -> None:
        """Call ``dao_on_failure``."""
        self._call_each("dao_on_failure", request, {"request": request, "error": error})

    def _implementations(self, hook: str) -> Iterable[Any]:
        # Pluggy's own loop ends at the first error, and doesn't name the plugin.
        return list(reversed(getattr(self._plugins.hook, hook).get_hookimpls()))

    def _call_each(self, hook: str, request: Request, given: Mapping[str, Any]) -> None:
        for implementation in self._implementations(hook):
            try:
                _call(implementation, given)
            except Exception:
                import logging

                logging.getLogger("dao").exception(
                    "%s of plugin %r failed after %s %r; the action's own outcome stands",
                    hook,
                    implementation.plugin_name,
                    request.action,
                    request.data_object.full_name,
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
