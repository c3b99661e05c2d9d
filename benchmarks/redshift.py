"""Tables of Redshift through DAO beside its driver and awswrangler, on the local stand-in of ``dao_redshift.testing``.

The stand-in is a gateway in front of PostgreSQL that runs as a process of its own, with the S3 that this machine has.
It says what each way costs the client and how many times it crosses the wire; what a cluster needs for a COPY it can't
say. Both ways of loading end in one COPY, which is the stand-in's work and about the same for both, so the time around
it and the CPU time of this process are reported beside. ``DAO_BENCH_REDSHIFT_ROWS`` says how many rows there are,
1,000,000 by default.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from statistics import median
from typing import Any

import pyarrow as pa
import redshift_connector
from attrs import frozen
from measuring import PEAK, Row, interleaved, python, timed
from tables import table

from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject

ROWS = int(os.environ.get("DAO_BENCH_REDSHIFT_ROWS", "1000000"))
MANY = 5 * ROWS
ONE_BY_ONE = min(2_000, ROWS)
"""Rows of executemany, whose time for all is reckoned from them: it is the same for each."""
CHANGED = ROWS // 10
FEW = min(20_000, ROWS)
ROUNDS = int(os.environ.get("DAO_BENCH_ROUNDS", "3"))
LOAD, READ, PEER, PEAK_MIB = 20.0, 3.0, 2.0, 300


@frozen
class Place:
    """A stand-in that runs.

    Attributes:
        options: of a store with the interface ``redshift``.
    """

    options: Mapping[str, Any]

    def store(self) -> DataStore:
        """A store of DAO."""
        return DataStore("warehouse", "redshift", options=dict(self.options))

    def connect(self) -> Any:
        """A connection of the driver."""
        names = ("host", "port", "database", "user", "password")
        made = redshift_connector.connect(**{name: self.options[name] for name in names}, ssl=False)
        made.cursor().execute(f'SET search_path TO "{self.options["schema"]}"')
        made.commit()
        return made


@contextmanager
def standing_in() -> Iterator[Place]:
    """Run the stand-in as a process of its own, so that it takes no time from this one."""
    command = [sys.executable, "-m", "dao_redshift.testing", "--json"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        first = process.stdout.readline()
        if not first:
            raise RuntimeError("the stand-in doesn't start")
        yield Place(json.loads(first))
    finally:
        process.stdin.close()  # at whose end it ends
        process.wait()


def rows() -> Iterator[Row]:
    """The report's lines on Redshift."""
    with standing_in() as place:
        data = table(ROWS)
        for part in (_loads, _reads, _upserts, _memory):
            yield from part(place, data)


def _dao() -> DataAccessObject:
    return DataAccessObject(registry=DataStoreRegistry())


def _loads(place: Place, data: pa.Table) -> Iterator[Row]:
    dao, store, numbers = _dao(), place.store(), count()
    connection = place.connect()
    few = data.slice(0, ONE_BY_ONE).to_pylist()
    columns = ", ".join(data.column_names)
    places = ", ".join(["%s"] * data.num_columns)
    dao.write(data.slice(0, 0), TableObject("inserted", store))

    def one_by_one() -> None:
        cursor = connection.cursor()
        cursor.executemany(f"INSERT INTO inserted ({columns}) VALUES ({places})", [list(row.values()) for row in few])
        connection.commit()

    contestants: dict[str, Callable[[], object]] = {
        "dao": lambda: dao.write(data, TableObject(f"loaded_{next(numbers)}", store)),
        "executemany": one_by_one,
    }
    if wrangler := _awswrangler(place):
        contestants["awswrangler"] = wrangler(connection, data, numbers)
    times = interleaved(contestants, ROUNDS)
    whole = times.of("executemany") * ROWS / ONE_BY_ONE
    speed = whole / times.of("dao")
    yield Row(
        f"load {ROWS:,} rows: speed over the driver's executemany",
        f"{speed:.0f}",
        f">= {LOAD:.0f}",
        speed >= LOAD,
        f"DAO {times.of('dao'):.2f} s, executemany {times.of('executemany'):.2f} s for {ONE_BY_ONE:,} rows",
    )
    if wrangler:
        ratio = times.ratio("awswrangler", "dao")
        spread = times.spread("awswrangler", "dao")
        cpu = {name: median(times.cpu[name]) for name in contestants}
        detail = f"awswrangler {times.of('awswrangler'):.2f} s, {spread}"
        yield Row(f"load {ROWS:,} rows: speed over awswrangler", f"{ratio:.2f}", f">= {PEER}", ratio >= PEER, detail)
        shares = f"DAO {cpu['dao']:.2f} s, awswrangler {cpu['awswrangler']:.2f} s"
        share = cpu["awswrangler"] / cpu["dao"]
        yield Row(f"load {ROWS:,} rows: CPU time of awswrangler's process over DAO's", f"{share:.2f}", "", None, shares)
        copies = {"dao": _copying(connection, "loaded"), "awswrangler": _copying(connection, "wrangled")}
        around = {name: times.of(name) - seconds for name, seconds in copies.items()}
        parts = ", ".join(f"{name} {around[name]:.2f} s and {copies[name]:.2f} s in the COPY" for name in copies)
        apart = around["awswrangler"] / around["dao"]
        yield Row(
            f"load {ROWS:,} rows: time around the COPY, awswrangler's over DAO's", f"{apart:.2f}", "", None, parts
        )
    else:
        yield Row("load beside awswrangler", "not measured: it is not installed")
    connection.close()
    dao.write(data, TableObject("loaded", store))


def _copying(connection: Any, table: str) -> float:
    """Seconds of a COPY into tables whose names begin so, by the warehouse's log; the first was the warm-up."""
    cursor = connection.cursor()
    asked = (
        "SELECT duration FROM sys_load_history WHERE table_name LIKE %s AND status = 'completed' ORDER BY start_time"
    )
    cursor.execute(asked, (f"{table}_%",))
    found = [microseconds / 1e6 for (microseconds,) in cursor.fetchall()]
    connection.rollback()
    return median(found[1:])


def _awswrangler(place: Place) -> Callable[[Any, pa.Table, Iterator[int]], Callable[[], object]] | None:
    if find_spec("awswrangler") is None:
        return None
    import awswrangler
    import boto3

    s3 = place.options["s3"]
    names = ("access_key_id", "secret_access_key", "region")
    login = {name: str(s3[name]) for name in names}
    os.environ["AWS_ENDPOINT_URL"] = s3["endpoint"]
    session = boto3.Session(
        aws_access_key_id=login["access_key_id"],
        aws_secret_access_key=login["secret_access_key"],
        region_name=login["region"],
    )
    path = f"{place.options['staging']}/awswrangler/"
    role = "arn:aws:iam::123456789012:role/load"

    def load(connection: Any, data: pa.Table, numbers: Iterator[int]) -> Callable[[], object]:
        frame = data.to_pandas()
        return lambda: awswrangler.redshift.copy(
            df=frame, path=path, con=connection, table=f"wrangled_{next(numbers)}",
            schema=place.options["schema"], iam_role=role, boto3_session=session,
        )  # fmt: skip

    return load


def _reads(place: Place, data: pa.Table) -> Iterator[Row]:
    dao, ours = _dao(), TableObject("loaded", place.store())
    connection = place.connect()

    def fetched() -> object:
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM loaded")
        frame = cursor.fetch_dataframe()
        connection.rollback()
        return frame

    times = interleaved({"dao": lambda: dao.read(ours), "fetch_dataframe": fetched}, ROUNDS)
    ratio, spread = times.ratio("fetch_dataframe", "dao"), times.spread("fetch_dataframe", "dao")
    same = dao.read(ours).sort_by("id").equals(data)
    yield Row(f"read {ROWS:,} rows: exact", "yes" if same else "no", "yes", same)
    yield Row(
        f"read {ROWS:,} rows to Arrow: speed over the driver's fetch_dataframe",
        f"{ratio:.2f}",
        f">= {READ}",
        ratio >= READ,
        f"DAO {times.of('dao'):.2f} s, {spread}",
    )
    for via in ("unload", "cursor"):
        seconds = timed(lambda way=via: dao.read(ours, via=way))
        yield Row(f"read {ROWS:,} rows via {via}", f"{seconds:.2f} s")
    yield from _few(dao, ours, connection)
    connection.close()


def _few(dao: DataAccessObject, ours: TableObject, connection: Any) -> Iterator[Row]:
    """A result that is as soon fetched as unloaded."""

    def fetched() -> object:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM loaded LIMIT {FEW}")
        rows = cursor.fetchall()
        connection.rollback()
        return rows

    times = interleaved({"dao": lambda: dao.read(ours, limit=FEW), "fetchall": fetched}, 2 * ROUNDS + 1)
    detail = f"DAO {times.of('dao'):.2f} s, {times.spread('fetchall', 'dao')}"
    ratio = f"{times.ratio('fetchall', 'dao'):.2f}"
    yield Row(f"read {FEW:,} rows to Arrow: speed over the driver's fetchall", ratio, "", None, detail)


def _upserts(place: Place, data: pa.Table) -> Iterator[Row]:
    dao, ours = _dao(), TableObject("loaded", place.store())
    step = ROWS // CHANGED
    scattered = data.take(pa.array(range(0, ROWS, step)))
    changed = scattered.set_column(2, "quantity", pa.array([-1] * scattered.num_rows, pa.int64()))
    seconds = timed(lambda: dao.upsert(changed, ours, keys=["id"]))
    exact = dao.count(ours) == ROWS and dao.count(ours, where="quantity = -1") == changed.num_rows
    what = f"upsert of {changed.num_rows:,} scattered rows into {ROWS:,}"
    yield Row(what, f"{seconds:.2f} s", "these rows and no others change", exact)


STREAM = (
    PEAK
    + """
import json, sys
from dao import DataAccessObject, DataStore, DataStoreRegistry, TableObject
options, via = json.loads(sys.argv[1]), sys.argv[2]
ours = TableObject("many", DataStore("warehouse", "redshift", options=options))
dao, rows = DataAccessObject(registry=DataStoreRegistry()), 0
reset_peak()
for batch in dao.read_stream(ours, via=via):
    rows += batch.num_rows
print(json.dumps([peak_mib(), rows]))
"""
)


def _memory(place: Place, data: pa.Table) -> Iterator[Row]:
    dao, ours = _dao(), TableObject("many", place.store())
    for _ in range(MANY // ROWS):
        dao.write(data, ours, mode="append")
    for via in ("unload", "cursor"):
        peak, found = json.loads(python(STREAM, json.dumps(dict(place.options)), via))
        what = f"peak memory of a process that reads a stream of {MANY:,} rows via {via}"
        holds = peak <= PEAK_MIB and found == MANY
        yield Row(what, f"{peak:.0f} MiB", f"<= {PEAK_MIB} MiB", holds, f"{found:,} rows")
