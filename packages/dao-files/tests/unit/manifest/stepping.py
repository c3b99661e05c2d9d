"""One store, several writers, and every order of their requests.

A writer's requests are counted. Before any of them something else can happen: another writer, a reader, a death, an
answer that is lost, a request that arrives when nobody waits for it any more.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from attrs import define, evolve, field

from dao import DirectoryObject
from dao.errors import DaoError, NotFoundError, TransientError
from dao.file_set import FileSet, SourceFile
from dao.tables._conflicts import retry_conflicts
from dao_files._actions.binary import write_files
from dao_files._actions.managing import copy, delete, move
from dao_files._storage.keys import join
from dao_files.manifest._manifest import FOLDER, MANIFEST, Manifest
from dao_files.manifest._storage import ManifestStorage
from dao_files.manifest._transport import Stat
from dao_files.testing import FaultyTransport

PAGE = 2
"""Keys per page of a listing: few, so that much can happen between two pages."""

Action = Callable[[ManifestStorage], Any]
Files = dict[str, bytes]


class Killed(BaseException):
    """The process is no more."""


@define(slots=False)
class Stepped(FaultyTransport):
    """A transport whose ``at``-th request does not go as usual.

    Attributes:
        at: which request, counted from 1; None for all as usual.
        how: ``then``: something happens before it; ``fail``; ``lose``: it is done, and the answer lost; ``late``: it
            fails, and arrives when :meth:`deliver` is called; ``kill``: it is not done, nor is any after it; ``done``:
            it is done, and none after it.
        then: what happens before it.
        count: the requests so far.
    """

    at: int | None = None
    how: str = "then"
    then: Callable[[], object] = lambda: None
    count: int = 0
    late: list[Callable[[], Any]] = field(factory=list)

    def _send(self, name: str, request: Callable[[], Any]) -> Any:
        self.count += 1
        if self.at is not None and self.count > self.at and self.how in ("kill", "done"):
            raise Killed
        if self.count != self.at:
            return super()._send(name, request)
        if self.how == "then":
            self.then()
        elif self.how == "kill":
            raise Killed
        elif self.how == "late":
            self.late.append(request)
        if self.how in ("fail", "late"):
            raise TransientError(f"{name} was not answered")
        answer = super()._send(name, request)
        if self.how in ("lose", "done"):
            raise TransientError(f"the answer to {name} was lost") if self.how == "lose" else Killed
        return answer

    def deliver(self) -> None:
        """Let the late request arrive."""
        for request in self.late:
            with suppress(DaoError):  # nobody hears of it
                request()

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        while True:
            page = self._send(f"list {prefix} {after}", lambda after=after: self._page(prefix, after))
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].key

    def _page(self, prefix: str, after: str | None) -> list[Stat]:
        keys = sorted((key for key in self.objects if key.startswith(prefix)), key=str.encode)
        found = [key for key in keys if after is None or key.encode() > after.encode()][:PAGE]
        return [evolve(self.objects[key][0], metadata={}, facts={}) for key in found]


def on(objects: dict[str, Any], **steps: Any) -> ManifestStorage:
    """A process of its own that works on a store."""
    return ManifestStorage(Stepped(objects, **steps), conflict_timeout=60)


def upload(objects: dict[str, Any], files: Files) -> None:
    """What another program puts there."""
    for key, content in files.items():
        FaultyTransport(objects).put(key, content)


def read(storage: ManifestStorage, key: str) -> Files:
    """All files of a tree, by their paths below it, read as DAO reads tables: begun again after a conflict."""

    def work() -> Files:
        try:
            snapshot = storage.snapshot(key, "directory")
        except NotFoundError:
            return {}
        found = {}
        for info in snapshot.files:
            with snapshot.open(info.key) as file:
                found[info.key[len(key) + 1 :]] = file.read()
        found.pop("_dao_log.jsonl", None)
        return found

    return retry_conflicts(storage.conflict_timeout, work)


def put(files: Files, mode: str = "overwrite", key: str = "t") -> Action:
    """The action that writes files to a tree."""
    sources = [SourceFile(path, lambda content=content: io.BytesIO(content)) for path, content in files.items()]
    return lambda storage: write_files(storage, FileSet(sources), DirectoryObject(key), mode=mode, path=None)


def remove(key: str = "t") -> Action:
    """The action that deletes a tree."""
    return lambda storage: delete(storage, DirectoryObject(key), path=None, about_rows={}, options={})


def copied(source: str, target: str, mode: str = "overwrite") -> Action:
    """The action that copies a tree."""
    return lambda storage: copy(storage, DirectoryObject(source), DirectoryObject(target), mode=mode)


def moved(source: str, target: str, mode: str = "overwrite") -> Action:
    """The action that moves a tree."""
    return lambda storage: move(storage, DirectoryObject(source), DirectoryObject(target), mode=mode)


def outcome(action: Action, storage: ManifestStorage) -> str:
    """How an action ends: ``done``, or its error's name."""
    try:
        action(storage)
    except DaoError as error:
        return type(error).__name__
    return "done"


def requests_of(objects: dict[str, Any], action: Action) -> int:
    """How many requests an action makes; the store stays as it is."""
    storage = on(dict(objects))
    outcome(action, storage)
    return storage.transport.count


def publishing(objects: dict[str, Any], action: Action, key: str = "t") -> int:
    """The number of the request by which an action first replaces the manifest of ``key``; the store stays as it is."""
    storage, names = on(dict(objects)), list[str]()
    send = storage.transport._send

    def noting(name: str, request: Callable[[], Any]) -> Any:
        names.append(name)
        return send(name, request)

    storage.transport._send = noting  # type: ignore[method-assign]
    action(storage)
    return names.index(f"put {join(key, MANIFEST)}") + 1


def check_sound(objects: dict[str, Any], key: str = "t") -> None:
    """Whatever a manifest names is there."""
    place = join(key, MANIFEST)
    if place in objects:
        manifest = Manifest.from_bytes(objects[place][1], place)
        missing = [at for at in manifest.files.values() if join(key, at) not in objects]
        assert not missing, f"named and deleted: {missing}"


class TwoDaysLater(datetime):
    """A clock that is ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return datetime.now(tz) + timedelta(days=2)


def check_clean(objects: dict[str, Any], key: str = "t") -> None:
    """Nothing is left over that no manifest names, once the next change has come by two days later."""
    with patch("dao_files.manifest._tidying.datetime", TwoDaysLater):
        put({"+later": b""}, "append", key)(on(objects))
    manifest = Manifest.from_bytes(objects[join(key, MANIFEST)][1], key)
    named = {join(key, at) for at in manifest.files.values()}
    left = {one for one in objects if one.startswith(f"{key}/")} - named - {join(key, MANIFEST)}
    assert not left, f"left over: {left}"
    assert all(not at.startswith(FOLDER) or path in manifest.busy for path, at in manifest.files.items())
