"""The attributes of spans and metrics: by the semantic conventions for databases where they have one, else ``dao.*``.

Values of arguments and options are never among them, nor are texts of errors: they may have secrets.
"""

from __future__ import annotations

from typing import Any

from dao.events import Outcome, Request
from dao.results import WriteResult

__all__ = ["error_type", "known_of", "moved_of", "shared_of"]

_SYSTEMS = {"redshift": "aws.redshift", "postgres": "postgresql"}
"""Interfaces whose database has a name of its own in the conventions; any other is called as the interface is."""


def shared_of(request: Request) -> dict[str, str]:
    """What spans and metrics have alike, known before the call."""
    store = request.data_object.data_store
    found = {"db.operation.name": request.action, "db.collection.name": request.data_object.identifier}
    if store is not None:
        found["db.namespace"] = store.name
    if request.interface is not None:
        found["db.system.name"] = _SYSTEMS.get(request.interface, request.interface)
    return found


def known_of(request: Request) -> dict[str, str]:
    """What a span has, known before the call."""
    found = {**shared_of(request), "dao.id": request.id}
    if request.interface is not None and request.route is not None:
        found |= {"dao.interface": request.interface, "dao.route": request.route}
    if request.target is not None:
        found["dao.target"] = request.target.full_name
    return found


def moved_of(outcome: Outcome, result: Any = None) -> dict[str, str | int]:
    """What a span has of the outcome, and of the result of a write."""
    found: dict[str, str | int | None] = {
        "dao.rows": outcome.rows,
        "dao.bytes": outcome.bytes,
        "dao.files": outcome.files,
    }
    if isinstance(result, WriteResult):
        found |= {
            "dao.rows.inserted": result.rows_inserted,
            "dao.rows.updated": result.rows_updated,
            "dao.rows.deleted": result.rows_deleted,
            "dao.version.before": _text(result.version_before),
            "dao.version.after": _text(result.version_after),
        }
    return {name: value for name, value in found.items() if value is not None}


def error_type(error: BaseException) -> str:
    """The type of an error: DAO's own and Python's by name, any other with its module."""
    kind = type(error)
    home = "" if kind.__module__ in ("builtins", "dao.errors") else f"{kind.__module__}."
    return f"{home}{kind.__qualname__}"


def _text(version: str | int | None) -> str | None:
    return None if version is None else str(version)
