"""Run by test_golden.py on a pseudo-terminal: calls of the command, one after another, their ends marked."""

from __future__ import annotations

import json
import sys

import dao.plugins
from dao._cli.app import dao as command


def main() -> None:
    import fixed  # beside this file, which is a program: what only looks into it can't import that

    found = fixed.plugins()
    dao.plugins.default_plugins = lambda: found
    for arguments in json.loads(sys.argv[1]):
        try:
            command(arguments, prog_name="dao")
        except SystemExit:
            sys.stdout.flush()
        print("\x00", flush=True)


if __name__ == "__main__":
    main()
