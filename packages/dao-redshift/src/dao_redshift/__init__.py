"""DAO on Amazon Redshift. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_redshift._interface import RedshiftConnector, RedshiftInterface

_HOMES = {"RedshiftConnector": "dao_redshift._interface", "RedshiftInterface": "dao_redshift._interface"}

__all__ = ["RedshiftConnector", "RedshiftInterface"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
