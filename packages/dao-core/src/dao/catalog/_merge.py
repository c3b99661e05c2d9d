"""Merges one catalog over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao.catalog._spelling import CONNECTIONS

__all__ = ["merge", "merge_stores"]


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge ``overlay`` over ``base``: mappings are merged, everything else is replaced, ``None`` removes a key.

    Neither input is modified. Merging the same overlay again changes nothing (JSON Merge Patch, RFC 7396).

    >>> merge({"root": "/data", "retry": {"attempts": 3, "wait": 1}}, {"root": None, "retry": {"wait": 5}})
    {'retry': {'attempts': 3, 'wait': 5}}
    """
    merged = dict(base)
    for name, value in overlay.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            below = merged.get(name)
            merged[name] = merge(below if isinstance(below, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def merge_stores(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge stores in the canonical form, where changing the interface affects other keys.

    An overlay that changes a store's interface drops the options and secondary interfaces of the old one.
    """
    kept = {}
    for name, store in base.items():
        change = overlay.get(name)
        replaced = name != CONNECTIONS and _is_another(store, change)
        kept[name] = _without_interface(store) if replaced else store
    return merge(kept, overlay)


def _is_another(store: Any, change: Any) -> bool:
    if not isinstance(store, Mapping) or not isinstance(change, Mapping):
        return False
    return "interface" in change and "interface" in store and change["interface"] != store["interface"]


def _without_interface(store: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in store.items() if key not in ("options", "also")}
