"""The command ``dao``: look at a catalog, at what its stores hold, and copy between them.

Needs the extra ``cli``. ``dao --help`` lists the commands, ``dao COMMAND --help`` describes one. Results go to
standard output, messages and progress to standard error. The exit status is 0 on success, 1 on failure and
2 for a usage error; as with other tools, 130 after Ctrl-C and 141 when the reader of the output has closed its pipe.

``--json`` gives machine-readable results: one JSON document, or one per line (NDJSON) for unbounded results (``ls``,
``head``). Each command's help names the keys; keys may be added, but are never removed. An error is then a JSON
document on standard error, with the keys ``error`` (its class) and ``message``.

Completion by the Tab key, of commands, options and the catalog's names, is click's::

    eval "$(_DAO_COMPLETE=bash_source dao)"      # in ~/.bashrc
    eval "$(_DAO_COMPLETE=zsh_source dao)"       # in ~/.zshrc
    _DAO_COMPLETE=fish_source dao | source       # in ~/.config/fish/completions/dao.fish
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> None:
    """Run the command and exit the process. Without click and rich, explains how to install them."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.exit(f"dao: the command needs {' and '.join(missing)}: pip install 'dao-core[cli]'")
    from dao._cli.app import dao

    dao(prog_name="dao")
