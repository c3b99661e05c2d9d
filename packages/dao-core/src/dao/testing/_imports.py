"""What importing a package brings with it: for tests that drivers are imported only when they are needed."""

from __future__ import annotations

import json
import subprocess
import sys

__all__ = ["modules_after"]

_REPORT = "\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"


def modules_after(code: str) -> frozenset[str]:
    """Return the names of all modules that a new Python process has imported after it ran some code.

    The process has this one's interpreter and environment, but not its working directory in ``sys.path``.

    Args:
        code: statements; what they print is dropped.

    Raises:
        AssertionError: the code raised; the message has its traceback.

    >>> {"json", "sqlite3"} & modules_after("import json")
    {'json'}
    """
    done = subprocess.run([sys.executable, "-P", "-c", code + _REPORT], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise AssertionError(done.stderr)
    return frozenset(json.loads(done.stdout.splitlines()[-1]))
