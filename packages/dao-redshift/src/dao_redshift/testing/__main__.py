"""Runs a local Redshift until it is interrupted: ``python -m dao_redshift.testing [--port 5439] [--json]``."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

import attrs

from dao.connections import S3Connection
from dao.errors import ConfigError
from dao.secrets import Secret
from dao_redshift.testing._local import local_redshift, services


def main() -> None:
    """Start it, print the options of a store on it, and wait for a signal or the end of standard input."""
    parser = ArgumentParser("python -m dao_redshift.testing", description="Run a local Redshift until Ctrl-C.")
    parser.add_argument("--port", type=int, default=0, help="where to listen on 127.0.0.1; any free port by default")
    parser.add_argument("--json", action="store_true", help="print the options as one line of JSON")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what it has started ends with it
    try:
        standing_on = services()
        with local_redshift(port=given.port) as redshift:
            options = _plain_options(redshift.options)
            print(json.dumps(options) if given.json else _page(options, standing_on), flush=True)
            _wait()
    except ConfigError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)


def _wait() -> None:
    """Wait for the end of standard input; for a signal alone where that is no terminal or pipe: in the background."""
    if sys.stdin is not None and (sys.stdin.isatty() or stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)):
        sys.stdin.read()
    else:
        signal.pause()


def _plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a catalog has them; the secrets in them are those of this local Redshift alone."""
    return {name: _plain(value) for name, value in options.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, S3Connection):
        return _plain_options({one.name: getattr(value, one.name) for one in attrs.fields(S3Connection)})
    return value


def _page(options: Mapping[str, Any], standing_on: Mapping[str, str]) -> str:
    """The options as a catalog's YAML, which JSON is a part of."""
    on = ", ".join(f"{name}: {what}" for name, what in standing_on.items())
    lines = (f"    {name}: {json.dumps(value)}" for name, value in options.items())
    return "\n".join([f"# A local Redshift on {on}", "warehouse:", "  interface: redshift", "  options:", *lines])


if __name__ == "__main__":
    main()
