"""What dao-files brings: the stores ``local`` and ``memory``, and the file formats. Loading it imports no Arrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dao.hookspecs import hookimpl


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interfaces by name; their modules are imported when they are used."""
    return {
        "local": "dao_files._local.interface:LocalInterface",
        "memory": "dao_files._local.interface:MemoryInterface",
    }


@hookimpl
def dao_file_formats() -> Sequence[str]:
    """The module that registers the formats."""
    return ["dao_files.formats"]
