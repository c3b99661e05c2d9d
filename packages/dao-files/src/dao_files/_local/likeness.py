"""The protection of what was there given to what replaces it, see :mod:`dao_files._local.protection`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from attrs import evolve

from dao_files._local.handles import Folder
from dao_files._local.protection import Protection, give_below, without_group
from dao_files._local.snapshot import FolderSnapshot

__all__ = ["narrow", "protect_like"]


def protect_like(base: FolderSnapshot, staged: Folder, new: Iterable[str], *, tree: bool) -> None:
    """Give what replaces something its mode and owner.

    Args:
        base: what is replaced.
        staged: what replaces it, of the same kind.
        new: the paths of the files of a directory that were made; the others are those that are there already.
        tree: whether it is a directory.
    """
    if not tree:
        _like(base, base.key).give(staged.handle)
        return
    file = _beside_all(base)
    for path in new:
        give_below(staged, path, file)
    folder = Protection.of(base.facts)
    for path, *_, directory in os.fwalk(".", dir_fd=staged.handle):
        facts = base.inside.get(f"{base.key}/{path[2:]}")
        if path != ".":
            (folder if facts is None else Protection.of(facts)).give(directory)
    folder.give(staged.handle)  # last: until now no other user had access


def narrow(moved: FolderSnapshot, replaced: FolderSnapshot) -> None:
    """Take from what is moved to another's place the permissions that the other didn't give."""
    if moved.is_file != replaced.is_file:
        return
    _narrow(moved, moved.key, moved.facts, replaced.facts.st_mode)
    if not moved.is_file:
        limit = _beside_all(replaced).mode
        for info in moved.files:
            _narrow(moved, info.key, moved.inside[info.key], limit)


def _narrow(moved: FolderSnapshot, key: str, facts: os.stat_result, mode: int) -> None:
    like = Protection.of(facts)
    if (within := like.within(mode | 0o700 if stat.S_ISDIR(facts.st_mode) else mode)) != like:
        file = moved.descriptor(key)
        try:
            within.give(file)
        finally:
            os.close(file)


def _beside_all(base: FolderSnapshot) -> Protection:
    """What all files of a directory allow, and whose they are: for a new one beside them.

    Files of several owners or groups give none of theirs: a new one gets the directory's, and no group's rights.
    """
    found = [_like(base, info.key) for info in base.files]
    mode = 0o777
    for one in found:
        mode &= one.mode
    uids, gids = {one.uid for one in found}, {one.gid for one in found}
    mode |= 0o400
    return Protection(
        mode if len(gids) == 1 else without_group(mode),
        uids.pop() if len(uids) == 1 else base.facts.st_uid,
        gids.pop() if len(gids) == 1 else base.facts.st_gid,
    )


def _like(base: FolderSnapshot, key: str) -> Protection:
    """What protects one file; where an access control list does, the group's bits are no group's rights."""
    like = Protection.of(base.facts if base.is_file else base.inside[key])
    narrow = evolve(like, mode=without_group(like.mode))
    if like == narrow or not hasattr(os, "getxattr"):  # macOS keeps such lists elsewhere
        return like
    file = base.descriptor(key)
    try:
        os.getxattr(file, "system.posix_acl_access")
    except OSError:
        return like
    finally:
        os.close(file)
    return narrow
