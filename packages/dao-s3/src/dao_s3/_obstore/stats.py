"""Converts obstore's metadata to :class:`~dao_files.manifest.Stat`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dao_files.manifest import Stat
from dao_s3._obstore.settings import plain_name

if TYPE_CHECKING:
    from obstore import ObjectMeta

__all__ = ["bare", "quote", "stat_of", "stat_of_head"]

_FACTS = {
    "Content-Type": "content_type",
    "Content-Encoding": "content_encoding",
    "Content-Language": "content_language",
    "Content-Disposition": "content_disposition",
    "Cache-Control": "cache_control",
    "Storage-Class": "storage_class",
}
"""obstore's names of what isn't the user's own metadata, and ours."""


def bare(etag: str | None) -> str | None:
    """An ETag without quotation marks; None for a weak one (``W/...``), which fits no condition."""
    return None if etag is None or etag.startswith("W/") else etag.removeprefix('"').removesuffix('"')


def quote(etag: str) -> str:
    """An ETag as conditions want it."""
    return f'"{etag}"'


def stat_of(meta: ObjectMeta, *, key: str | None = None) -> Stat:
    """The Stat of an object from a listing or response."""
    return Stat(
        key or meta["path"], meta["size"], bare(meta["e_tag"]), modified=meta["last_modified"], version=meta["version"]
    )


def stat_of_head(key: str, meta: ObjectMeta, attributes: Mapping[Any, str]) -> Stat:
    """The Stat of an object from a HEAD response."""
    return Stat(
        key,
        meta["size"],
        bare(meta["e_tag"]),
        modified=meta["last_modified"],
        version=meta["version"],
        metadata={plain_name(str(name)).lower(): value for name, value in attributes.items() if name not in _FACTS},
        facts={_FACTS[name]: value for name, value in attributes.items() if name in _FACTS},
    )
