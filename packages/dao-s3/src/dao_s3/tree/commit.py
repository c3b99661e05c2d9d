"""The one request that publishes a change of a tree, and what is made of its answer, or of the lack of one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

from attrs import evolve

from dao.errors import ConflictError, NotFoundError, StoreError, TransientError
from dao.files.keys import join
from dao_s3.once import pauses
from dao_s3.transport import Stat, Transport
from dao_s3.tree.manifest import MANIFEST, Manifest
from dao_s3.tree.view import View, look

__all__ = ["OutcomeUnknown", "claim", "commit"]


class OutcomeUnknown(TransientError):
    """The store doesn't say whether the change was published, so nothing of it may be deleted."""


def claim(transport: Transport, view: View) -> View:
    """Give a directory a manifest that names what is there.

    Returns:
        The view with its manifest; without one where somebody else has changed the directory meanwhile.
    """
    manifest = Manifest(uuid4().hex, files={path: path for path in view.files})
    try:
        stat = transport.put(join(view.key, MANIFEST), manifest.to_bytes(), if_absent=True)
    except (ConflictError, TransientError) as error:
        found = look(transport, view.key)
        if found.manifest is None and isinstance(error, TransientError):
            raise
        same = found.manifest is not None and _etags(found) == _etags(view)
        return found if same else view
    return evolve(view, manifest=manifest, etag=stat.etag)


def _etags(view: View) -> dict[str, str | None]:
    return {path: stat.etag for path, stat in view.files.items()}


def commit(transport: Transport, old: View, manifest: Manifest) -> View:
    """Replace a tree's manifest.

    Args:
        transport: the store.
        old: the tree as the change has found it.
        manifest: what it shall be.

    Returns:
        The tree's key, with the manifest that is there now and its ETag; the files are not looked up.

    Raises:
        ConflictError: somebody else has replaced it; nothing is published, and nothing will be.
        OutcomeUnknown: the store doesn't answer, and whether the change is published, or still will be, is unknown.
        TransientError: the store doesn't answer; nothing is published, and nothing will be.
    """
    if old.etag is None:
        raise ConflictError(f"{old.key!r} was changed by another writer meanwhile")
    place = join(old.key, MANIFEST)
    waits = pauses()
    while True:
        try:
            stat = transport.put(place, manifest.to_bytes(), if_match=old.etag)
        except (ConflictError, TransientError, NotFoundError) as error:
            found = _resolved(transport, place, old, manifest, error)
            if found is not None:
                return View(old.key, manifest, found.etag)
            _pause_or_raise(waits, error)
        else:
            return View(old.key, manifest, stat.etag)


def _pause_or_raise(waits: Iterator[float], error: StoreError) -> None:
    pause = next(waits, None)
    if pause is None:
        raise ConflictError(f"others write at the same moment, again and again: {error.message}") from error
    time.sleep(pause)


def _resolved(transport: Transport, place: str, old: View, manifest: Manifest, error: StoreError) -> Stat | None:
    """What a commit that failed has come to: the manifest that is there if it has succeeded, None to try again."""
    try:
        stat, found = _read(transport, place)
        if found is not None and stat is not None:
            if found.has(manifest.commit):
                return stat
            if not isinstance(error, TransientError) and stat.etag == old.etag:
                return None  # a conflict with a request, not with a commit
            if isinstance(error, TransientError) and stat.etag == old.etag:
                _fence(transport, place, stat, found)
                raise error
    except (TransientError, ConflictError) as blind:
        if blind is error:
            raise
        raise OutcomeUnknown(f"whether the change of {old.key!r} is published is unknown: {error.message}") from error
    raise ConflictError(f"{old.key!r} was changed by another writer meanwhile") from error


def _read(transport: Transport, place: str) -> tuple[Stat | None, Manifest | None]:
    try:
        stat = transport.head(place)
        return stat, Manifest.from_bytes(bytes(transport.get(place, etag=stat.etag)), place)
    except NotFoundError:
        return None, None


def _fence(transport: Transport, place: str, stat: Stat, found: Manifest) -> None:
    """Replace the manifest by one that says the same.

    A request that was given up may still arrive. Its condition will not hold any more, so it is safe to delete the
    files that it would have named.
    """
    transport.put(place, found.fenced(uuid4().hex).to_bytes(), if_match=stat.etag)
