"""A bucket that fails in the middle of a load or an unload."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from bulk_session import BulkSession

from dao import Secret
from dao.connections import S3Connection
from dao_redshift.testing._bulk import BulkStorage
from dao_redshift.testing._statements import RedshiftError

LINES = b"".join(b"%d\n" % number for number in range(200_000))
KEYS = ("in/1.csv", "in/2.csv", "in/3.csv")
LISTED = "".join(
    f"<Contents><Key>{key}</Key><Size>{len(LINES)}</Size><LastModified>2020-01-01T00:00:00.000Z</LastModified>"
    '<ETag>"1"</ETag></Contents>'
    for key in KEYS
)


class FailingBucket(BaseHTTPRequestHandler):
    """Lists three files, and gives the first; the second fails in the way that `fault` says."""

    protocol_version = "HTTP/1.1"
    fault = ""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if "list-type=2" in query:
            self.answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{LISTED}</ListBucketResult>".encode())
        elif path.endswith("1.csv"):
            self.answer(200, LINES)
        elif self.fault == "cut":
            self.answer(200, LINES, cut=len(LINES) // 2)
        else:
            self.answer(int(self.fault), b"<Error><Code>Fault</Code><Message>no</Message></Error>")

    def do_POST(self) -> None:
        self.do_PUT()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(int(self.fault), b"<Error><Code>Fault</Code><Message>no</Message></Error>")

    def answer(self, status: int, content: bytes, cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(content[:cut])
        self.close_connection = cut is not None

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: what a server says of its requests is noise in tests."""


@pytest.fixture
def failing(bulk: BulkSession) -> Iterator[type[FailingBucket]]:
    """The session's storage is a bucket that fails."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FailingBucket)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    login = {"access_key_id": Secret("AKIA"), "secret_access_key": Secret("S3CR3T")}
    bulk.storage = BulkStorage.of(S3Connection(region="us-east-1", endpoint=endpoint, **login))
    yield FailingBucket
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("503", "S3ServiceException:Please try again,Status 503"),
        ("404", "S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey"),
        ("403", "S3ServiceException:Access Denied,Status 403,Error AccessDenied"),
        ("cut", "S3ServiceException:Please try again"),
    ],
)
def test_a_load_that_is_cut_off_leaves_nothing(
    bulk: BulkSession, failing: type[FailingBucket], fault: str, message: str
) -> None:
    failing.fault = fault
    bulk.query("CREATE TABLE t (n int)")
    bulk.query("INSERT INTO t VALUES (-1)")
    for options in ("CSV", "CSV MAXERROR 1000"):
        with pytest.raises(RedshiftError) as caught:
            bulk.copy(f"COPY t FROM 's3://lake/in/' iam_role default {options}")
        assert caught.value.message.startswith(message)
        assert bulk.query("SELECT * FROM t") == [("-1",)]
        assert bulk.history("status, loaded_rows") == [("aborted", "0")]


@pytest.mark.parametrize("options", ["PARQUET", "CSV", "CSV GZIP"])
def test_an_unload_that_is_refused_says_why(bulk: BulkSession, failing: type[FailingBucket], options: str) -> None:
    failing.fault = "403"
    with pytest.raises(RedshiftError) as caught:
        bulk.unload(f"UNLOAD ('select 1 as n') TO 's3://lake/out' iam_role default {options} ALLOWOVERWRITE")
    assert caught.value.message.startswith("S3ServiceException:Access Denied,Status 403")
    assert "S3CR3T" not in caught.value.detail
    assert bulk.history("status", "unloads") == [("aborted",)]
