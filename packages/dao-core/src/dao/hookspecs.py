"""The hooks a plugin may implement: signatures and contracts, no bodies.

A plugin is a module (or any object) named by an entry point of the group ``dao``. It implements what it needs:

    from dao.hookspecs import hookimpl

    @hookimpl
    def dao_interfaces():
        return {"s3": "dao_s3._interface:S3Boto3Interface"}

Hooks are plain functions: one that is asynchronous, misspelt or not marked is a :class:`~dao.errors.PluginError` when
its plugin is registered. They grow by keyword: a plugin takes only the parameters it wants, so new ones never break old
plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from dao.events import Outcome, Request  # only for type checkers: avoids an import cycle at run time
    from dao.interface import TableFormat

__all__ = [
    "dao_after_action",
    "dao_after_stream",
    "dao_before_action",
    "dao_file_formats",
    "dao_interfaces",
    "dao_object_types",
    "dao_on_failure",
    "dao_secret_schemes",
    "dao_table_formats",
    "hookimpl",
    "hookspec",
]

hookspec = HookspecMarker("dao")
hookimpl = HookimplMarker("dao")


@hookspec
def dao_interfaces() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Interfaces by the name a config calls them, each as ``"module:Class"``; the module is imported when it is used.

    Names are lower case, with the backend first: ``s3``, ``s3.obstore``. Two plugins with one name are a PluginError.
    """


@hookspec
def dao_object_types() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Object types by the name a catalog's ``type`` calls them: ``"module:Class"``, a subclass of DataObject."""


@hookspec
def dao_file_formats() -> Sequence[str]:  # type: ignore[empty-body]
    """The modules that register file formats by :func:`dao.file_formats.register_format` when they are imported."""


@hookspec
def dao_secret_schemes() -> Mapping[str, Callable[[str], str]]:  # type: ignore[empty-body]
    """Secret schemes: ``${scheme:argument}`` in a config is what the scheme's function gives for the argument."""


@hookspec
def dao_table_formats() -> Mapping[str, TableFormat]:  # type: ignore[empty-body]
    """Table formats by the name that catalog services have for them, such as Glue's ``table_type``, in lower case.

    ``{"iceberg": TableFormat("iceberg", object_type="iceberg.table")}`` claims such tables: where a catalog finds one,
    it is an object of that type in a store with that interface. Two plugins with one name are a PluginError.
    """


@hookspec
def dao_before_action(request: Request) -> None:
    """Called before a routed action touches the store. What it raises stops the action and reaches the caller.

    A :class:`~dao.errors.DaoError` then says which plugin's hook stopped it; any other error has a note of it. No other
    hook can stop an action. A copy or move between two stores is a request of its own, and so are its reads, writes,
    unloads and deletions, which name it as their ``parent``; see :class:`~dao.events.Request`.

    A hook takes its time from its call and from no other: an asynchronous call's hooks run in a worker thread.
    """


@hookspec
def dao_after_action(request: Request, result: Any, outcome: Outcome) -> None:
    """Called after an action succeeded, with what it returns and what it moved: see :class:`~dao.events.Outcome`.

    A lazy stream has not been read by then; don't read it here. What this raises is logged by the logger ``dao`` and
    changes nothing.
    """


@hookspec
def dao_after_stream(request: Request, outcome: Outcome, error: BaseException | None) -> None:
    """Called when a lazy stream of Arrow batches has been read to its end, has failed, or is dropped.

    It comes after the same request's ``dao_after_action``, in the thread that read the stream, with what was read until
    then and the ``error`` that ended it, None if there was none. What this raises is logged and changes nothing.
    """


@hookspec
def dao_on_failure(request: Request, error: BaseException, outcome: Outcome) -> None:
    """Called after an action failed or was stopped. The error goes on to the caller whatever this does.

    It comes to every plugin that has it, also to those whose ``dao_before_action`` was not called, since another's
    stopped the action before. What it raises is logged by the logger ``dao`` and changes nothing.
    """
