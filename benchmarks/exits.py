"""Scripts that read and then end, beside a load on all cores: how they end is counted, as it must always be well.

``python benchmarks/exits.py [--runs 500] [--at-once 8] [local memory s3 s3.obstore]``. What Arrow's threads hold of
Python's when the interpreter ends kills the process now and then (SIGABRT), so one run says nothing and 500 say much.
``s3`` needs MinIO: the program on PATH, or a Docker engine. Exits with 1 where a script ended otherwise than with 0.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from s3_server import Unavailable, serving

STORES = ("local", "memory", "s3", "s3.obstore")
BUCKET = "exits"
COLUMNS, ROWS = 60, 16

OBJECTS = {
    "p": {"type": "table", "format": "parquet"},
    "a": {"type": "table", "format": "arrow"},
    "c": {"type": "table", "format": "csv"},
    "raw": {"type": "file", "key": "raw.parquet"},
    "bad": {"type": "file", "key": "bad.parquet"},
}

PRELUDE = """
import asyncio, contextlib, io, json, sys
import pyarrow as pa, pyarrow.parquet as pq
from dao import AsyncDataAccessObject, DaoError, DataAccessObject
catalog = json.loads(sys.argv[1])
dao = DataAccessObject(catalog)
"""

FILL = f"""
table = pa.table({{f"c{{i}}": ["x"] * {ROWS} for i in range({COLUMNS})}})
sink = io.BytesIO()
pq.write_table(table, sink)
for name in ("p", "a", "c"):
    dao.write(table, f"s.{{name}}", mode="overwrite")
dao.write(sink.getvalue(), "s.raw", mode="overwrite")
dao.write(sink.getvalue()[:200] + bytes(400) + sink.getvalue()[600:], "s.bad", mode="overwrite")
"""

ENDINGS = {
    "read": 'dao.read("s.p")',
    "rows": 'dao.read("s.raw", into="pylist")',
    "where": """dao.read("s.p", where="c1 = 'x' AND c2 <> 'y'")""",
    "stream": 'list(dao.read_stream("s.p"))',
    "a stream given up": 'reader = dao.read_stream("s.p", batch_size=1); reader.read_next_batch()',
    "a failure": 'with contextlib.suppress(DaoError): dao.read("s.bad")',
    "arrow": 'dao.read("s.a")',
    "an arrow stream given up": 'reader = dao.read_stream("s.a", batch_size=1); reader.read_next_batch()',
    "csv": 'dao.read("s.c")',
    "a task cancelled": """
async def main():
    task = asyncio.ensure_future(AsyncDataAccessObject(catalog).read("s.p"))
    await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
asyncio.run(main())
""",
}


@contextmanager
def load() -> Iterator[None]:
    """Two busy processes for each core while the block runs."""
    command = [sys.executable, "-c", "while True: pass"]
    with ExitStack() as stack:
        for _ in range(2 * (os.cpu_count() or 1)):
            process = stack.enter_context(subprocess.Popen(command))
            stack.callback(process.kill)
        yield


@contextmanager
def catalog_of(store: str) -> Iterator[Mapping[str, Any]]:
    """A catalog with that store, while the block runs."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        options: dict[str, Any] = {"root": folder} if store == "local" else {}
        if store.startswith("s3"):
            import boto3

            endpoint, user, password = stack.enter_context(serving(Path(folder)))
            keys = {"access_key_id": user, "secret_access_key": password}
            options = {"bucket": BUCKET, "endpoint": endpoint, "region": "us-east-1", **keys}
            names = {"aws_access_key_id": user, "aws_secret_access_key": password, "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=endpoint, **names).create_bucket(Bucket=BUCKET)
        yield {"s": {"interface": store, "options": options, "objects": OBJECTS}}


def endings(store: str, runs: int, at_once: int) -> Counter[tuple[str, int, str]]:
    """How often each kind of script ended how: by its last act, exit status and last words."""
    import json

    found: Counter[tuple[str, int, str]] = Counter()
    with catalog_of(store) as catalog:
        argument = json.dumps(catalog)
        fill = PRELUDE + FILL

        def run(name: str) -> tuple[str, int, str]:
            text = (fill if store == "memory" else PRELUDE) + ENDINGS[name]
            done = subprocess.run([sys.executable, "-c", text, argument], capture_output=True, text=True)
            return name, done.returncode, (done.stderr.strip().splitlines() or [""])[-1]

        if store != "memory":
            subprocess.run([sys.executable, "-c", fill, argument], check=True)
        with load(), ThreadPoolExecutor(at_once) as pool:
            found.update(pool.map(run, islice(cycle(ENDINGS), runs)))
    return found


def main() -> None:
    """Run, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stores", nargs="*", default=STORES, choices=STORES)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=8)
    given = parser.parse_args()
    wrong = 0
    for store in given.stores:
        try:
            found = endings(store, given.runs, given.at_once)
        except Unavailable as error:
            print(f"{store}: not run: {error}")
            continue
        codes = Counter(code for name, code, _ in found.elements())
        print(f"{store}: {dict(codes)}", flush=True)
        for (name, code, words), count in found.items():
            if code:
                wrong += count
                print(f"    {name}: {count} ended with {code}: {words}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
