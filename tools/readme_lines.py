"""Runs the README's five lines, `python tools/readme_lines.py`, in an environment of what its install line names.

Standard library only, and `requirements()` says what that line installs.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
_FENCE = re.compile(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def requirements(page: str) -> list[str]:
    """What the first install line of the page names."""
    found = re.search(r"^pip install (.+)$", page, re.MULTILINE)
    assert found is not None, f"{README.name} has no line that begins with 'pip install'"
    return found[1].split()


def run(page: str) -> None:
    """Save the section's catalog in an empty folder, run its first Python block twice, compare what it prints."""
    section = page.partition("\n## Five lines\n")[2].partition("\n## ")[0]
    blocks = _FENCE.findall(section)
    catalog = next((name, text) for language, name, text in blocks if language == "yaml")
    code = next(text for language, _, text in blocks if language == "python")
    expected = next(text for language, name, text in blocks if (language, name) == ("text", "output"))
    printed = StringIO()
    with tempfile.TemporaryDirectory() as folder:
        before = os.getcwd()
        os.chdir(folder)
        try:
            Path(catalog[0]).write_text(catalog[1], "utf-8")
            with redirect_stdout(printed):
                for _ in range(2):  # they are tried again
                    exec(compile(code, str(README), "exec"), {"__name__": "__main__"})
        finally:
            os.chdir(before)
    assert printed.getvalue() == expected * 2, f"printed:\n{printed.getvalue()}\nexpected:\n{expected}"


if __name__ == "__main__":
    run(README.read_text("utf-8"))
    print("the five lines run")
