"""A lake that breaks a promise about idempotency keys: what test_lake.py makes of its methods."""

from __future__ import annotations

from dao.testing._conformance.base import Capability
from dao.testing._conformance.idempotency import Idempotency

__all__ = ["KEYED"]

ONCE = "def _once(self, data_object, key, asked, work):"
STREAM = "def write_stream(self, data: pa.RecordBatchReader, data_object: TableObject, *, mode='', idempotency_key=''):"

KEYED: dict[str, tuple[type[Capability], tuple[str, ...]]] = {
    "a_key_is_ignored": (Idempotency, (ONCE, "return work()")),
    "other_data_is_dropped": (Idempotency, (ONCE, "return super()._once(data_object, key, None, work)")),
    "other_arguments_are_dropped": (
        Idempotency,
        ("def _asked(self, action, given, rows=None):", "return super()._asked('', {}, rows)"),
    ),
    "positions_are_not_compared": (
        Idempotency,
        (
            "def _asked(self, action, given, rows=None):",
            "return super()._asked(action, {name: given[name] for name in given if name != 'position'}, rows)",
        ),
    ),
    "batches_are_compared": (
        Idempotency,
        (
            "def _asked(self, action, given, rows=None):",
            "chunks = [0] if rows is None else [len(chunk) for chunk in rows.column(0).chunks]",
            "return super()._asked(action, {**given, 'chunks': chunks}, rows)",
        ),
    ),
    "layouts_are_compared": (
        Idempotency,
        (
            "def _asked(self, action, given, rows=None):",
            "return super()._asked(action, {**given, 'schema': str(rows and rows.schema)}, rows)",
        ),
    ),
    "modes_come_before_keys": (
        Idempotency,
        (
            "def write(self, data, data_object, *, mode='error', idempotency_key=None):",
            "if mode == 'error' and data_object.key in self.tables: raise AlreadyExistsError('it exists')",
            "return super().write(data, data_object, mode=mode, idempotency_key=idempotency_key)",
        ),
    ),
    "the_newest_version_is_told": (
        Idempotency,
        (
            ONCE,
            "result, newest = super()._once(data_object, key, asked, work), len(self.tables[data_object.key])",
            "same = result.version_before == result.version_after",
            "return evolve(result, version_before=newest, version_after=newest) if same else result",
        ),
    ),
    "rows_are_told_again": (
        Idempotency,
        (
            ONCE,
            "result = super()._once(data_object, key, asked, work)",
            "return evolve(result, rows_inserted=result.rows_inserted or 1)",
        ),
    ),
    "a_key_is_of_one_thread": (
        Idempotency,
        (ONCE, "return super()._once(data_object, key and f'{key} {threading.get_ident()}', asked, work)"),
    ),
    "a_failed_call_leaves_its_key": (
        Idempotency,
        (
            ONCE,
            "try: return super()._once(data_object, key, asked, work)",
            "except DaoError:",
            "    self.done.setdefault((data_object.key, key), (asked, None))",
            "    raise",
        ),
    ),
    "what_changed_nothing_leaves_no_key": (
        Idempotency,
        (
            ONCE,
            "result = super()._once(data_object, key, asked, work)",
            "if not (result.rows_inserted or result.rows_updated or result.rows_deleted):",
            "    first = self.done.get((data_object.key, key), (None, None))[1]",
            "    if first == result.version_after != result.version_before: del self.done[data_object.key, key]",
            "return result",
        ),
    ),
    "a_restore_takes_keys_back": (
        Idempotency,
        (
            "def run_restore(self, data_object, *, version):",
            "self.done = {call: known for call, known in self.done.items() if known[1] <= version}",
            "return super().run_restore(data_object, version=version)",
        ),
    ),
    "a_dropped_branch_leaves_its_keys": (
        Idempotency,
        (
            "def drop_branch(self, data_object, name):",
            "done = self.done",
            "super().drop_branch(data_object, name)",
            "self.done = done",
        ),
    ),
    "upserts_ignore_keys": (
        Idempotency,
        (
            "def upsert(self, data, data_object, *, keys=None, order_by=None, idempotency_key=None):",
            "return super().upsert(data, data_object, keys=keys, order_by=order_by)",
        ),
    ),
    "deletes_ignore_keys": (
        Idempotency,
        (
            "def delete(self, data_object, *, where=None, idempotency_key=None):",
            "return super().delete(data_object, where=where)",
        ),
    ),
    "streams_ignore_keys": (
        Idempotency,
        (
            STREAM,
            "return super().write(data, data_object, mode='overwrite')",
        ),
    ),
}
