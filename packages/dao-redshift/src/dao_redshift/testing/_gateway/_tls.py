"""A certificate authority for one gateway, and its certificate."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

import trustme


class Authority:
    """An authority that is trusted by whom its certificate is given to.

    Attributes:
        path: a file with its certificate.
        context: how the gateway serves clients over TLS.
    """

    def __init__(self) -> None:
        authority = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="redshift-gateway-")
        self.path = Path(self._folder.name) / "ca.pem"
        authority.cert_pem.write_to_path(str(self.path))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)

    def forget(self) -> None:
        """Remove the file."""
        self._folder.cleanup()
