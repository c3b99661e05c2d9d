"""Unique tokens in the names of files that DAO creates: no two changes create files of the same name.

Other programs number their files in many ways, including UUIDs, but none uses such tokens.
"""

from __future__ import annotations

import re
from uuid import uuid4

__all__ = ["bears_token", "new_token", "with_new_token", "without_token"]

_TOKEN = re.compile(r"-dao[0-9a-f]{12}(?=\.|\Z)")


def new_token() -> str:
    """Generate a token: ``dao`` and twelve random hexadecimal digits."""
    return f"dao{uuid4().hex[:12]}"


def bears_token(path: str) -> bool:
    """Whether a file's name has a token, which means that it is never written again.

    >>> bears_token("month=1/part-000001-00000-dao0123456789ab.parquet"), bears_token("users.csv")
    (True, False)
    """
    return _TOKEN.search(path.rpartition("/")[2]) is not None


def without_token(stem: str) -> str:
    """A file name's stem without its token.

    >>> without_token("part-000001-00000-dao0123456789ab")
    'part-000001-00000'
    """
    return _TOKEN.sub("", stem)


def with_new_token(path: str) -> str:
    """A path with a new token in its name, which makes it unique.

    >>> with_new_token("a/part-000001-00000-dao0123456789ab.csv") != "a/part-000001-00000-dao0123456789ab.csv"
    True
    """
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{_TOKEN.sub(f'-{new_token()}', name)}"
