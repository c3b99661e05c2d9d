"""The kit notices: storages and transports that break one promise each turn one of its tests red."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from dao.errors import ConfigError, ConflictError, NotFoundError, StoreError
from dao_files import MemoryStorage
from dao_files._local.memory import _below, _Content
from dao_files.manifest import ManifestStorage, MemoryTransport
from dao_files.testing import StorageSuite, TransportSuite

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def passes(suite: type, test: str, **fixtures: Any) -> bool:
    """Whether a test of a suite is green."""
    run = getattr(suite(), f"test_{test}")
    try:
        run(**{name: value for name, value in fixtures.items() if name in inspect.signature(run).parameters})
    except (Exception, pytest.fail.Exception):
        return False
    return True


class IgnoresAbsent(MemoryTransport):
    def _put(self, key, content, if_absent, if_match, settings):
        return super()._put(key, content, False, if_match, settings)


class IgnoresMatch(MemoryTransport):
    def _put(self, key, content, if_absent, if_match, settings):
        return super()._put(key, content, if_absent, None, settings)


class CountsSizes(MemoryTransport):
    """Its ETags are sizes."""

    def _put(self, key, content, if_absent, if_match, settings):
        stat = evolve(super()._put(key, content, if_absent, if_match, settings), etag=str(len(content)))
        self.objects[key] = (stat, content)
        return stat


class ReadsWhateverIsThere(MemoryTransport):
    def get(self, key, *, etag=None, **part):
        return super().get(key, **part)


class IgnoresVersions(MemoryTransport):
    @staticmethod
    def refuse_version(version):
        pass


class DropsSettings(MemoryTransport):
    def _put(self, key, content, if_absent, if_match, settings):
        return super()._put(key, content, if_absent, if_match, None)


class Unordered(MemoryTransport):
    def list(self, prefix, *, after=None):
        return iter(sorted(super().list(prefix, after=after), key=lambda stat: stat.key[::-1]))


class ListsFolders(MemoryTransport):
    """Takes a prefix for a folder."""

    def list(self, prefix, *, after=None):
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        return super().list(folder, after=after)


class FoldsCase(MemoryTransport):
    def put(self, key, data, **how):
        return super().put(key.lower(), data, **how)


class RefusesToDeleteNothing(MemoryTransport):
    def delete(self, keys):
        for key in keys:
            if key not in self.objects:
                raise NotFoundError(key)
            super().delete([key])


class Lazy(MemoryTransport):
    """Misses what is missing when the first piece is asked for."""

    def chunks(self, key, **how):
        yield from super().chunks(key, **how)


class WritesAtOnce(MemoryTransport):
    def writer(self, key, **how):
        writer = super().writer(key, **how)
        send = writer.write

        def write(data: Any) -> int:
            self.put(key, data)
            return send(data)

        writer.write = write
        return writer


class LocalTimes(MemoryTransport):
    def list(self, prefix, *, after=None):
        return (evolve(stat, modified=stat.modified.replace(tzinfo=None)) for stat in super().list(prefix, after=after))


class ForgetsPickled(MemoryTransport):
    def __getstate__(self):
        return {"objects": {}}


class FailsPastTheEnd(MemoryTransport):
    def get(self, key, *, start=0, **how):
        if start > self.head(key).size:
            raise ConflictError("416")
        return super().get(key, start=start, **how)


TRANSPORTS: dict[type[MemoryTransport], str] = {
    IgnoresAbsent: "creating_replaces_nothing",
    IgnoresMatch: "replacing_under_a_condition",
    CountsSizes: "every_content_has_its_etag",
    ReadsWhateverIsThere: "reads_under_a_condition",
    IgnoresVersions: "versions_are_not_ignored",
    DropsSettings: "settings_are_kept_or_refused",
    Unordered: "listings_are_in_order",
    ListsFolders: "listings_are_in_order",
    FoldsCase: "keys_are_exact",
    RefusesToDeleteNothing: "deleting",
    Lazy: "what_is_missing_is_missed_at_once",
    WritesAtOnce: "a_writer_shows_nothing_before_it_is_closed",
    LocalTimes: "listings_say_what_is_there",
    ForgetsPickled: "it_can_be_pickled",
    FailsPastTheEnd: "parts_are_exact",
}


class LiveSnapshots(MemoryStorage):
    """Its snapshots read what is there now."""

    def snapshot(self, key, wanted=None):
        snapshot = super().snapshot(key, wanted)
        snapshot._content = lambda one: self.contents[one]
        return snapshot


class Merges(MemoryStorage):
    """Leaves what a change didn't keep."""

    def swap(self, new):
        super().swap({key: {**_below(self.contents, key), **contents} for key, contents in new.items()})


class MovesOntoAnything(MemoryStorage):
    def move(self, source, target, *, replace, wanted=None):
        super().move(source, target, replace=lambda there: True)


class DeletesByPrefix(MemoryStorage):
    def delete(self, key, wanted=None):
        super().delete(key)
        self.swap({one: {} for one in self.contents if one.startswith(key)})


class ShowsEarly(MemoryStorage):
    """Publishes each file when it is created."""

    @contextmanager
    def change(self, key, *, tree, blind=False):
        with super().change(key, tree=tree, blind=blind) as change:
            create = change.create

            def early(path, **how):
                sink = create(path, **how)
                self.swap({f"{key}/{path}" if path else key: {f"{key}/{path}" if path else key: _Content(b"", NOW)}})
                return sink

            change.create = early
            yield change


class ForgetsFolders(MemoryStorage):
    def kind(self, key, wanted=None):
        return "file" if key in self.contents else None


class KnowsEveryError(MemoryStorage):
    def translate(self, error):
        return StoreError(str(error))


class OwnsEveryUri(MemoryStorage):
    def key_of(self, uri):
        return uri.rpartition("://")[2].partition("/")[2]


class Normalises(MemoryStorage):
    def swap(self, new):
        super().swap({key: {one.strip(): content for one, content in found.items()} for key, found in new.items()})


class Unsorted(MemoryStorage):
    def list(self, key):
        return iter(sorted(super().list(key), key=lambda info: info.key[::-1]))


STORAGES: dict[type[MemoryStorage], str] = {
    LiveSnapshots: "a_snapshot_does_not_change",
    Merges: "a_change_replaces_everything",
    MovesOntoAnything: "moving",
    DeletesByPrefix: "deleting",
    ShowsEarly: "what_is_not_published_is_nowhere",
    ForgetsFolders: "what_is_published_is_there",
    KnowsEveryError: "errors_are_known_or_not",
    OwnsEveryUri: "uris_name_keys",
    Normalises: "keys_are_exact",
    Unsorted: "what_is_published_is_there",
}


@pytest.mark.parametrize(("mutant", "test"), TRANSPORTS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_transport_is_noticed(mutant: type[MemoryTransport], test: str) -> None:
    assert passes(TransportSuite, test, transport=MemoryTransport())
    assert not passes(TransportSuite, test, transport=mutant())


@pytest.mark.parametrize(("mutant", "test"), STORAGES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_storage_is_noticed(mutant: type[MemoryStorage], test: str) -> None:
    assert passes(StorageSuite, test, storage=MemoryStorage())
    assert not passes(StorageSuite, test, storage=mutant())


@pytest.mark.parametrize("test", ["what_has_appeared_is_not_replaced", "a_conflict_can_be_renewed"])
def test_a_conflict_that_goes_unseen_is_noticed(test: str) -> None:
    for transport, green in ((MemoryTransport(), True), (IgnoresMatch(), False)):
        storage, rival = ManifestStorage(transport), ManifestStorage(transport)
        assert passes(StorageSuite, test, storage=storage, rival=rival) is green


@pytest.mark.parametrize("suite", [TransportSuite, StorageSuite])
def test_every_test_states_its_rule(suite: type) -> None:
    tests = [getattr(suite, name) for name in dir(suite) if name.startswith("test_")]
    assert all(test.__doc__ for test in tests)


def test_an_unknown_absence_is_refused() -> None:
    with pytest.raises(ConfigError, match="metadata"):
        type("TestMine", (TransportSuite,), {"lacks": {"meta": "none"}})
