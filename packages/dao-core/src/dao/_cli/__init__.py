"""The command ``dao``: look at a catalog, at what its stores hold, and copy between them.

Needs the extra ``cli``. ``dao --help`` lists the commands, ``dao COMMAND --help`` says all about one. Results go to
standard output, messages and progress to standard error. The exit status is 0 when all went well, 1 when it didn't,
2 when the command line is wrong; as for other tools it is 130 after Ctrl-C and 141 when whoever reads the output has
gone.

``--json`` gives results for machines: one JSON document, or one a line (NDJSON) where they may be many (``ls``,
``head``). Each command's help names the keys; new ones may be added, none is taken away. An error is then a JSON
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
    """Run the command; ends the process. Without click and rich it says how to get them."""
    missing = [name for name in ("click", "rich") if find_spec(name) is None]
    if missing:
        sys.exit(f"dao: the command needs {' and '.join(missing)}: pip install 'dao-core[cli]'")
    from dao._cli.app import dao

    dao(prog_name="dao")
