"""DAO on Delta Lake. Names are loaded lazily; importing this imports no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao_delta._interface import DeltaInterface
    from dao_delta._objects import DeltaObject, S3DeltaObject

_HOMES = {
    "DeltaInterface": "dao_delta._interface",
    "DeltaObject": "dao_delta._objects",
    "S3DeltaObject": "dao_delta._objects",
}

__all__ = ["DeltaInterface", "DeltaObject", "S3DeltaObject"]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
