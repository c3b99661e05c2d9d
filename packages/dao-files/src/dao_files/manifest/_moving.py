"""Moves within a store: a copy, then a deletion. In between, or after a crash, the data is in both places."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dao.errors import AlreadyExistsError, ConflictError, NotFoundError, TransientError
from dao.progress import retrying
from dao.tables import HalfDoneError
from dao_files.manifest._commit import OutcomeUnknown
from dao_files.manifest._once import copy_once, pauses
from dao_files.manifest._snapshot import TreeSnapshot
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._tree_change import TreeChange
from dao_files.manifest._view import below

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot

__all__ = ["move_object", "move_tree"]


def move_object(transport: Transport, source: str, target: str, *, replace: bool) -> None:
    """Move one object.

    Raises:
        NotFoundError: there is no source.
        ConflictError: the target exists, and ``replace`` is False.
        HalfDoneError: the source was changed meanwhile, and is still there.
    """
    before = transport.head(source)
    if replace:
        transport.copy(source, target)
    else:
        copy_once(transport, source, target)
    if not _is_still(transport, before):
        raise _changed_error(source, target)
    transport.delete([source])


def _is_still(transport: Transport, before: Stat) -> bool:
    try:
        return transport.head(before.key).etag == before.etag
    except NotFoundError:
        return True  # another has deleted what was copied


def move_tree(transport: Transport, source: str, target: str, *, replace: Callable[[Snapshot], bool]) -> None:
    """Move a tree with its log.

    Raises:
        NotFoundError: there is no source.
        AlreadyExistsError: the target exists, and ``replace`` returned False.
        HalfDoneError: the source was changed meanwhile, and is still there.
    """
    with TreeChange(transport, source) as leaving:
        if leaving.base is None:
            raise NotFoundError(f"{source!r} is not there")
        with TreeChange(transport, target) as arriving:
            if arriving.base is not None and not replace(arriving.base):
                raise AlreadyExistsError(f"{target!r} is already there")
            for key in leaving.base.objects:
                arriving.copy_in(leaving.base, key, below(key, source))
            arriving.take_log(leaving.base.log)
            arriving.publish()
        _empty(leaving, source, target)


def _empty(leaving: TreeChange, source: str, target: str) -> None:
    """Empty a tree that was copied, if it is what it was. What the store did not answer is tried again: once the copy
    is published, giving up would leave the tree in both places.
    """
    copied, waits = _content(leaving.base), pauses()
    while True:
        try:
            leaving.publish()
            return
        except ConflictError as error:
            raise _changed_error(source, target) from error
        except OutcomeUnknown:
            raise
        except TransientError as error:
            pause = next(waits, None)
            if pause is None:
                raise
            retrying(error, pause)
            time.sleep(pause)
            leaving.renew()
            if _content(leaving.base) != copied:
                raise _changed_error(source, target) from error


def _content(base: TreeSnapshot | None) -> object:
    return None if base is None else (base.log, [(info.key, info.etag) for info in base.files])


def _changed_error(source: str, target: str) -> HalfDoneError:
    return HalfDoneError(
        f"{source!r} was changed while it was moved: it is still there as it is now, and what it was before is at "
        f"{target!r}"
    )
