"""DAO on S3 beside the libraries that people use there, on a MinIO of its own: tables, small objects, a large one.

The server is ``minio`` from PATH, else a container; the program keeps its data in ``DAO_BENCH_FOLDER``, else here.
``DAO_BENCH_S3_PARTS=tables,partitions,small,large`` names what is measured, ``DAO_BENCH_S3_ROUNDS`` says how often.
Contestants run in processes of their own (:mod:`s3_race`). DAO has two drivers, and bytes go awaited or in threads: in
every row the fastest of its ways is measured against the fastest of the others, and the slower ones are told.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from measuring import Row
from s3_place import BIG_BYTES, BUCKET, DAYS, FILES, PARTITIONED, ROWS, SMALL, SMALL_BYTES, TABLE, Place
from s3_race import Contestant, Result, race
from s3_server import Unavailable, serving
from tables import table

ROUNDS = int(os.environ.get("DAO_BENCH_S3_ROUNDS", "7"))
FRESH_ROUNDS = max(3, ROUNDS // 2)
BAR, STREAM_MIB, AWSWRANGLER = 0.95, 200, 2.0
DEFAULT_BAR, DAYS_SECONDS = 0.8, 0.24
OURS = {"DAO s3": "s3", "DAO s3.obstore": "s3.obstore"}

TABLE_PEERS = ("pyarrow", "polars", "obstore", "boto3", "s3fs", "awswrangler")
DAYS_PEERS = ("pyarrow", "polars", "awswrangler")
SMALL_PEERS = ("boto3", "aiobotocore", "s3fs", "obstore", "obstore_async", "pyarrow")
BIG_DOWN = ("boto3", "boto3_threads", "s3fs", "obstore", "pyarrow")
BIG_UP = ("boto3", "s3fs", "obstore", "pyarrow")
LIBRARIES = {"aiobotocore", "awswrangler", "boto3", "obstore", "polars", "pyarrow", "s3fs"}


def rows() -> Iterator[Row]:
    """The report's lines on S3, as they come: all of them take half an hour."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("DAO_BENCH_FOLDER") or Path.cwd()) as folder:
        try:
            with serving(Path(folder)) as (endpoint, access_key, secret_key):
                place = Place(endpoint, access_key, secret_key, str(Path(folder, "rows.arrow")))
                place.boto3().create_bucket(Bucket=BUCKET)
                yield from _missing()
                for part in os.environ.get("DAO_BENCH_S3_PARTS", "tables,partitions,small,large").split(","):
                    yield from _PARTS[part](place)
        except Unavailable as error:
            yield Row("S3", f"not measured: {error}")


def _missing() -> list[Row]:
    return [Row(name, "not measured: it is not installed") for name in sorted(LIBRARIES - _present())]


def _present() -> set[str]:
    return {name for name in LIBRARIES if find_spec(name) is not None}


def _with_peers(task: str, peers: tuple[str, ...], more: Mapping[str, object] | None = None) -> dict[str, Contestant]:
    """DAO's interfaces and the peers for one task, named ``module.action``."""
    ours = {name: Contestant(f"{task}_dao", {**(more or {}), "interface": one}) for name, one in OURS.items()}
    if task.startswith("s3_objects.") and task.endswith(("get", "put")):
        ours |= {
            f"{name} async": Contestant(f"{task}_dao_async", {"interface": interface})
            for name, interface in OURS.items()
        }
    there = [peer for peer in peers if peer.split("_")[0] in _present()]
    return ours | {peer.replace("_", " "): Contestant(f"{task}_{peer}", dict(more or {})) for peer in there}


def _of_tables(place: Place) -> Iterator[Row]:
    _make_table(place)
    tell = place.environment()
    read = race(_with_peers("s3_tables.read", TABLE_PEERS, {"which": None}), tell, ROUNDS, fresh=False)
    yield from _lines(f"read {ROWS:,} rows", read)
    for which in ("scattered", "clustered"):
        few = race(_with_peers("s3_tables.read", TABLE_PEERS, {"which": which}), tell, ROUNDS, fresh=False)
        yield from _lines(f"read 2 of 8 columns, 1% of {ROWS:,} rows, {which}", few)
    written = race(_with_peers("s3_tables.write", TABLE_PEERS), tell, ROUNDS, fresh=False)
    yield from _lines(f"write {ROWS:,} rows", written)
    for what, task in (("reading", "s3_tables.stream"), ("writing", "s3_tables.stream_in")):
        streamed = race(_with_peers(task, ()), tell, 1, fresh=True)
        yield from _peaks(f"{what} {ROWS:,} rows as a stream", streamed)
    _empty(place)


def _of_partitions(place: Place) -> Iterator[Row]:
    system, rows = place.pyarrow(), table(DAYS * 100)
    for day in range(DAYS):
        pq.write_table(rows.slice(day * 100, 100), f"{BUCKET}/{PARTITIONED}/day={day}/0.parquet", filesystem=system)
    found = race(_with_peers("s3_tables.partitions", DAYS_PEERS), place.environment(), ROUNDS, fresh=False)
    what = f"read {DAYS} partition files of 100 rows"
    yield from _lines(what, found)
    seconds = found.times.of("DAO s3")
    yield Row(f"{what}: DAO s3", f"{seconds:.3f} s", f"<= {DAYS_SECONDS} s", seconds <= DAYS_SECONDS)
    _empty(place)


def _of_small_objects(place: Place) -> Iterator[Row]:
    content = os.urandom(SMALL_BYTES)
    client = place.boto3()
    for number in range(SMALL):
        client.put_object(Bucket=BUCKET, Key=f"small/{number:05d}.bin", Body=content)
    for what, task in (("read", "s3_objects.get"), ("write", "s3_objects.put")):
        found = race(_with_peers(task, SMALL_PEERS), place.environment(), ROUNDS, fresh=False)
        objects = f"{what} {SMALL:,} objects of {SMALL_BYTES >> 10} KiB"
        yield from _lines(objects, found)
        # Nobody should have to know of a second interface to be fast.
        yield _compared(f"{objects}: DAO s3, its speed over obstore's", found, "DAO s3", "obstore", DEFAULT_BAR)
    _empty(place)


def _of_a_large_object(place: Place) -> Iterator[Row]:
    source = Path(place.rows_file).with_name("big.bin")
    with source.open("wb") as file:
        for _ in range(BIG_BYTES >> 26):
            file.write(os.urandom(1 << 26))
    tell = {**place.environment(), "DAO_BENCH_BIG": str(source)}
    place.boto3().upload_file(str(source), BUCKET, "big.bin")
    for what, task, peers in (("download", "s3_objects.down", BIG_DOWN), ("upload", "s3_objects.up", BIG_UP)):
        found = race(_with_peers(task, peers), tell, FRESH_ROUNDS, fresh=True)
        yield from _lines(f"{what} {BIG_BYTES >> 30} GiB", found)
        yield from _peaks(f"{what} of {BIG_BYTES >> 30} GiB", found)
    _empty(place)


_PARTS = {"tables": _of_tables, "partitions": _of_partitions, "small": _of_small_objects, "large": _of_a_large_object}


def _make_table(place: Place) -> None:
    """Ten files of pyarrow's in the bucket, and the same rows for those who write them."""
    rows = table(ROWS)
    with pa.OSFile(place.rows_file, "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=1 << 17)
    system, step = place.pyarrow(), ROWS // FILES
    for number in range(FILES):
        target = f"{BUCKET}/{TABLE}/part-{number:05d}.parquet"
        part = rows.slice(number * step, step)
        pq.write_table(part, target, filesystem=system, compression="zstd", compression_level=3)


def _empty(place: Place) -> None:
    """Delete everything: the disk may be small."""
    bucket = place.boto3()
    for page in bucket.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        keys = [{"Key": found["Key"]} for found in page.get("Contents", ())]
        if keys:
            bucket.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})


def _lines(what: str, result: Result) -> Iterator[Row]:
    """DAO's speed over the fastest peer's and over awswrangler's, by the fastest way of DAO's; then its other ways."""
    times = result.times
    ours = sorted((name for name in times.seconds if name.startswith("DAO")), key=times.of)
    peers = sorted((name for name in times.seconds if name not in ours), key=times.of)
    best, fastest = ours[0], peers[0]
    said = ", ".join(f"{name} {times.of(name):.3f} s" for name in peers)
    yield _compared(f"{what}: {best}, its speed over the fastest's", result, best, fastest, BAR, said)
    if "awswrangler" in peers:
        yield _compared(f"{what}: {best}, its speed over awswrangler's", result, best, "awswrangler", AWSWRANGLER)
    for name in ours[1:]:
        yield _compared(f"{what}: {name}, its speed over the fastest's", result, name, fastest, None)


def _compared(what: str, result: Result, name: str, other: str, bar: float | None, said: str = "") -> Row:
    ratio = result.times.ratio(other, name)
    detail = f"{result.times.of(name):.3f} s beside {result.times.of(other):.3f} s ({other}); ratios "
    detail += result.times.spread(other, name) + (f"; {said}" if said else "")
    if bar is None:
        return Row(what, f"{ratio:.2f}", detail=detail)
    return Row(what, f"{ratio:.2f}", f">= {bar}", ratio >= bar, detail)


def _peaks(what: str, result: Result) -> Iterator[Row]:
    others = ", ".join(f"{name} {peak:.0f} MiB" for name, peak in result.peaks.items() if not name.startswith("DAO"))
    for name in [name for name in result.peaks if name.startswith("DAO")]:
        peak = result.peaks[name]
        detail = f"{result.times.of(name):.2f} s" + (f"; {others}" if others else "")
        yield Row(
            f"peak memory of the {what}: {name}", f"{peak:.0f} MiB", f"<= {STREAM_MIB} MiB", peak <= STREAM_MIB, detail
        )
