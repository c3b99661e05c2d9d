"""What a COPY leaves behind in the system tables, whether its transaction is kept or not."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from dao_redshift.testing._bulk._faults import LoadError
from dao_redshift.testing._bulk._storage import S3Object
from dao_redshift.testing._statements import Copy

__all__ = ["Loaded", "Loads"]


@frozen
class Loaded:
    """What a COPY or UNLOAD has done.

    Attributes:
        rows: how many rows were loaded or unloaded.
        notices: what the client reads beside that.
    """

    rows: int
    notices: tuple[str, ...] = ()


class Loads(Protocol):
    """Where the outcomes of COPYs are written: outside of the client's transaction, since they outlive its rollback."""

    def succeeded(self, copy: Copy, files: list[S3Object], rows: int, errors: list[LoadError]) -> None:
        """Record a COPY that loaded `rows`, without the rows of `errors`."""
        ...

    def failed(self, copy: Copy, message: str, errors: list[LoadError]) -> None:
        """Record a COPY that loaded nothing."""
        ...
