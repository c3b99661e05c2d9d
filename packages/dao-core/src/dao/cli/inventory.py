"""What the installed plugins are and bring, the broken ones among them."""

from __future__ import annotations

from collections import defaultdict
from importlib.metadata import entry_points

from attrs import frozen

from dao.core.plugins import Plugins

__all__ = ["Plugin", "installed_plugins"]


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
        error: why it can't be used; ``None`` if it can.
    """

    name: str
    distribution: str | None
    version: str | None
    interfaces: tuple[str, ...]
    object_types: tuple[str, ...]
    secret_schemes: tuple[str, ...]
    error: str | None


def installed_plugins(plugins: Plugins) -> list[Plugin]:
    """Every plugin by name; none of their interfaces is imported."""
    interfaces = _brought(plugins, "dao_interfaces")
    object_types = _brought(plugins, "dao_object_types")
    secret_schemes = _brought(plugins, "dao_secret_schemes")
    origins = {point.name: point.dist for point in entry_points(group="dao")}
    found = []
    for name in plugins.names:
        origin = origins.get(name)
        error = plugins.broken.get(name)
        found.append(
            Plugin(
                name,
                origin.name if origin else None,
                origin.version if origin else None,
                interfaces[name],
                object_types[name],
                secret_schemes[name],
                None if error is None else f"{type(error).__name__}: {error}",
            )
        )
    return found


def _brought(plugins: Plugins, hook: str) -> dict[str, tuple[str, ...]]:
    by_plugin: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for implementation in getattr(plugins.hook, hook).get_hookimpls():
        try:
            by_plugin[implementation.plugin_name] = tuple(sorted(implementation.function()))
        except Exception as error:  # one broken plugin is one broken plugin
            plugins.broken.setdefault(implementation.plugin_name, error)
    return by_plugin
