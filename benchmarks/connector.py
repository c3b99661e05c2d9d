"""The Iceberg connector's reads of several tables at once, on a store with 20 ms to the first byte, beside one by one.

The store is a MinIO behind a proxy that holds each request back for as long as a store that is far away. One by one,
each table has a connector of its own, and the reads wait for one another; the requests are the same.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from measuring import Row, interleaved
from s3_place import BUCKET, Place
from s3_server import Unavailable, serving

from dao import DataAccessObject, DataStore, TableObject
from dao_iceberg.connector import AWSConnector

FIRST_BYTE_SECONDS = 0.02
TABLES = (3, 8)
FILES, ROWS = 4, 2_000
BARS = {3: 1.5, 8: 2.0}
"""How many times as fast reads at once are to be, at least."""

FIELDS = {"index_field": "id", "datetime_field": "at"}


def rows() -> Iterator[Row]:
    """The report's lines on the connector."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("DAO_BENCH_FOLDER") or Path.cwd()) as folder:
        try:
            with serving(Path(folder)) as (endpoint, access_key, secret_key), far_away(endpoint) as far:
                Place(endpoint, access_key, secret_key, "").boto3().create_bucket(Bucket=BUCKET)
                options = {
                    "bucket": BUCKET,
                    "endpoint": endpoint,
                    "region": "us-east-1",
                    "access_key_id": access_key,
                    "secret_access_key": secret_key,
                    "catalog": "sql",
                    "uri": f"sqlite:///{folder}/catalog.db",
                }
                _make_tables(options)
                for tables in TABLES:
                    yield _compared(tables, {**options, "endpoint": far})
        except Unavailable as error:
            yield Row("connector", f"not measured: {error}")


def _make_tables(options: dict[str, Any]) -> None:
    dao, store = DataAccessObject(), DataStore("lake", "iceberg", options=options)
    for table in range(max(TABLES)):
        for file in range(FILES):
            ids = range(file * ROWS, (file + 1) * ROWS)
            data = pa.table({"id": ids, "at": pa.array([datetime(2026, 11, 29)] * ROWS, pa.timestamp("us"))})
            dao.write(data, TableObject(f"t{table}", store, key=f"shop/t{table}"), mode="append")
    store.close()


def _compared(tables: int, options: dict[str, Any]) -> Row:
    names = [f"t{number}" for number in range(tables)]
    with asyncio.Runner() as runner:

        async def read(connectors: list[AWSConnector]) -> int:
            return sum([len(await one.read()) for one in connectors])

        at_once, single = [_connector(names, options)], [_connector([name], options) for name in names]
        for one in (*at_once, *single):
            runner.run(one.__aenter__())
        assert runner.run(read(at_once)) == runner.run(read(single)) == tables * FILES * ROWS
        times = interleaved(
            {"at once": lambda: runner.run(read(at_once)), "one by one": lambda: runner.run(read(single))}
        )
        for one in (*at_once, *single):
            runner.run(one.__aexit__(None, None, None))
    ratio = times.ratio("one by one", "at once")
    return Row(
        f"read {tables} tables of {FILES} files, {FIRST_BYTE_SECONDS * 1000:.0f} ms to the first byte: "
        "at once, its speed over one by one",
        f"{ratio:.2f}x",
        f">= {BARS[tables]}x",
        ratio >= BARS[tables],
        f"{times.spread('one by one', 'at once')}; {times.of('at once'):.2f} s, {times.of('one by one'):.2f} s",
    )


def _connector(tables: list[str], options: dict[str, Any]) -> AWSConnector:
    source = {"tables": [{"database": "shop", "table": name, **FIELDS} for name in tables]}
    target = {"database": "gold", "table": "all", **FIELDS}
    return AWSConnector({"connector": {"options": options, "source": source, "target": target}})


@contextmanager
def far_away(endpoint: str) -> Iterator[str]:
    """A proxy that holds each request to a server back."""
    place, found = urlsplit(endpoint), Queue[tuple[int, Callable[[], object]]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, requests = await asyncio.open_connection(place.hostname, place.port)
        await asyncio.gather(_pass_on(reader, requests, FIRST_BYTE_SECONDS), _pass_on(answers, writer, 0))

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        found.put((server.sockets[0].getsockname()[1], partial(loop.call_soon_threadsafe, ended.set)))
        await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    port, end = found.get()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        end()
        thread.join()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    try:
        while piece := await reader.read(1 << 18):
            await asyncio.sleep(delay)
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
