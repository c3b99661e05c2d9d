"""Lists the installed plugins and what they register, including broken ones."""

from __future__ import annotations

from importlib.metadata import entry_points

from attrs import frozen

from dao.plugins import Plugins

__all__ = ["Plugin", "list_plugins"]


@frozen
class Plugin:
    """One plugin.

    Attributes:
        name: its entry point's name.
        distribution: what is installed with ``pip``; ``None`` for a plugin that was registered in code.
        version: the distribution's version.
        interfaces: the interface names it registers.
        object_types: the object types it registers.
        secret_schemes: the schemes of ``${scheme:...}`` that it resolves.
        table_formats: the table formats of catalog services that it reads.
        error: why it can't be used; else ``None``.
        clashes: a message for each of its names that another plugin registers too.
    """

    name: str
    distribution: str | None
    version: str | None
    interfaces: tuple[str, ...]
    object_types: tuple[str, ...]
    secret_schemes: tuple[str, ...]
    table_formats: tuple[str, ...]
    error: str | None
    clashes: tuple[str, ...] = ()


def list_plugins(plugins: Plugins) -> list[Plugin]:
    """List every plugin, sorted by name, without importing interfaces."""
    origins = {point.name: point.dist for group in ("dao.optional", "dao") for point in entry_points(group=group)}
    found = []
    for name in plugins.names:
        origin = origins.get(name)
        error = plugins.broken.get(name)
        found.append(
            Plugin(
                name,
                origin.name if origin else None,
                origin.version if origin else None,
                **plugins.brings(name),
                error=None if error is None else f"{type(error).__name__}: {error}",
                clashes=tuple(plugins.clashes_of(name)),
            )
        )
    return found
