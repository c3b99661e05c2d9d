"""An S3 and Glue server for the pages' examples, which a page starts in a block that its readers don't see:

    <!-- invisible-code: python
    import docs_server
    docs_server.start("lake")
    -->

The page's catalogs then need no endpoint and no credentials: they are in the environment, where AWS's tools look.
"""

from __future__ import annotations

import functools
import os
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer

REGION = "us-east-1"


def start(*buckets: str) -> str:
    """Let AWS be an empty server in this process, until the page ends.

    Args:
        buckets: the buckets to make.

    Returns:
        The server's URL, which is also in the environment as AWS_ENDPOINT_URL.
    """
    url = _server()
    urlopen(Request(f"{url}/moto-api/reset", method="POST"), timeout=30).close()
    os.environ.update(
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID="docs",
        AWS_SECRET_ACCESS_KEY="docs-secret",
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_ALLOW_HTTP="true",
    )
    for bucket in buckets:
        urlopen(Request(f"{url}/{bucket}", method="PUT"), timeout=30).close()
    return url


@functools.cache
def _server() -> str:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"
