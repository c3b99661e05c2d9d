"""Reads what a target lacks of its source tables: each step of all tables at once.

A row is wanted if the target has no row of its key, or an older one: the target's own rows are the marks, key by key.
So a row that comes late isn't lost, whatever moments other rows have, and one that was written isn't read again, with
or without a position. The position of a table is the version of it that the target has all wanted rows of: then only
what changed since is looked at. A read that ``max_records`` cuts leaves the position where it is, and keeps from when
on it looked, so that what waits doesn't leave the window of ``time_filter_hours`` meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve, frozen

from dao import AsyncDataAccessObject
from dao.arrow.convert import find_names
from dao.arrow.predicates import Predicate, conjunction, parse
from dao.errors import DataError, NotFoundError
from dao.increments import Position
from dao_iceberg._objects import IcebergObject
from dao_iceberg.connector._config import SourceTable
from dao_iceberg.connector._moments import NEVER, between, moment_kind, moment_of
from dao_iceberg.connector._records import Part, Records
from dao_iceberg.connector._rows import common, first_rows, marks_of, newer, pairs_of, rows_of_pairs
from dao_iceberg.connector._tables import ConnectorTables

__all__ = ["Reading", "all_of", "threaded"]

_CLOSED = 2**63 - 1
"""The window of a source of which no read was cut."""

_COMING = ("insert", "update_after")

T = TypeVar("T")


async def threaded(call: Callable[[], T]) -> T:
    """Run a call in a thread; a cancellation waits until it is done."""
    running = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def all_of(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Await calls at once; the first error stops the others, and is raised when they have ended."""
    running = [asyncio.ensure_future(call) for call in calls]
    try:
        return list(await asyncio.gather(*running))
    except BaseException:
        for one in running:
            one.cancel()
        await asyncio.wait(running)
        raise


@frozen(kw_only=True, eq=False)
class _Source:
    """A source table as it is at one version, and what the target knows of it.

    Attributes:
        table: as the config has it.
        data_object: the table.
        index, datetime: its columns.
        kind: of its moments.
        version: its newest version; None for a table without any.
        since: the version that the target has all of.
        window: the stored beginning of a window that was cut.
        start: from when on rows are wanted; None for all.
        pairs: keys and moments of the rows that may be wanted.
    """

    table: SourceTable
    data_object: IcebergObject
    index: str
    datetime: str
    kind: str
    version: int | None
    since: int | None
    window: int | None
    start: int | None
    pairs: pa.Table

    def where(self, low: int | None, high: int | None = None, *, nulls: bool = True) -> Predicate | None:
        """The predicate of wanted rows between two moments; see :func:`between`."""
        wanted = [parse(self.table.where)] if self.table.where is not None else []
        within = between(self.datetime, self.kind, low, high, nulls=nulls)
        wanted += [within] if within is not None else []
        return conjunction(wanted) if wanted else None

    def where_among(self, pairs: pa.Table) -> Predicate | None:
        """A predicate that is true for all wanted rows that have one of some pairs, and not for many others."""
        at = pairs.column("at")
        bounds = pc.min_max(at.filter(pc.greater(at, NEVER))).as_py()
        return self.where(bounds["min"], bounds["max"], nulls=pc.any(pc.equal(at, NEVER)).as_py())

    def positions(self, is_cut: bool) -> tuple[Position, ...]:
        """What the target keeps with the rows."""
        name, window = self.table.position, f"window of {self.table.position}"
        found = []
        if is_cut:
            if self.since is not None:
                found.append(Position(name, self.since, self.since))
            if self.start is not None:
                found.append(Position(window, self.start, self.window))
        else:
            if self.version is not None and self.version != self.since:
                found.append(Position(name, self.version, self.since))
            if self.window not in (None, _CLOSED):
                found.append(Position(window, _CLOSED, self.window))
        return tuple(found)


@frozen(kw_only=True)
class Reading:
    """One read.

    Attributes:
        dao: reads.
        tables: the tables.
        now: the end of the time that ``time_filter_hours`` is of.
        drop: whether all is read, as if there were no target.
    """

    dao: AsyncDataAccessObject
    tables: ConnectorTables
    now: datetime | None = None
    drop: bool = False

    async def run(self) -> Records:
        """Read.

        Raises:
            NotFoundError: a source table isn't there.
            DataError: a column isn't there, or isn't of moments; or rows without a key.
        """
        config = self.tables.config
        known = {} if self.drop else await threaded(self.tables.positions)
        sources = await all_of([self._look(one, known) for one in config.source.tables])
        marks = await self._marks(sources)
        fresh = await threaded(lambda: [self._newer(one, marks) for one in sources])
        chosen = await threaded(lambda: first_rows(fresh, config.source.max_records))
        cut = [some.num_rows < every.num_rows for some, every in zip(chosen, fresh, strict=True)]
        calls = [self._part(*each) for each in zip(sources, chosen, cut, strict=True)]
        return Records(
            parts=tuple(await all_of(calls)),
            config=config,
            more=any(cut),
            replaces=self.drop,
        )

    async def _look(self, table: SourceTable, known: Mapping[str, int]) -> _Source:
        """Find the keys and moments of the rows that may be wanted."""
        data_object = await threaded(lambda: self.tables.source(table))
        schema = await self.dao.schema(data_object)
        index, moment = find_names(schema, [table.index_field, table.datetime_field], f"the fields of {table}")
        kind = moment_kind(schema.field(moment).type, f"datetime_field {moment!r} of {table}")
        versions = [int(one.version) for one in (await self.dao.history(data_object))[:1] if one.version is not None]
        version = versions[0] if versions else None
        since, window = known.get(table.position), known.get(f"window of {table.position}")
        source = _Source(
            table=table,
            data_object=data_object,
            index=index,
            datetime=moment,
            kind=kind,
            version=version,
            since=since,
            window=window,
            start=self._start(window),
            pairs=pairs_of(schema.empty_table(), index, moment),
        )
        return source if version is None or version == since else evolve(source, pairs=await self._pairs(source))

    def _start(self, window: int | None) -> int | None:
        hours = self.tables.config.source.time_filter_hours
        if hours is None:
            return None
        start = moment_of((self.now or datetime.now(UTC)) - timedelta(hours=hours))
        return start if window is None else min(start, window)

    async def _pairs(self, source: _Source) -> pa.Table:
        """The keys and moments of the rows that are there; of those that came since the position, if there is one."""
        columns, where = [source.index, source.datetime], source.where(source.start)
        coming = None
        if source.since is not None:
            try:
                rows = await self.dao.read_changes(
                    source.data_object, since=source.since, until=source.version, columns=columns, where=where
                )
            except NotFoundError:
                pass  # the version was expired, or the table was made again: look at all rows
            else:
                came = rows.filter(pc.is_in(rows.column("_change_type"), pa.array(_COMING)))
                coming = pairs_of(came, source.index, source.datetime)
                if came.num_rows in (0, rows.num_rows):
                    return coming
                where = source.where_among(coming)  # rows went, too: perhaps some of these
        rows = await self.dao.read(source.data_object, version=source.version, columns=columns, where=where)
        there = pairs_of(rows, source.index, source.datetime)
        return there if coming is None else await threaded(lambda: common(there, coming))

    async def _marks(self, sources: Sequence[_Source]) -> dict[str, pa.Table]:
        """The newest moment of each key of the target, by the kind of its moments; none that is older than all rows."""
        lows = [pc.min(one.pairs.column("at")).as_py() for one in sources if one.pairs.num_rows]
        target = await threaded(lambda: self.tables.target)
        if self.drop or not lows or not await self.dao.exists(target):
            return {}
        config, schema = self.tables.config.target, await self.dao.schema(target)
        index, moment = find_names(schema, [config.index_field, config.datetime_field], f"the fields of {config}")
        kind = moment_kind(schema.field(moment).type, f"datetime_field {moment!r} of {config}")
        where = between(moment, kind, min(lows), nulls=False)
        rows = await self.dao.read(target, columns=[index, moment], where=where)
        return {kind: await threaded(lambda: marks_of(pairs_of(rows, index, moment)))}

    def _newer(self, source: _Source, marks: dict[str, pa.Table]) -> pa.Table:
        known = marks.get(source.kind)
        try:
            return newer(source.pairs, source.pairs.slice(0, 0) if known is None else known)
        except DataError as error:
            raise DataError(f"{source.table}: {error.message}") from None

    async def _part(self, source: _Source, chosen: pa.Table, is_cut: bool) -> Part:
        target = self.tables.config.target
        names = {source.index: target.index_field, source.datetime: target.datetime_field}
        if chosen.num_rows:
            where = source.where_among(chosen)
            rows = await self.dao.read(source.data_object, version=source.version, where=where)
            rows = await threaded(lambda: rows_of_pairs(rows, source.index, source.datetime, chosen))
        else:
            rows = (await self.dao.schema(source.data_object)).empty_table()
        found = [names.get(name, name) for name in rows.column_names]
        if len(set(found)) < len(found):
            raise DataError(f"{source.table}: a column has the name that {names} gives another one")
        return Part(
            name=str(source.table),
            found=rows.rename_columns(found),
            positions=source.positions(is_cut),
            is_cut=is_cut,
        )
