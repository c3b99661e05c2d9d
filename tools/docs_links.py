"""Checks every link of the Markdown pages, to files and to headings: `python tools/docs_links.py`.

Links to other sites aren't asked: a page doesn't become wrong because a server is down.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from house_rules import tracked_files

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^()\s>]+(?:\([^()\s]*\))?)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?\s*$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)(?:\s+#+)?\s*$", re.MULTILINE)
_FENCE = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2`*\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    return [path for path in tracked_files() if path.suffix == ".md"]


def links(text: str) -> Iterator[str]:
    """The targets of a page's links; what stands in code is none."""
    prose = _CODE.sub("", _FENCE.sub("", text))
    for pattern in (_LINK, _REFERENCE):
        yield from (found[1] for found in pattern.finditer(prose))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names of a page's headings, as GitHub makes them: lower case, without punctuation, `-1` for a second one."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text("utf-8"))):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        names.append(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return frozenset(names)


def faults(page: Path) -> Iterator[str]:
    """What is wrong with a page's links, one text each."""
    for target in links(page.read_text("utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        place, _, anchor = target.partition("#")
        found = (page.parent / unquote(place)).resolve() if place else page
        if not found.exists():
            yield f"{target}: there is no such file"
        elif ROOT not in found.parents:
            yield f"{target}: is outside of the repository"
        elif anchor and found.suffix == ".md" and anchor not in anchors(found):
            yield f"{target}: {found.name} has no heading of that name"


def main() -> int:
    """Print the faults; their number decides the exit status."""
    wrong = [f"{page.relative_to(ROOT)}: {fault}" for page in pages() for fault in faults(page)]
    for fault in wrong:
        print(fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
