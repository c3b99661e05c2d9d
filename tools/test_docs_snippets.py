"""The runner of the documentation's blocks sees what is wrong with a page, and passes what is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
```yaml pets.yaml
pets: [Rex, Tom]
```
```python zoo.py
def feed(name):
    return f"{name} is fed"
```
```python
from pathlib import Path
from zoo import feed
print(Path("pets.yaml").read_text().strip())
```
```text output
pets: [...]
```
```python
>>> feed("Rex")
'Rex is fed'
```
```console
$ cat pets.yaml
pets: [Rex, Tom]
$ echo one; echo two
one
...
```
```sh
python3 noxfile.py -s lint
pip install "dao-core[arrow,yaml]"
```
```text
a drawing
```
"""

WRONG = {
    "python that fails": "```python\n1 / 0\n```",
    "another output": "```python\nprint(1)\n```\n\n```text output\n2\n```",
    "a doctest": "```python\n>>> 1 + 1\n3\n```",
    "a command that fails": "```console\n$ false\n```",
    "a command that prints something else": "```console\n$ echo one\ntwo\n```",
    "a session that isn't there": "```sh\npython3 noxfile.py -s no-such-session\n```",
    "an extra that isn't there": "```sh\npip install 'dao-core[nothing]'\n```",
    "no language": "```\nwhat is this\n```",
    "an unknown language": "```pyhton\n1\n```",
    "bad json": "```json\n{\n```",
    "a hidden block that fails": "<!-- invisible-code: python\nassert False\n-->",
}


def run(folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Run the blocks of a page in a process of their own."""
    (folder / "page.md").write_text(page)
    command = [sys.executable, "-m", "pytest", "-p", "docs_snippets", "-q", "-p", "no:cacheprovider", "page.md"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


def test_a_right_page_passes(tmp_path: Path) -> None:
    done = run(tmp_path, RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("page", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_page_fails(tmp_path: Path, page: str) -> None:
    done = run(tmp_path, page)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
