"""Who may read and change a file or directory, kept when it is replaced.

What replaces something is a new file or directory. It gets the mode of what it replaces, and its owner and group where
the process may give them away; where it may not, the group's rights are cut down to everybody's, so that no other group
gains them. Until it is published it can be read by its owner alone.
"""

from __future__ import annotations

import errno
import os
import stat

from attrs import evolve, frozen

from dao_files._local.handles import Folder

__all__ = ["Protection", "give_below", "protect_new", "protect_own_folder", "share_with_writers", "without_group"]

_CANT = {errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""What a system answers that has no modes or owners, or that doesn't let this process change them."""


@frozen
class Protection:
    """Mode, owner and group.

    Attributes:
        mode: the permission bits; of a directory setgid and sticky too.
        uid: the owner, -1 for whoever it is.
        gid: the group, -1 for whichever it is.
    """

    mode: int
    uid: int = -1
    gid: int = -1

    @classmethod
    def of(cls, facts: os.stat_result) -> Protection:
        """That of something that is there. A file loses setuid and setgid, as by any write to it."""
        bits = 0o7777 if stat.S_ISDIR(facts.st_mode) else 0o777
        return cls(facts.st_mode & bits, facts.st_uid, facts.st_gid)

    def within(self, mode: int) -> Protection:
        """The same without the permissions that a mode doesn't give; the owner may read in any case."""
        return evolve(self, mode=self.mode & (mode | 0o400 | ~0o777))

    def give(self, file: int) -> None:
        """Give it to an open file or directory of this process's own."""
        mode = self.mode if _chown(file, self.uid, self.gid) or _chown(file, -1, self.gid) else without_group(self.mode)
        try:
            os.fchmod(file, mode)
        except OSError as error:
            if error.errno not in _CANT:
                raise


def without_group(mode: int) -> int:
    """A mode that gives a group no more than everybody has."""
    return mode & ~(0o070 | stat.S_ISGID) | (mode & (mode & 0o007) << 3)


def _chown(file: int, uid: int, gid: int) -> bool:
    facts = os.fstat(file)
    if uid in (-1, facts.st_uid) and gid in (-1, facts.st_gid):
        return True
    try:
        os.fchown(file, uid, gid)
    except OSError as error:
        if error.errno not in _CANT:
            raise
        return False
    return True


def protect_new(staged: Folder, made: Protection, parent: os.stat_result, *, tree: bool) -> None:
    """Give something new the mode that it was made with; below a setgid directory the group and the bit of that too."""
    handed_down = parent.st_mode & stat.S_ISGID
    made = evolve(made, uid=-1, gid=parent.st_gid if handed_down else -1)
    if not tree:
        made.give(staged.handle)
        return
    if handed_down and os.fstat(staged.handle).st_gid != parent.st_gid:
        for _, _, names, directory in os.fwalk(".", dir_fd=staged.handle):
            below = Folder(staged.path, directory)
            for name in names:
                give_below(below, name, evolve(Protection.of(below.stat(name)), uid=-1, gid=parent.st_gid))
            evolve(made, mode=made.mode | stat.S_ISGID).give(directory)
    evolve(made, mode=made.mode & ~stat.S_ISGID | handed_down).give(staged.handle)


def give_below(below: Folder, path: str, protection: Protection) -> None:
    """Give a protection to a file below a folder."""
    file = below.open_file(path)
    try:
        protection.give(file)
    finally:
        os.close(file)


def protect_own_folder(top: Folder, own: Folder) -> None:
    """Let those into a folder that the store keeps for itself who may write into the root, and nobody else.

    What is prepared and what was replaced lies there, out of the folders that protect it where it belongs.
    """
    root = os.fstat(top.handle)
    writers = sum(0o7 << shift for shift in (0, 3) if root.st_mode >> shift & 0o2)
    wanted = Protection(0o700 | writers | root.st_mode & (stat.S_ISGID | stat.S_ISVTX), root.st_uid, root.st_gid)
    facts = os.fstat(own.handle)
    mine = os.geteuid() in (0, facts.st_uid)
    if mine and Protection.of(facts) != wanted:
        directory = own.open("", os.O_RDONLY | os.O_DIRECTORY)
        try:
            wanted.give(directory)
        finally:
            os.close(directory)


def share_with_writers(file: int, folder: Folder) -> None:
    """Let those open a file of this process's own who may write into the folder that it is in, whatever the umask."""
    facts = os.fstat(file)
    mode = os.fstat(folder.handle).st_mode & 0o666 | 0o600
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) != mode:
        Protection(mode).give(file)
