"""Azure's blob storage, as its emulator Azurite serves it: a program of this machine, or a stand-in that npm installs.

Where neither is to be had, the tests fail and say so, unless `DAO_WITHOUT=azurite` declares it absent.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from attrs import frozen
from services.choosing import Offer, choose

from dao_redshift.testing._services._programs import LOOPBACK, free_port, running

ABSENT = "azurite" in os.environ.get("DAO_WITHOUT", "").split(",")
"""Whether it was declared absent."""

_PACKAGE = "azurite@3"
_PROGRAM = "azurite-blob"
_SECONDS_TO_INSTALL = 300
_API = "2021-08-06"


@frozen
class BlobServer:
    """A running emulator, with the one account that it has, whose key is public.

    Attributes:
        endpoint: the account's URL.
        account: the account's name.
        key: its key.
    """

    endpoint: str
    account: str = "devstoreaccount1"
    key: str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    def options(self, url: str) -> dict[str, Any]:
        """The options of a store at a URL such as `az://container`."""
        return {
            "url": url,
            "store_options": {"account_name": self.account, "endpoint": self.endpoint, "allow_http": True},
            "store_secrets": {"account_key": self.key},
        }

    def make_container(self, name: str) -> str:
        """Make a container, and give its name back."""
        headers = {
            "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "x-ms-version": _API,
        }
        named = "".join(f"{header}:{value}\n" for header, value in headers.items())
        signed = f"PUT{12 * chr(10)}{named}/{self.account}/{self.account}/{name}\nrestype:container"
        signature = hmac.new(base64.b64decode(self.key), signed.encode(), hashlib.sha256).digest()
        headers["authorization"] = f"SharedKey {self.account}:{base64.b64encode(signature).decode()}"
        headers["content-length"] = "0"
        with urlopen(Request(f"{self.endpoint}/{name}?restype=container", method="PUT", headers=headers)) as answer:
            assert answer.status == 201
        return name


def offer() -> Offer[BlobServer]:
    """The way in which this machine has the emulator."""
    return choose(
        f"Azurite ({_PACKAGE} of npm; DAO_WITHOUT=azurite declares it absent, so that its tests are not run)",
        [
            Offer("programs", f"{_PROGRAM} on PATH or known to npx", lambda: _on_this_machine() is not None, _started),
            Offer("stand-ins", f"{_PACKAGE} from npm", lambda: shutil.which("npm") is not None, _started),
        ],
    )


@functools.cache
def _on_this_machine() -> str | None:
    """The program, on PATH or where npm has it for this folder."""
    found = shutil.which(_PROGRAM)
    if found is not None or shutil.which("npx") is None:
        return found
    asked = subprocess.run(
        ["npx", "--no-install", "which", _PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )
    place = asked.stdout.strip()
    return place if asked.returncode == 0 and Path(place).is_file() else None


def _installed() -> str:
    """The program, out of a folder of the user's cache into which npm installs it once, whole or not at all."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dao-tests"
    folder = cache / _PACKAGE
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=cache)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", fresh, _PACKAGE]
        subprocess.run(command, timeout=_SECONDS_TO_INSTALL, stdin=subprocess.DEVNULL, check=True)
        try:
            os.replace(fresh, folder)
        except OSError:  # another process that runs tests was faster
            shutil.rmtree(fresh)
    return str(folder / "node_modules" / ".bin" / _PROGRAM)


@contextmanager
def _started() -> Iterator[BlobServer]:
    program = _on_this_machine() or _installed()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="azurite-") as data:
        command = [program, "--disableTelemetry", "--silent", "--skipApiVersionCheck"]
        command += ["--blobHost", LOOPBACK, "--blobPort", str(port), "--location", data]
        with running(command, lambda: _answers(f"http://{LOOPBACK}:{port}/")):
            yield BlobServer(f"http://{LOOPBACK}:{port}/devstoreaccount1")


def _answers(url: str) -> bool:
    """Whether a server answers; this one refuses to say anything to strangers."""
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError:
        return True
    except OSError:
        return False
