"""Copying objects on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao_s3._obstore.errors import translated
from dao_s3._obstore.location import Location
from dao_s3._obstore.writing import check_writable, exclusively

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["LARGEST_ON_S3", "copy"]

LARGEST_ON_S3 = 5 << 30
"""Bytes that S3 copies in one request; obstore knows no other way."""


def copy(store: ObjectStore, source: str, target: str, location: Location, if_absent: bool) -> None:
    """Copy on the server, with metadata and tags."""
    import obstore

    check_writable(location)
    with translated(location, source), exclusively(location):
        obstore.copy(store, source, target, overwrite=not if_absent)
