"""The lake with all that the kit knows of versions: branches, tags, writes done once, positions, and operations."""

from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import Factory, define
from lake import LakeInterface

from dao import DataError, NotFoundError, Position, TableObject, WriteResult, register
from dao.arrow.convert import to_reader
from dao.tables import Merged, RequestDigest, RowsDigest, check_position, mark_renamed


@define(slots=False)
class FullLakeInterface(LakeInterface):
    """A branch is a table of its own; a tag is a version; an expired version has no rows."""

    tags: dict[tuple[str, str], int] = Factory(dict)
    done: dict[tuple[str, str], Any] = Factory(dict)
    positions: dict[tuple[str, int], dict[str, Position]] = Factory(dict)
    renamed: dict[tuple[str, int], dict[str, str]] = Factory(dict)

    def read(self, data_object: TableObject, *, branch=None, tag=None, version=None, as_of=None, **selection):
        if tag is not None and (version := self.tags.get((data_object.key, tag))) is None:
            raise NotFoundError(f"there is no tag {tag!r}")
        return super().read(self._on(data_object, branch), version=version, as_of=as_of, **selection)

    @register("write", "write_stream")
    def write(self, data, data_object: TableObject, *, mode="error", branch=None, idempotency_key=None, position=None):
        new, on = to_reader(data).read_all(), self._on(data_object, branch)
        work = lambda: LakeInterface.write(self, new, on, mode=mode)  # noqa: E731
        asked = self._asked("write", {"mode": mode, "position": _told(position)}, new)
        return self._once(on, idempotency_key, asked, lambda: self._placed(on, position, work, mode))

    def upsert(
        self,
        data,
        data_object: TableObject,
        *,
        keys=None,
        order_by=None,
        delete_when=None,
        idempotency_key=None,
        position=None,
    ):
        new, given = to_reader(data).read_all(), {"keys": keys, "order_by": order_by, "delete_when": delete_when}
        work = lambda: LakeInterface.upsert(self, new, data_object, **given)  # noqa: E731
        placed = lambda: self._placed(data_object, position, work)  # noqa: E731
        asked = self._asked("upsert", {"given": str(given), "position": _told(position)}, new)
        return self._once(data_object, idempotency_key, asked, placed)

    def read_changes(self, data_object: TableObject, *, since=None, **given):
        found = super().read_changes(data_object, since=since, **given)
        first = 0 if since is None else len(self._until(data_object, since))
        later = [names for (key, at), names in self.renamed.items() if key == data_object.key and at > first > 0]
        known = {name: old for names in later for name, old in names.items() if name in found.column_names}
        return mark_renamed(found, known)

    def read_position(self, data_object: TableObject, *, source, branch=None):
        on = self._on(data_object, branch)
        return self._positions(on, len(self.tables.get(on.key, []))).get(source)

    def delete(self, data_object: TableObject, *, where=None, idempotency_key=None):
        work = lambda: LakeInterface.delete(self, data_object, where=where)  # noqa: E731
        return self._once(data_object, idempotency_key, self._asked("delete", {"where": str(where)}), work)

    def history(self, data_object: TableObject):
        line = LakeInterface._until(self, data_object)
        return [version for version, rows, _ in reversed(line) if rows is not None]

    def run_compact(self, data_object: TableObject):
        rows = self._until(data_object)[-1][1]
        return self._publish(data_object, "compact", Merged(rows, rows.slice(0, 0), rows.slice(0, 0)))

    def run_restore(self, data_object: TableObject, *, version):
        line = self._until(data_object, version)
        result = self._again(data_object, "restore", line[-1][1])
        self.positions[data_object.key, result.version_after] = self._positions(data_object, len(line))
        return result

    def run_expire(self, data_object: TableObject, *, older_than=0, dry_run=True):
        line = self._until(data_object)
        until = datetime.now(UTC) - timedelta(seconds=older_than)
        expired = [
            at for at, (version, rows, _) in enumerate(line[:-1]) if rows is not None and version.timestamp <= until
        ]
        if not dry_run:
            self.tables[data_object.key] = [
                (v, None, []) if at in expired else (v, *rest) for at, (v, *rest) in enumerate(line)
            ]
        return WriteResult(details={"versions": len(expired), "dry_run": dry_run})

    def refer(self, kind, data_object, name):
        """Give the newest version of a table a name: what this lake's own operation would do."""
        line = self._until(data_object)
        if kind == "tag":
            self.tags[data_object.key, name] = len(line)
        else:
            self.tables[f"{data_object.key}@{name}"] = list(line)
            self.positions[f"{data_object.key}@{name}", len(line)] = self._positions(data_object, len(line))

    def rename_column(self, data_object, old, new):
        """Rename a column: a version in which no row changes."""
        rows = self._rows(data_object)
        names = [new if name == old else name for name in rows.column_names]
        nothing = rows.slice(0, 0)
        result = self._publish(data_object, "rename", Merged(rows.rename_columns(names), nothing, nothing))
        self.renamed[data_object.key, result.version_after] = {new: old}

    def drop_branch(self, data_object, name):
        """Remove a branch, with what was done on it."""
        key = f"{data_object.key}@{name}"
        del self.tables[key]
        self.done = {call: known for call, known in self.done.items() if call[0] != key}

    def _again(self, data_object, operation, rows):
        return self._publish(data_object, operation, Merged(rows, self._rows(data_object), rows, rows.num_rows))

    def _until(self, data_object, at=None):
        line = LakeInterface._until(self, data_object, at)
        if line[-1][1] is None:
            raise NotFoundError(f"version {at!r} of {data_object.key!r} is expired")
        return line

    def _on(self, data_object, branch):
        if branch is None:
            return data_object
        on = TableObject(data_object.identifier, data_object.data_store, key=f"{data_object.key}@{branch}")
        self._until(on)
        return on

    def _positions(self, data_object, version):
        return self.positions.get((data_object.key, version), {})

    def _placed(self, data_object, position, work, mode="append"):
        with self.lock:
            if position is not None:
                check_position(position, self.read_position(data_object, source=position.source), mode)
            before = len(self.tables.get(data_object.key, []))
            result = work()
            if position is not None and result.version_after is not None:
                kept = {} if mode == "overwrite" else self._positions(data_object, before)
                self.positions[data_object.key, result.version_after] = {**kept, position.source: position}
            return result

    def _publish(self, data_object, operation, change):
        before = len(self.tables.get(data_object.key, []))
        result = LakeInterface._publish(self, data_object, operation, change)
        kept = {} if operation == "overwrite" else self._positions(data_object, before)
        self.positions[data_object.key, result.version_after] = kept
        return result

    def _asked(self, action, given, rows=None):
        if rows is None:
            return RequestDigest.of(action, given)
        digest = RowsDigest(rows.schema)
        for batch in rows.to_batches():
            digest.update(batch)
        return RequestDigest.of(action, given, digest)

    def _once(self, data_object, key, asked, work):
        if key is None:
            return work()
        with self.lock:
            if (data_object.key, key) not in self.done:
                result = work()
                self.done[data_object.key, key] = asked, result.version_after
                return result
            first, version = self.done[data_object.key, key]
        if first != asked:
            raise DataError(f"idempotency_key: {key!r} was used for something else")
        return WriteResult(0, 0, 0, version_before=version, version_after=version)


def _told(position):
    return position and [position.source, position.version]
