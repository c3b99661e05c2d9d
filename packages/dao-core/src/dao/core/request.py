"""One call, as everything past the front door sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from dao.data_object import DataObject

__all__ = ["Request"]


@frozen
class Request:
    """One action on one object.

    Attributes:
        action: the action's name.
        data_object: the object it is about; for ``copy`` and ``move`` the source.
        arguments: what the caller gave, by name, with ``data``, ``target`` and ``operation`` among them.
    """

    action: str
    data_object: DataObject
    arguments: Mapping[str, Any]
