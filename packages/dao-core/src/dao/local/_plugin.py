"""What dao-core brings as a plugin of its own: the stores ``local`` and ``memory``."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interfaces by name; their modules are imported when they are used."""
    return {"local": "dao.local.interface:LocalInterface", "memory": "dao.local.interface:MemoryInterface"}
