"""The plugin of dao-redshift: its interfaces by name. Loading it imports no driver."""

from __future__ import annotations

from collections.abc import Mapping

from dao.hookspecs import hookimpl


@hookimpl
def dao_interfaces() -> Mapping[str, str]:
    """The interface by name; its module is imported when it is used."""
    return {"redshift": "dao_redshift._interface:RedshiftInterface"}
