"""``dao plugins``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dao._cli import output
from dao._cli.options import command as subcommand
from dao._cli.session import Session

if TYPE_CHECKING:
    from dao._cli.inventory import Plugin

__all__ = ["command"]


def plugins(session: Session) -> None:
    """List the plugins that are installed.

    With what each brings, and what is wrong with it. The exit status is 1 if one is broken, or if a name is brought
    more than once.

    \b
    Keys of --json, a list with one entry a plugin:
      name, distribution, version, interfaces, object_types, secret_schemes,
      table_formats (those of catalog services that it reads),
      error (why it can't be used; else null),
      clashes (what is wrong with names that others bring too)

    \b
    Example:
      dao plugins
    """
    from dao._cli.inventory import list_plugins
    from dao.plugins import default_plugins

    found = list_plugins(default_plugins())
    if session.as_json:
        output.document(found)
    else:
        _show(found)
    if any(plugin.error or plugin.clashes for plugin in found):
        sys.exit(1)


def _show(found: list[Plugin]) -> None:
    columns = {
        "plugin": [plugin.name for plugin in found],
        "installed by": [" ".join(filter(None, [plugin.distribution, plugin.version])) for plugin in found],
        "interfaces": [", ".join(plugin.interfaces) for plugin in found],
        "object types": [", ".join(plugin.object_types) for plugin in found],
        "secret schemes": [", ".join(plugin.secret_schemes) for plugin in found],
        "table formats": [", ".join(plugin.table_formats) for plugin in found],
    }
    shown = {head: cells for head, cells in columns.items() if any(cells)}
    output.table([*shown], [*zip(*shown.values(), strict=True)], "no plugins")
    for plugin in found:
        if plugin.error:
            output.line(f"\n{plugin.name} is broken: {plugin.error}")
            output.line("  what it brings can't be used until that is fixed; `dao doctor` says how")
    for clash in dict.fromkeys(clash for plugin in found for clash in plugin.clashes):
        output.line(f"\n{clash}")


command = subcommand(plugins)
