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
python3 noxfile.py -s lint -- whatever
pip install "dao-core[arrow,yaml]"
```
```text
a drawing
```
"""

WITH_A_SERVER = """
<!-- invisible-code: python
import docs_server
docs_server.start("lake")
-->
```python
import boto3
s3 = boto3.client("s3")
s3.put_object(Bucket="lake", Key="note", Body=b"hello")
print(s3.get_object(Bucket="lake", Key="note")["Body"].read())
```
```text output
b'hello'
```
"""
WITHOUT_ONE = """
```python
import os
print("AWS_ENDPOINT_URL" in os.environ)
```
```text output
False
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


def run(folder: Path, *pages: str) -> subprocess.CompletedProcess[str]:
    """Run the blocks of pages in a process of their own."""
    names = [f"page{position}.md" for position in range(len(pages))]
    for name, page in zip(names, pages, strict=True):
        (folder / name).write_text(page)
    command = [sys.executable, "-m", "pytest", "-p", "docs_snippets", "-q", "-p", "no:cacheprovider", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)


def test_a_right_page_passes(tmp_path: Path) -> None:
    done = run(tmp_path, RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


def test_a_page_may_have_a_server_of_its_own(tmp_path: Path) -> None:
    done = run(tmp_path, WITH_A_SERVER, WITHOUT_ONE, WITH_A_SERVER)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_page_fails(tmp_path: Path, page: str) -> None:
    done = run(tmp_path, page)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
