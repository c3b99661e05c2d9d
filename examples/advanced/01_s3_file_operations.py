"""A tour of files and tables on S3: every step prints what it did. Needs a MinIO, see ../README.md.

python 01_s3_file_operations.py [s3 | s3.obstore]
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
from botocore.exceptions import ClientError

from dao import AlreadyExistsError, DataAccessObject, NotFoundError

URL = os.environ.get("MINIO_URL", "http://127.0.0.1:9000")
USER = os.environ.get("MINIO_ROOT_USER", "dao")
PASSWORD = os.environ.get("MINIO_ROOT_PASSWORD", "dao-examples")
BUCKET = os.environ.get("TOUR_BUCKET", "dao-tour")


def catalog(interface: str) -> dict[str, Any]:
    """Two stores in one bucket, as a catalog file would declare them."""
    server = {
        "bucket": BUCKET,
        "endpoint": URL,
        "region": "us-east-1",
        "access_key_id": USER,
        "secret_access_key": PASSWORD,
    }
    return {
        "shop": {
            "interface": interface,
            "options": {**server, "prefix": "shop"},
            "objects": {
                "logo": {"type": "file", "prefix": "images", "suffix": ".png"},
                "report": {"type": "file", "suffix": ".txt"},
                "draft": {"type": "file", "suffix": ".txt"},
                "export": {"type": "file", "suffix": ".csv", "format": "csv"},
                "landing": {"type": "directory", "format": "csv"},
                "orders": {"type": "table", "format": "parquet", "keys": ["id"], "partition_by": ["country"]},
            },
        },
        "backup": {
            "interface": interface,
            "options": {**server, "prefix": "backup", "tags": {"kept": "a-year"}},
            "objects": {"report": {"type": "file", "suffix": ".txt"}, "orders": {"type": "table", "format": "csv"}},
        },
    }


def make_bucket() -> None:
    """A bucket that keeps versions: what somebody who runs the server does once."""
    s3 = boto3.client(
        "s3",
        endpoint_url=URL,
        region_name="us-east-1",
        aws_access_key_id=USER,
        aws_secret_access_key=PASSWORD,
    )
    try:
        s3.create_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.close()


def say(step: str, *found: object) -> None:
    """Print a step and what came out of it."""
    print(f"{step:48}", *found)


def bytes_in_and_out(dao: DataAccessObject) -> None:
    """One object as it is, with what S3 keeps beside its content."""
    told = {"content_type": "image/png", "metadata": {"made-by": "design"}, "tags": {"kind": "logo"}}
    say("write bytes", dao.write(b"\x89PNG and so on", "shop.logo", mode="overwrite", **told))
    say("read them", dao.read("shop.logo", into="bytes"))
    say("read 3 of them from the second on", dao.read("shop.logo", into="bytes", offset=1, length=3))
    about = dao.run("metadata", "shop.logo")
    say("what S3 knows", {name: about[name] for name in ("key", "size", "content_type", "metadata")})


def streams(dao: DataAccessObject) -> None:
    """A source whose length nobody knows goes up in parts, and comes down piece by piece."""
    lines = io.BytesIO(b"id,total\n" + b"".join(b"%d,%d.5\n" % (number, number) for number in range(1_000_000)))
    say("stream a file up", dao.write_stream(lines, "shop.export", mode="overwrite"))
    with dao.read_stream("shop.export", into="bytes") as file:
        say("its first line, the rest stays there", file.readline())
    with dao.read_stream("shop.export", where="total > 999000", batch_size=500) as reader:
        say("rows of it, batch by batch", sum(batch.num_rows for batch in reader))


def one_of_two_wins(dao: DataAccessObject) -> None:
    """`mode="error"` is a condition that the store decides on, so that of two writers one wins."""
    if dao.exists("shop.report"):
        dao.delete("shop.report")
    dao.write(b"first edition", "shop.report")
    try:
        dao.write(b"another first edition", "shop.report")
    except AlreadyExistsError as error:
        say("a second creator hears", type(error).__name__)
    say("append", dao.write(b", with an appendix", "shop.report", mode="append"))
    say("the report now", dao.read("shop.report", into="bytes"))


def lists(dao: DataAccessObject) -> None:
    """Keys are fetched page by page, as they are looked at."""
    for path in ("landing/2025/a.csv", "landing/2025/b.csv", "landing/c.csv"):
        dao.write(b"id,total\n1,2.5\n", "shop.landing", path=path, mode="overwrite")
    say("list", [info.key for info in dao.list("shop.landing")])
    say("one level of it", [info.key for info in dao.list("shop.landing", delimiter="/")])
    say("all its rows, a directory being a table", dao.count("shop.landing"))


def copies_and_moves(dao: DataAccessObject) -> None:
    """Inside one bucket, and from one format to another."""
    say("copy, by the server", dao.copy("shop.report", "backup.report", mode="overwrite"))
    say("is it there", dao.exists("backup.report"))
    say("move it back, to another name", dao.move("backup.report", "shop.draft", mode="overwrite"))
    try:
        dao.read("backup.report", into="bytes")
    except NotFoundError as error:
        say("and it is not there any more", type(error).__name__)


def urls_for_others(dao: DataAccessObject) -> None:
    """Who has such a URL needs no credentials; it is a secret until it expires."""
    with urlopen(dao.run("presign", "shop.report", expires=60)) as answer:
        say("a stranger reads", answer.read())
    url = dao.run("presign", "shop.report", method="PUT", expires=60)
    with urlopen(Request(url, data=b"second edition, by a stranger", method="PUT")) as answer:
        say("a stranger writes", answer.status)


def versions(dao: DataAccessObject) -> None:
    """What the bucket keeps can be read again, and made the newest."""
    history = dao.history("shop.report")
    say("versions of the report", len(history))
    before = history[1].version
    say("the one before", dao.read("shop.report", into="bytes", version=before))
    dao.run("restore", "shop.report", version=before)
    say("restored", dao.read("shop.report", into="bytes"))


def tables(dao: DataAccessObject) -> None:
    """A table is published whole or not at all: see docs/s3.md, 'Safe writes'."""
    orders = [{"id": number, "country": ("DE", "FR", "IT")[number % 3], "total": number * 1.5} for number in range(9)]
    say("write a table by country", dao.write(orders, "shop.orders", mode="overwrite"))
    changed = [{"id": 3, "country": "DE", "total": 0.0}, {"id": 20, "country": "ES", "total": 7.5}]
    say("upsert", dao.upsert(changed, "shop.orders"))
    say("delete rows", dao.delete("shop.orders", where="total < 2").rows_deleted)
    say("read some", dao.read("shop.orders", columns=["id", "total"], where="country = 'ES'", into="pylist"))
    say("its history", [version.operation for version in dao.history("shop.orders")])
    say("into another format", dao.copy("shop.orders", "backup.orders", mode="overwrite"))


STEPS = (bytes_in_and_out, streams, one_of_two_wins, lists, copies_and_moves, urls_for_others, versions, tables)


def headings() -> Iterator[str]:
    """What each step is about: the first line of its docstring."""
    return ((step.__doc__ or "").splitlines()[0] for step in STEPS)


def main() -> None:
    """Go through all steps."""
    interface = sys.argv[1] if len(sys.argv) > 1 else "s3"
    make_bucket()
    with DataAccessObject(catalog(interface)) as dao:
        for heading, step in zip(headings(), STEPS, strict=True):
            print(f"\n== {heading}")
            step(dao)
        say("\nwhat a call would do, without doing it")
        print(dao.explain("write", b"x", "shop.report", mode="overwrite"))


if __name__ == "__main__":
    main()
