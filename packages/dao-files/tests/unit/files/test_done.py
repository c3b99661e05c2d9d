"""The calls that a table's log remembers by their idempotency keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from dao.errors import StoreError
from dao.testing._malformed import misshapen
from dao_files._actions.done import KEPT, Done
from dao_files._actions.log import Log, Record

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def read(content: bytes) -> Log:
    """Read a log back as a snapshot of it is read."""
    return Log.decode("t/_dao_log.jsonl", content)


def after(log: Log, done: Done | None = None) -> Log:
    return read(log.followed_by(Record(log.next_version(), NOW, "append"), done))


def test_a_call_is_found_by_its_key_and_no_other() -> None:
    odd = 'a"b\\ é\u2028'
    log = after(after(Log(), Done("a", "digest", 1, NOW)), Done(odd, "other", 2, NOW))
    assert log.find_done("a") == Done("a", "digest", 1, NOW)
    assert log.find_done(odd) == Done(odd, "other", 2, NOW)
    assert log.find_done("a,") is None


def test_calls_outlive_the_versions_that_are_kept() -> None:
    log = after(Log(), Done("a", "digest", 1, NOW))
    for _ in range(3):
        log = after(log)
    assert [record.version for record in log.records] == [1, 2, 3, 4]
    assert log.find_done("a") == Done("a", "digest", 1, NOW)


def test_a_call_that_changed_nothing_makes_no_version() -> None:
    first = after(Log())
    log = read(first.remembering(Done("a", "digest", 1, NOW)))
    assert (log.records, log.find_done("a")) == (first.records, Done("a", "digest", 1, NOW))
    unknown = read(Log().remembering(Done("a", "digest", None, NOW)))
    assert (unknown.newest, unknown.find_done("a")) == (None, Done("a", "digest", None, NOW))


def test_the_oldest_calls_are_forgotten() -> None:
    log = Log(done=tuple(Done(f"{n}", "digest", n, NOW).encode() for n in range(KEPT)))
    log = read(log.remembering(Done("new", "digest", 1, NOW)))
    assert len(log.done) == KEPT
    assert log.find_done("0") is None
    assert log.find_done("1") is not None


def test_no_line_of_a_call_ends_in_another_error() -> None:
    refused = 0
    for content in misshapen(json.loads(Done("a", "digest", 1, NOW).encode())):
        try:
            found = read(content + b"\n").find_done("a")
        except StoreError as error:
            refused += "damaged" in error.message
        else:
            assert found is None or (found.key, type(found.request)) == ("a", str)
    assert refused > 10


def test_a_damaged_call_is_an_error_for_its_key_alone() -> None:
    log = read(b'{"idempotency_key": "a", "request": 5}\n' + after(Log(), Done("b", "digest", 1, NOW)).followed_by(
        Record(2, NOW, "append")
    ))  # fmt: skip
    with pytest.raises(StoreError, match=r"_dao_log\.jsonl is damaged: request"):
        log.find_done("a")
    assert log.find_done("b") is not None
    assert log.version == 2
