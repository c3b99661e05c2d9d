"""The pipelines of ``delta_pipelines`` side by side: lines of code, the time of each step, what comes out wrong.

The libraries take turns within each step of a round, in processes of their own that stay, on tables of their own that
are new in each round; the first round doesn't count, and there every step's rows are compared with what they must be.
What a library takes and gives (Arrow, pandas, Polars, Daft) is made before and after the clock runs. awswrangler is on
S3 only, so a DAO on the same server is measured beside it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from delta_checks import RIGHT, Checks
from delta_contestants import DAO, DAO_S3, LIBRARIES, PEERS, STEPS, Library, Process, StepError, plain, process, save
from delta_contestants import versions as versions_of_all
from deltalake import DeltaTable
from measuring import ROUNDS, Row, Times
from s3_server import Unavailable, serving
from tables import table

SIZE = int(os.environ.get("DAO_BENCH_PEERS_ROWS", "1000000"))
CHANGED = SIZE // 10
LATER_US = 10 * 365 * 86_400_000_000
BUCKET = "peers"


def rows() -> Iterator[Row]:
    """The report's lines on other libraries with Delta tables."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name, ExitStack() as stack:
        folder = Path(name)
        try:
            s3 = _variables(*stack.enter_context(serving(folder)))
            _make_bucket(s3)
        except Unavailable as error:
            s3 = {}
            yield Row("libraries on S3", f"not measured: {error}")
        if not PEERS:
            yield Row("libraries of an environment of their own", "not measured: DAO_BENCH_PEERS names no Python")
        present = [one for one in LIBRARIES if (one.ours or PEERS) and (s3 or not one.on_s3)]
        yield Row("versions", "", detail=versions_of_all())
        yield from map(_lines, present)
        race = Race(folder, s3)
        race.run(present)
        for step in STEPS:
            yield from _times(step, race)
        for library in present:
            yield _faults(library, folder, s3, race.wrong[library.name])


def _variables(endpoint: str, user: str, password: str) -> dict[str, str]:
    """What tells boto3, deltalake and DAO where that server is."""
    keys = {"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": password}
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", **keys} | {
        "AWS_ALLOW_HTTP": "true"
    }


def _make_bucket(s3: Mapping[str, str]) -> None:
    import boto3

    names = {"aws_access_key_id": s3["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": s3["AWS_SECRET_ACCESS_KEY"]}
    client = boto3.client("s3", endpoint_url=s3["AWS_ENDPOINT_URL"], region_name="us-east-1", **names)
    client.create_bucket(Bucket=BUCKET)


def _root(library: Library, folder: Path, name: str) -> str:
    if library.on_s3:
        return f"s3://{BUCKET}/{library.module}/{name}"
    place = folder / library.module / name
    place.mkdir(parents=True)
    return str(place)


class Rows:
    """What the steps take, and what must come of them."""

    def __init__(self) -> None:
        everything = table(SIZE + 2 * CHANGED)
        self.base, self.more = everything.slice(0, SIZE), everything.slice(SIZE, CHANGED)
        old = self.base.take(pa.array(range(0, SIZE, 2 * SIZE // CHANGED)))
        changed = pa.concat_tables([old, everything.slice(SIZE + CHANGED, CHANGED - old.num_rows)])
        self.changed = _with(_with(changed, "price", pc.add(changed["price"], 1000.0)), "ts", _later(changed["ts"]))
        last = table(CHANGED, seed=8)
        self.last = _with(last, "id", pc.add(last["id"], 2 * SIZE))
        appended = pa.concat_tables([self.base, self.more])
        kept = appended.filter(pc.invert(pc.is_in(appended["id"], old["id"].combine_chunks())))
        upserted = pa.concat_tables([kept, self.changed])
        found = pc.and_(pc.less(upserted["k"], 10), pc.greater(upserted["price"], 50.0))
        deleted = upserted.filter(pc.greater_equal(upserted["k"], 10))
        self.after = {
            "write": self.base,
            "append": appended,
            "upsert": upserted,
            "read": upserted.filter(found).select(["id", "price"]),
            "read_version": self.base,
            "delete": deleted,
            "append_once": pa.concat_tables([deleted, self.last]),
        }

    def after_missing(self, step: str, steps: Mapping[str, int]) -> pa.Table:
        """What must come of a step in a library that lacks some of the steps before it."""
        if "upsert" in steps:
            expected = self.after[step]
            if step != "append_once" or "delete" in steps:
                return expected
            return pa.concat_tables([self.after["upsert"], self.last])
        if step == "read":
            found = self.after["append"]
            return found.filter((pc.field("k") < 10) & (pc.field("price") > 50.0)).select(["id", "price"])
        if step == "append_once":
            return pa.concat_tables([self.after["append"], self.last])
        return self.after[step]


def _with(rows: pa.Table, name: str, values: Any) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def _later(moments: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.add(moments.cast(pa.int64()), LATER_US).cast(pa.timestamp("us"))


class Race:
    """All libraries, step by step and round by round."""

    def __init__(self, folder: Path, s3: Mapping[str, str]) -> None:
        self._folder, self._s3, self._rows = folder, s3, Rows()
        data = {"write": "base", "append": "more", "upsert": "changed", "append_once": "last"}
        self._files = {step: save(getattr(self._rows, one), folder / f"{one}.arrow") for step, one in data.items()}
        self._more: dict[str, tuple[int, ...]] = {"read_version": (0,), "append_once": (1,)}
        self.seconds: dict[str, dict[str, list[float]]] = {step: {} for step in STEPS}
        self.wrong: dict[str, dict[str, str]] = {}

    def run(self, libraries: list[Library]) -> None:
        """Fill in `seconds`, by step and library, and `wrong`, by library and step."""
        self.wrong = {library.name: {} for library in libraries}
        with ExitStack() as stack:
            running = [
                stack.enter_context(process(one, self._folder, self._s3 if one.on_s3 else {})) for one in libraries
            ]
            for number in range(ROUNDS + 1):
                roots = {one.library.name: _root(one.library, self._folder, f"round-{number}") for one in running}
                for one in running:
                    one.setup(roots[one.library.name])
                for step in STEPS:
                    for one in _order(running, number):
                        self._step(step, one, roots[one.library.name], counts=number > 0)
                for library in libraries:
                    shutil.rmtree(self._folder / library.module, ignore_errors=True)

    def _step(self, step: str, one: Process, root: str, *, counts: bool) -> None:
        name, steps = one.library.name, one.library.all_steps()
        if step not in steps or (step in self.wrong[name] and "refused" in self.wrong[name][step]):
            return
        try:
            if not counts:
                self._check(step, one, root)
            else:
                seconds = one.do(step, self._files.get(step), *self._more.get(step, ()))
                self.seconds[step].setdefault(name, []).append(seconds)
        except StepError as error:
            self.wrong[name][step] = f"refused: {str(error)[:100]}"

    def _check(self, step: str, one: Process, root: str) -> None:
        expected = self._rows.after_missing(step, one.library.all_steps())
        if step in self._files or step == "delete":
            one.do(step, self._files.get(step), *self._more.get(step, ()))
            options = dict(self._s3) if one.library.on_s3 else None
            found = DeltaTable(f"{root}/{one.library.table}", storage_options=options).to_pyarrow_table()
        else:
            found = one.read(step, *self._more.get(step, ()))
        if problem := _difference(plain(found), expected):
            self.wrong[one.library.name][step] = problem


def _order(running: list[Process], number: int) -> list[Process]:
    shift = number // 2 % len(running)
    shifted = running[shift:] + running[:shift]
    return shifted[::-1] if number % 2 else shifted


def _difference(found: pa.Table, expected: pa.Table) -> str:
    """What is other than it must be, if anything is."""
    if found.num_rows != expected.num_rows:
        return f"wrong: {found.num_rows:,} rows for {expected.num_rows:,}"
    if missing := set(expected.column_names) - set(found.column_names):
        return f"wrong: without {', '.join(sorted(missing))}"
    wanted = expected.sort_by("id")
    try:
        given = found.select(wanted.column_names).sort_by("id").cast(wanted.schema)
    except pa.ArrowInvalid as error:
        return f"wrong: {error}"
    changed = [name for name in wanted.column_names if not given[name].equals(wanted[name])]
    return f"wrong: other values in {', '.join(changed)}" if changed else ""


def _lines(library: Library) -> Row:
    steps = library.all_steps()
    missing = [step for step in STEPS if step not in steps]
    detail = ", ".join(f"{step} {lines}" for step, lines in steps.items())
    more = f"; without {', '.join(missing)}" if missing else ""
    return Row(f"{library.name}: lines of code of the pipeline", f"{sum(steps.values())}", detail=detail + more)


def _times(step: str, race: Race) -> Iterator[Row]:
    """DAO's speed over the fastest peer's, for tables in a folder and for those on S3."""
    on_s3 = {library.name for library in LIBRARIES if library.on_s3}
    for ours in (DAO.name, DAO_S3.name):
        there = {name for name in race.seconds[step] if (name in on_s3) == (ours in on_s3)}
        times = Times({name: race.seconds[step][name] for name in there})
        peers = sorted(there - {ours}, key=times.of)
        if ours not in there or not peers:
            continue
        each = ", ".join(f"{name} {times.of(name):.3f} s ({times.ratio(name, ours):.2f})" for name in peers)
        fastest = peers[0]
        detail = f"{times.of(ours):.3f} s; {each}; ratios to {fastest} {times.spread(fastest, ours)}"
        yield Row(f"{step}: {ours}, its speed over the fastest's", f"{times.ratio(fastest, ours):.2f}", detail=detail)


def _faults(library: Library, folder: Path, s3: Mapping[str, str], wrong: Mapping[str, str]) -> Row:
    environment = s3 if library.on_s3 else {}
    found = dict(Checks(library, folder, _root(library, folder, "checks"), environment).all())
    found = {**{step: wrong.get(step, RIGHT) for step in library.all_steps() if step in STEPS}, **found}
    kinds: dict[str, list[str]] = {}
    for what, outcome in found.items():
        kind, _, more = outcome.partition(": ")
        kinds.setdefault(kind, []).append(f"{what} ({more})" if more else what)
    counts = ", ".join(f"{len(kinds[kind])} {kind}" for kind in ("right", "refused", "can't", "wrong") if kind in kinds)
    detail = "; ".join(f"{kind}: {', '.join(kinds[kind])}" for kind in ("wrong", "refused", "can't") if kind in kinds)
    return Row(f"{library.name}: what came out", counts, detail=detail)
