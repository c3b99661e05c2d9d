"""Copying objects: on the server where that goes, else through this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from dao_files.manifest import MARK, ObjectSettings, Stat, Transport
from dao_s3._obstore.errors import translated
from dao_s3._obstore.location import Location
from dao_s3._obstore.writing import check_writable, exclusively

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["LARGEST_ON_S3", "copy", "copy_through"]

LARGEST_ON_S3 = 5 << 30
"""Bytes that S3 copies in one request; obstore knows no other way."""


def copy(store: ObjectStore, source: str, target: str, location: Location, if_absent: bool) -> None:
    """Copy on the server, with metadata and tags."""
    import obstore

    check_writable(location)
    with translated(location, source), exclusively(location):
        obstore.copy(store, source, target, overwrite=not if_absent)


def copy_through(
    transport: Transport,
    source: str,
    target: str,
    *,
    version: str | None,
    if_absent: bool,
    settings: ObjectSettings | None,
) -> Stat:
    """Copy by reading and writing, for what obstore's own copy can't: other settings, or one version."""
    found = transport.head(source, version=version)
    if settings is None:
        kept = {name: value for name, value in found.metadata.items() if name != MARK}
        settings = ObjectSettings(metadata=kept)
    if settings.content_type is None:
        settings = evolve(settings, content_type=found.facts.get("content_type"))
    writer = transport.writer(target, if_absent=if_absent, settings=settings)
    try:
        for chunk in transport.chunks(source, etag=found.etag, version=version):
            writer.write(chunk)
    except BaseException:
        writer.abort()
        raise
    writer.close()
    return writer.written
