"""Cleans up after a published change: moves files to their places, and deletes unreferenced ones.

What fails here costs space and nothing else, and is done by a later change.

A place that may be used again (its name bears no token) is only touched under an entry in the manifest, ``busy``,
which is published together with the change. So no other change puts a file there that a late request would hit. Once
all requests are answered the manifest is replaced again, without the entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from attrs import frozen

from dao_files._storage.keys import join
from dao_files._storage.names import bears_token
from dao_files.manifest._commit import commit
from dao_files.manifest._manifest import FOLDER, Busy, Gone, Manifest
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import View

__all__ = ["GARBAGE_AFTER", "Tidying", "garbage"]

GARBAGE_AFTER = timedelta(days=1)
"""The age at which an object that no change has made its own is taken for what a killed writer left behind."""


@frozen
class Tidying:
    """The clean-up of one change.

    Attributes:
        settling: files that wait below ``.dao/`` and can be moved to their own places.
        useless: objects to be deleted.
        gone: what the manifest is to remember of them.
        busy: all places that changes are at work on, this one's among them.
        left: the places that others are at work on.
    """

    settling: Mapping[str, str]
    useless: Sequence[Stat]
    gone: Mapping[str, Gone]
    busy: Mapping[str, Busy]
    left: Mapping[str, Busy]

    @classmethod
    def of(
        cls,
        old: View,
        before: Manifest,
        files: Mapping[str, str],
        etags: Mapping[str, str | None],
        older_than: timedelta,
    ) -> Tidying:
        """What a change of a tree will leave.

        Args:
            old: the tree as it is.
            before: its manifest.
            files: the place of each file of the new tree, by path.
            etags: of the files that are new, by their paths.
            older_than: the age at which unreferenced files are garbage.
        """
        now = datetime.now(UTC)
        left = before.busy_at(now)
        places = set(files.values())
        former = [stat for stat in old.dead if _is_former(before, old.place_of(stat), stat)]
        replaced = [stat for stat in old.own_files.values() if old.place_of(stat) not in places]
        settling = {path: place for path, place in files.items() if place.startswith(FOLDER) and path not in left}
        # Moving a file to its place replaces the content there.
        outlived = {stat.key: stat for stat in (*former, *replaced, *garbage(old, older_than))}
        useless = [stat for stat in outlived.values() if old.place_of(stat) not in settling]
        known = {path: stat.etag for path, stat in old.files.items()} | dict(etags)
        touched = {path: Busy(now, known.get(path)) for path in settling}
        for place in filter(_is_plain, map(old.place_of, useless)):
            touched[place] = Busy(now, left[place].etag if place in left else None)
        gone = {old.place_of(stat): Gone.of(stat) for stat in (*former, *replaced)}
        return cls(settling, useless, gone, {**left, **touched}, left)

    def carry_out(self, transport: Transport, view: View) -> None:
        """Do it, now that the change is published as it is in ``view``.

        Raises:
            StoreError: not all of it could be done.
        """
        manifest = view.manifest
        assert manifest is not None
        for path, place in self.settling.items():
            transport.copy(join(view.key, place), join(view.key, path))
        # Other programs may have put files of the same names there meanwhile, but not of DAO's.
        doubtful = [stat for stat in self.useless if _is_plain(view.place_of(stat))]
        sure = [stat.key for stat in self.useless if not _is_plain(view.place_of(stat))]
        transport.delete([*sure, *_find_unchanged(transport, view.key, doubtful)])
        if self.settling or doubtful:
            files = {path: path if path in self.settling else place for path, place in manifest.files.items()}
            done = manifest.followed_by(uuid4().hex, files, manifest.gone, self.left, manifest.log)
            commit(transport, view, done)
        transport.delete([join(view.key, place) for place in self.settling.values()])


def _is_plain(place: str) -> bool:
    """Whether a place may be used a second time."""
    return not place.startswith(FOLDER) and not bears_token(place)


def _is_former(manifest: Manifest, place: str, stat: Stat) -> bool:
    """Whether an object was a file, or is the copy of one that came late, and could not be deleted by now."""
    entry = manifest.busy.get(place)
    return manifest.gone.get(place) == Gone.of(stat) or (entry is not None and entry.etag == stat.etag is not None)


def garbage(view: View, older_than: timedelta) -> list[Stat]:
    """What no change has made its own for so long that its writer must have been killed."""
    oldest = datetime.now(UTC) - older_than
    return [stat for stat in view.dead if stat.modified is not None and stat.modified <= oldest]


def _find_unchanged(transport: Transport, key: str, stats: Iterable[Stat]) -> list[str]:
    known = {stat.key: Gone.of(stat) for stat in stats}
    if not known:
        return []
    return [stat.key for stat in transport.list(f"{key}/" if key else "") if known.get(stat.key) == Gone.of(stat)]
