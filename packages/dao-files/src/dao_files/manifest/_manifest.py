"""The manifest of a tree: the one object that says which files it has.

S3 changes one object at a time. What makes the change of a whole directory one step is that a single object,
``<directory>/.dao/manifest.json``, names the files that count, and is replaced on the condition that no other writer
has replaced it. It also holds the tree's own log, so that a version and its history are published together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from dao.errors import StoreError, UnsupportedError
from dao_files._storage.stored_json import check, items, moment, parse_object, value
from dao_files.manifest._transport import Stat

__all__ = ["FOLDER", "MANIFEST", "Busy", "Gone", "Manifest"]

FOLDER = ".dao/"
"""Where a tree keeps what is its own."""

MANIFEST = ".dao/manifest.json"
"""Where a tree's manifest is, from the tree's own place."""

_FORMAT = 1
_RECENT = 64
"""Commits that a manifest remembers: a writer that lost the answer to its own finds it there."""

_BUSY_FOR = timedelta(hours=1)
"""How long a request about one place may be under way, retries and a stopped process included."""


@frozen
class Gone:
    """A file that is no longer part of the tree, and may not have been deleted yet.

    Both attributes distinguish it from another file written to its path since.

    Attributes:
        etag: the store's mark of its content.
        modified: when it was written.
    """

    etag: str | None
    modified: datetime | None

    @classmethod
    def of(cls, stat: Stat) -> Gone:
        """What an object is remembered by."""
        return cls(stat.etag, stat.modified)


@frozen
class Busy:
    """A place that a change deletes or copies to after it was published, and has not said to be done with.

    A request that was sent may arrive late. So until then no other change puts a file to this place, where it would
    be deleted or replaced: it waits below ``.dao/`` instead.

    Attributes:
        since: when the change was published, in UTC.
        etag: of what is copied there; None where nothing is.
    """

    since: datetime
    etag: str | None = None


@frozen
class Manifest:
    """What counts.

    Attributes:
        commit: the change that made it.
        recent: the changes before, the newest first.
        files: for each file's path below the tree where it is: the same path, or a place below ``.dao/`` that it has
            not been moved away from yet.
        gone: places of former files.
        busy: places that other changes may still be at work on.
        log: the content of the tree's log.
    """

    commit: str
    recent: tuple[str, ...] = ()
    files: Mapping[str, str] = field(factory=dict)
    gone: Mapping[str, Gone] = field(factory=dict)
    busy: Mapping[str, Busy] = field(factory=dict)
    log: bytes | None = None

    def followed_by(
        self,
        commit: str,
        files: Mapping[str, str],
        gone: Mapping[str, Gone],
        busy: Mapping[str, Busy],
        log: bytes | None,
    ) -> Manifest:
        """The manifest of the next change."""
        places = set(files.values())
        rest = {path: entry for path, entry in gone.items() if path not in places}
        return Manifest(commit, (self.commit, *self.recent)[:_RECENT], files, rest, busy, log)

    def busy_at(self, now: datetime) -> dict[str, Busy]:
        """The places that other changes may still be at work on."""
        return {place: entry for place, entry in self.busy.items() if now - entry.since < _BUSY_FOR}

    def fenced(self, commit: str) -> Manifest:
        """The same content with another commit, so that no write on the old condition can succeed any more."""
        return evolve(self, commit=commit, recent=(self.commit, *self.recent)[:_RECENT])

    def has(self, commit: str) -> bool:
        """Whether a change is part of it."""
        return commit == self.commit or commit in self.recent

    def to_bytes(self) -> bytes:
        """The manifest as it is stored."""
        told = {
            "dao_manifest": _FORMAT,
            "commit": self.commit,
            "recent": list(self.recent),
            "files": [path if path == at else [path, at] for path, at in sorted(self.files.items())],
            "gone": [[path, entry.etag, _moment_text(entry.modified)] for path, entry in sorted(self.gone.items())],
            "busy": [[place, entry.since.isoformat(), entry.etag] for place, entry in sorted(self.busy.items())],
            "log": None if self.log is None else self.log.decode(),
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes, key: str) -> Manifest:
        """Read a manifest.

        Raises:
            UnsupportedError: a later version of DAO wrote it.
            StoreError: it is damaged.
        """
        try:
            told = parse_object(content)
            number = check(told.get("dao_manifest"), int, "dao_manifest")
            if number > _FORMAT:
                raise UnsupportedError(f"{key!r} was written by a later version of DAO (format {number})")
            return cls._of(told)
        except ValueError as error:
            raise StoreError(
                f"{key!r} is damaged: {str(error)[:200]}; without it all files below its directory count, replaced "
                "ones too"
            ) from error

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Manifest:
        log = value(told, "log", str)
        return cls(
            commit=check(told.get("commit"), str, "commit"),
            recent=tuple(check(commit, str, "recent") for commit in items(told, "recent")),
            files=dict(_file(entry) for entry in check(told.get("files"), list, "files")),
            gone={
                path: Gone(etag, None if modified is None else moment(modified, "gone"))
                for path, etag, modified in (_entry(entry, "gone") for entry in items(told, "gone"))
            },
            busy={
                place: Busy(moment(since, "busy"), etag)
                for place, since, etag in (_entry(entry, "busy") for entry in items(told, "busy"))
            },
            log=None if log is None else log.encode(),
        )


def _file(entry: Any) -> tuple[str, str]:
    match entry:
        case str():
            return check(entry, str, "files"), entry
        case [str(path), str(at)] if ".." not in at.split("/") and not at.startswith("/"):
            return check(path, str, "files"), check(at, str, "files")
    raise ValueError("files: found an entry that names no file of this directory")


def _entry(entry: Any, what: str) -> tuple[str, Any, Any]:
    match entry:
        case [str(path), None | str(), None | str()]:
            first, second = (None if text is None else check(text, str, what) for text in entry[1:])
            return check(path, str, what), first, second
    raise ValueError(f"{what}: found an entry of another shape")


def _moment_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
