"""What the kit knows of versions, on a lake that has it all, and on one that breaks a promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from mutants.keyed import KEYED

from dao.testing._conformance.base import Capability
from dao.testing._conformance.idempotency import Idempotency
from dao.testing._conformance.increments import DeletingUpserts, Increments
from dao.testing._conformance.operations import Operations
from dao.testing._conformance.positions import Positions
from dao.testing._conformance.versions import Changes, References, TimeTravels

pytest_plugins = ["pytester"]

LAKES = Path(__file__).parents[2] / "conformance"

SUITE = """
import sys
sys.path.insert(0, "LAKES")
import threading
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from attrs import evolve
from dao import *
from dao.arrow.convert import to_reader
from dao.tables import CHANGE_COLUMNS, check_position, mark_renamed, renamed_columns
from dao.capabilities import capabilities_of
from dao.testing import Backend, ConformanceSuite
from full_lake import FullLakeInterface
from lake import LakeInterface


class Mutant(FullLakeInterface):
    MUTATION


class TestIt(ConformanceSuite):
    capabilities = capabilities_of(Mutant)

    @pytest.fixture
    def backend(self):
        mine = Mutant()
        return Backend(
            store=DataStore("kit", mine), other=DataStore("other", Mutant()),
            refer=mine.refer, drop_branch=mine.drop_branch, rename_column=mine.rename_column,
        )
"""

HELD = (TimeTravels, Changes, References, Idempotency, Operations, Positions, DeletingUpserts, Increments)
CHANGES = "def read_changes(self, data_object, **given):"
PLACED = "def _placed(self, data_object, position, work, mode='append'):"
UPSERT = "def upsert(self, data, data_object, *, keys=None, order_by=None, delete_when=None, position=None):"
EXPIRE = "def run_expire(self, data_object, *, older_than=0, dry_run=True):"

MUTANTS: dict[str, tuple[type[Capability], tuple[str, ...]]] = {
    "version_is_ignored": (
        TimeTravels,
        ("def read(self, data_object, *, version=None, **given):", "return super().read(data_object, **given)"),
    ),
    "as_of_is_ignored": (
        TimeTravels,
        ("def read(self, data_object, *, as_of=None, **given):", "return super().read(data_object, **given)"),
    ),
    "history_is_cut": (
        TimeTravels,
        ("def history(self, data_object):", "return super().history(data_object)[:1]"),
    ),
    "versions_are_not_told": (
        TimeTravels,
        (
            "def write(self, data, data_object, *, mode='error'):",
            "super().write(data, data_object, mode=mode)",
            "return WriteResult()",
        ),
    ),
    "since_is_inclusive": (
        Changes,
        (
            "def read_changes(self, data_object, *, since=None, **given):",
            "since = since - 1 if since and since > 1 else None",
            "return super().read_changes(data_object, since=since, **given)",
        ),
    ),
    "until_is_ignored": (
        Changes,
        (
            "def read_changes(self, data_object, *, until=None, **given):",
            "return super().read_changes(data_object, **given)",
        ),
    ),
    "where_is_ignored": (
        Changes,
        (
            "def read_changes(self, data_object, *, where=None, **given):",
            "return super().read_changes(data_object, **given)",
        ),
    ),
    "deletes_are_left_out": (
        Changes,
        (
            CHANGES,
            "given.pop('where', None)",
            "return super().read_changes(data_object, where=\"_change_type = 'insert'\", **given)",
        ),
    ),
    "columns_that_changes_have_too_are_dropped": (
        Changes,
        (
            "def write(self, data, data_object, *, mode='error'):",
            "rows = to_reader(data).read_all()",
            "kept = [name for name in rows.column_names if name not in CHANGE_COLUMNS]",
            "return super().write(rows.select(kept), data_object, mode=mode)",
        ),
    ),
    "a_tag_is_ignored": (
        References,
        ("def read(self, data_object, *, tag=None, **given):", "return super().read(data_object, **given)"),
    ),
    "a_branch_is_the_table": (References, ("def _on(self, data_object, branch):", "return data_object")),
    "an_overwrite_of_a_branch_replaces_the_columns_of_the_table": (
        References,
        (
            "def write(self, data, data_object, *, mode='error', branch=None):",
            "rows = to_reader(data).read_all()",
            "result = super().write(rows, data_object, mode=mode, branch=branch)",
            "if branch is not None and mode == 'overwrite':",
            "    version, old, parts = self.tables[data_object.key][-1]",
            "    kept = [name for name in old.column_names if name in rows.column_names]",
            "    self.tables[data_object.key][-1] = version, old.select(kept), parts",
            "return result",
        ),
    ),
    "a_position_is_ignored": (Positions, (PLACED, "return work()")),
    "a_position_is_not_compared": (
        Positions,
        (
            PLACED,
            "since = position and self.read_position(data_object, source=position.source)",
            "position = position and Position(position.source, position.version, since and since.version)",
            "return super()._placed(data_object, position, work, mode)",
        ),
    ),
    "a_position_is_kept_before_the_rows": (
        Positions,
        (
            PLACED,
            "line = len(self.tables.get(data_object.key, []))",
            "if position is not None:",
            "    check_position(position, self._positions(data_object, line).get(position.source), mode)",
            "    self.positions[data_object.key, line] = {position.source: position}",
            "return super()._placed(data_object, position and Position(position.source, position.version,"
            " position.version), work, mode)",
        ),
    ),
    "only_the_last_source_is_known": (
        Positions,
        (
            PLACED,
            "result = super()._placed(data_object, position, work, mode)",
            "if position is not None and result.version_after is not None:",
            "    self.positions[data_object.key, result.version_after] = {position.source: position}",
            "return result",
        ),
    ),
    "later_writes_lose_the_position": (
        Positions,
        (
            "def _publish(self, data_object, operation, change):",
            "result = super()._publish(data_object, operation, change)",
            "self.positions[data_object.key, result.version_after] = {}",
            "return result",
        ),
    ),
    "an_overwrite_keeps_the_positions": (
        Positions,
        (
            "def _publish(self, data_object, operation, change):",
            "return super()._publish(data_object, 'append', change)",
        ),
    ),
    "a_restored_version_keeps_the_newest_position": (
        Positions,
        (
            "def run_restore(self, data_object, *, version):",
            "return self._again(data_object, 'restore', self._until(data_object, version)[-1][1])",
        ),
    ),
    "an_upsert_without_changes_is_no_commit": (
        Positions,
        (
            UPSERT,
            "if len(data) == 0:",
            "    return WriteResult(0, 0, 0)",
            "return super().upsert(data, data_object, keys=keys, position=position)",
        ),
    ),
    "a_deletion_is_an_upsert": (
        DeletingUpserts,
        (
            UPSERT,
            "data = data.drop_columns([n for n in ('_change_type',) if n in data.column_names])",
            "return super().upsert(data, data_object, keys=keys, order_by=order_by)",
        ),
    ),
    "a_deletion_is_always_the_newest": (
        DeletingUpserts,
        (UPSERT, "return super().upsert(data, data_object, keys=keys, delete_when=delete_when, position=position)"),
    ),
    "null_deletes": (
        DeletingUpserts,
        (
            UPSERT,
            "delete_when = delete_when and f'({delete_when}) IS NOT FALSE'",
            "return super().upsert(data, data_object, keys=keys, order_by=order_by, delete_when=delete_when)",
        ),
    ),
    "changes_are_those_since_the_beginning": (
        Increments,
        (CHANGES, "return super().read_changes(data_object, **{**given, 'since': None})"),
    ),
    "renames_are_not_told": (
        Increments,
        (CHANGES, "return super().read_changes(data_object, **given).replace_schema_metadata(None)"),
    ),
    "renames_of_other_columns_are_told": (
        Increments,
        (
            "def read_changes(self, data_object, *, columns=None, **given):",
            "found = super().read_changes(data_object, columns=columns, **given)",
            "known = renamed_columns(super().read_changes(data_object, **given).schema)",
            "return mark_renamed(found, known)",
        ),
    ),
    "updates_are_left_out": (
        Increments,
        (
            CHANGES,
            "found = super().read_changes(data_object, **given)",
            "return found.filter(pc.equal(found['_change_type'], 'insert'))",
        ),
    ),
    "a_compaction_is_a_change": (
        Increments,
        (
            "def run_compact(self, data_object):",
            "return self._again(data_object, 'compact', self._until(data_object)[-1][1])",
        ),
    ),
    "the_version_of_a_stream_is_ignored": (
        Increments,
        (
            "def read_stream(self, data_object, *, version=None):",
            "late = (b for _ in range(1) for b in self.read(data_object).to_batches())",
            "return pa.RecordBatchReader.from_batches(self.schema(data_object), late)",
        ),
    ),
    "expire_is_not_dry": (
        Operations,
        (
            "def run_expire(self, data_object, *, older_than=0, dry_run=False):",
            "return super().run_expire(data_object, older_than=older_than, dry_run=dry_run)",
        ),
    ),
    "dry_run_deletes": (
        Operations,
        (
            EXPIRE,
            "super().run_expire(data_object, older_than=older_than, dry_run=False)",
            "return WriteResult(details={'dry_run': dry_run})",
        ),
    ),
    "expire_keeps_all": (Operations, (EXPIRE, "return WriteResult(details={'dry_run': dry_run})")),
    "compact_loses_rows": (
        Operations,
        (
            "def run_compact(self, data_object):",
            "return self._again(data_object, 'compact', self._rows(data_object).slice(1))",
        ),
    ),
    "restore_forgets_what_was_between": (
        Operations,
        (
            "def run_restore(self, data_object, *, version):",
            "self.tables[data_object.key] = self._until(data_object, version)",
            "return WriteResult(version_after=version)",
        ),
    ),
    "restore_keeps_what_has_a_plus": (
        Operations,
        (
            "def run_restore(self, data_object, *, version):",
            "old, now = self._until(data_object, version)[-1][1], self._rows(data_object)",
            "odd = now.filter(pc.match_substring(now['p'], '+')) if 'p' in now.column_names else now.slice(0, 0)",
            "return self._again(data_object, 'restore', pa.concat_tables([old, odd.cast(old.schema)]))",
        ),
    ),
    **KEYED,
}
"""For each mutant the capability that must notice it, and its method: the head, and the lines of its body."""


def names_of(kind: type[Capability]) -> list[str]:
    return [f"test_it.py::TestIt::{name}" for name in vars(kind) if name.startswith("test_")]


def suite(mutation: str) -> str:
    return SUITE.replace("LAKES", str(LAKES)).replace("MUTATION", mutation)


def test_a_lake_that_keeps_its_promises_is_green(run_kit):
    held = [name for kind in HELD for name in names_of(kind)]
    outcomes = run_kit(suite("pass"), *held).parseoutcomes()
    assert outcomes == {"passed": len(held)}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_promise_is_noticed(run_kit, name):
    guarded_by, (head, *body) = MUTANTS[name]
    method = "\n".join([head, *(f"        {line}" for line in body)])
    result = run_kit(suite(method), "-x", *names_of(guarded_by))
    assert result.parseoutcomes().get("failed", 0) >= 1, f"{guarded_by.__name__} didn't notice {name}"
    result.stdout.no_re_match_line(r"E +(AttributeError|IndexError|KeyError|NameError|SyntaxError|TypeError)")


def test_a_call_that_says_two_versions_is_noticed(run_kit, monkeypatch):
    for place in ("dao._core.routing.table", "dao._core.prepare"):
        monkeypatch.setattr(f"{place}.check_one_version", lambda action, arguments: None)
    name = "test_it.py::TestIt::test_a_version_is_said_in_one_way"
    run_kit(suite("pass"), name).assert_outcomes(failed=1)
