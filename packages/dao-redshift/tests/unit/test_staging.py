"""Files that are staged: how large they are, what a manifest names, and whose they are."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import memory
from dao_redshift._files.places import S3Place
from dao_redshift._staging.files import file_bytes, stage
from dao_redshift._staging.owner import Owner

MIB = 1 << 20


class Kept:
    """A load that keeps its files in memory."""

    place = S3Place("bucket", "load")

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> S3Place:
        self.files[name] = content
        return self.place.below(name)


@pytest.mark.parametrize(
    ("known", "slices", "expected"),
    [
        (None, 2, 32 * MIB),
        (10, 2, MIB),
        (64 * MIB, 4, 16 * MIB),
        (1024 * MIB, 4, 32 * MIB),
        (100 * MIB, 32, 100 * MIB // 32),
    ],
)
def test_each_slice_loads_as_much_as_the_others(known: int | None, slices: int, expected: int) -> None:
    assert file_bytes(known, slices) == expected


def test_files_hold_to_a_memory_limit() -> None:
    with memory.budgeted(memory.Budget.of("24 MiB")):
        assert file_bytes(None, 2) == memory.Budget.of("24 MiB").chunk


def test_the_manifest_names_every_file_with_its_length() -> None:
    table = pa.table({"id": range(100_000)})
    load = Kept()
    staged = stage(load, table.schema, table.to_batches(10_000), table.nbytes // 3)  # type: ignore[arg-type]
    entries = json.loads(load.files.pop("manifest"))["entries"]
    assert staged.manifest.url == "s3://bucket/load/manifest"
    assert [entry["url"] for entry in entries] == [f"s3://bucket/load/{name}" for name in sorted(load.files)]
    assert [entry["meta"]["content_length"] for entry in entries] == [
        len(load.files[name]) for name in sorted(load.files)
    ]
    assert (staged.rows, staged.files) == (100_000, len(entries))
    assert 3 <= len(entries) <= 4
    read = pa.concat_tables([pq.read_table(io.BytesIO(load.files[name])) for name in sorted(load.files)])
    assert read.equals(table)


def test_no_rows_are_one_file_with_their_columns() -> None:
    load = Kept()
    staged = stage(load, pa.schema({"id": pa.int64()}), [], MIB)  # type: ignore[arg-type]
    assert (staged.rows, staged.files) == (0, 1)
    assert pq.read_schema(io.BytesIO(load.files["part-00000.parquet"])).names == ["id"]


def test_a_process_that_has_ended_is_gone_and_one_that_runs_is_not() -> None:
    code = "from dao_redshift._staging.owner import Owner; print(Owner.current().text, flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    owner = Owner.parse(process.stdout.readline().strip())
    assert owner is not None
    assert owner.process == process.pid
    assert not owner.is_gone(Owner.current())
    process.kill()
    process.communicate()
    assert owner.is_gone(Owner.current())


def test_another_machines_process_is_not_known_to_be_gone() -> None:
    here = Owner.current()
    assert not Owner("0" * 12, 999_999_999, "1").is_gone(here)
    assert not Owner(here.machine, os.getpid(), here.started).is_gone(here)


@pytest.mark.parametrize("text", ["", "orders", "dao-x-1-1", "dao-000000000000-1"])
def test_what_names_no_owner(text: str) -> None:
    assert Owner.parse(text) is None
