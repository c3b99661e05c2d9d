"""Commits a change of a tree by one request, and handles its response, or a missing one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

from attrs import evolve

from dao.errors import ConflictError, NotFoundError, StoreError, TransientError
from dao.progress import retrying
from dao_files._storage.keys import join
from dao_files.manifest._manifest import MANIFEST, Manifest
from dao_files.manifest._once import pauses
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import View, look

__all__ = ["OutcomeUnknown", "claim", "commit"]

_READS = 20
"""Times that a manifest is asked for before giving up on one that is replaced all the time."""


class OutcomeUnknown(TransientError):
    """The store doesn't say whether the change was published, so nothing of it may be deleted."""


def claim(transport: Transport, view: View) -> View:
    """Give a directory a manifest that names what is there.

    Returns:
        The view with its manifest; without one if another writer has changed the directory meanwhile.
    """
    manifest = Manifest(uuid4().hex, files={path: path for path in view.own_files})
    try:
        stat = transport.put(join(view.key, MANIFEST), manifest.to_bytes(), if_absent=True)
    except (ConflictError, TransientError) as error:
        found = look(transport, view.key)
        if found.manifest is None and isinstance(error, TransientError):
            raise
        same = found.manifest is not None and found.log is None and _etags(found) == _etags(view)
        return found if same else view
    return evolve(view, manifest=manifest, etag=stat.etag)


def _etags(view: View) -> dict[str, str | None]:
    return {path: stat.etag for path, stat in view.files.items()}


def commit(transport: Transport, old: View, manifest: Manifest) -> View:
    """Replace a tree's manifest.

    Args:
        transport: the store.
        old: the tree as the change has found it.
        manifest: the new manifest.

    Returns:
        The tree's key, with the manifest that is there now and its ETag; the files are not looked up.

    Raises:
        ConflictError: another writer has replaced it; nothing is published, and nothing will be.
        OutcomeUnknown: the store doesn't answer, and whether the change is published, or still will be, is unknown.
        TransientError: the store doesn't answer; nothing is published, and nothing will be.
        StoreError: the store refuses, maybe not at the first time; whether the change is published is unknown.
    """
    if old.manifest is None:
        raise ConflictError(f"{old.key!r} was changed by another writer meanwhile")
    waits = pauses()
    while True:
        try:
            stat = transport.put(join(old.key, MANIFEST), manifest.to_bytes(), if_match=old.etag)
        except StoreError as error:
            found = _resolve(transport, old, old.manifest, manifest, error)
            if found is not None:
                return View(old.key, manifest, found.etag)
            _pause_or_raise(waits, error)
        else:
            return View(old.key, manifest, stat.etag)


def _pause_or_raise(waits: Iterator[float], error: StoreError) -> None:
    pause = next(waits, None)
    if pause is None:
        raise ConflictError(f"others write at the same moment, again and again: {error.message}") from error
    retrying(error, pause)
    time.sleep(pause)


def _resolve(transport: Transport, old: View, before: Manifest, manifest: Manifest, error: StoreError) -> Stat | None:
    """Resolve a failed commit: the current manifest if it has succeeded after all, None to retry."""
    place = join(old.key, MANIFEST)
    try:
        stat, found = _read(transport, place)
    except StoreError as blind:
        raise _unknown(old, error) from blind
    if stat is not None and found is not None:
        if found.has(manifest.commit):
            return stat
        if stat.etag == old.etag and isinstance(error, TransientError):
            _fence(transport, place, stat, found, error)
            return _resolve(transport, old, before, manifest, error)
        if stat.etag == old.etag and isinstance(error, (ConflictError, NotFoundError)):
            return None  # a conflict with a request, not with a commit
        if not found.has(before.commit):
            raise _unknown(old, error)  # more changes have followed than a manifest remembers
    if isinstance(error, (ConflictError, TransientError, NotFoundError)):
        raise ConflictError(f"{old.key!r} was changed by another writer meanwhile") from error
    raise error


def _unknown(old: View, error: StoreError) -> StoreError:
    """The error for an unknown outcome; a refusal for other reasons than a condition is raised as it is."""
    if not isinstance(error, (ConflictError, TransientError, NotFoundError)):
        return error
    unknown = OutcomeUnknown(f"whether the change of {old.key!r} is published is unknown: {error.message}")
    unknown.__cause__ = error
    return unknown


def _read(transport: Transport, place: str) -> tuple[Stat | None, Manifest | None]:
    """The current manifest, None if there is none yet."""
    for _ in range(_READS):
        try:
            stat = transport.head(place)
            return stat, Manifest.from_bytes(bytes(transport.get(place, etag=stat.etag)), place)
        except NotFoundError:
            return None, None
        except ConflictError:  # replaced between the two requests
            continue
    raise TransientError(f"{place!r} is replaced all the time")


def _fence(transport: Transport, place: str, stat: Stat, found: Manifest, error: TransientError) -> None:
    """Replace the manifest by one with the same content.

    A request that was given up may still arrive. Its condition will not hold any more, so it is safe to delete the
    files that it would have named.

    Raises:
        TransientError: the given one: it is done, and so nothing was published.
        OutcomeUnknown: it can't be done.
    """
    try:
        transport.put(place, found.fenced(uuid4().hex).to_bytes(), if_match=stat.etag)
    except ConflictError:
        return  # something has arrived: this change, or another writer's
    except StoreError as blind:
        raise OutcomeUnknown(f"whether the change of {place!r} is published is unknown: {error.message}") from blind
    raise error
