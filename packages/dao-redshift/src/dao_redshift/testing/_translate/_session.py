"""What the translator needs of a client's session."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Session", "folds_names"]


class Session(Protocol):
    """A client's session.

    Attributes:
        settings: Redshift's own parameters that the client has set, by their names in lower case.
    """

    settings: dict[str, str]

    @property
    def in_transaction(self) -> bool:
        """Whether the client has begun a transaction that hasn't ended."""
        ...


def folds_names(session: Session) -> bool:
    """Whether quoted identifiers become lower case."""
    settings = session.settings
    return (
        settings.get("enable_case_sensitive_identifier", "false") != "true"
        and settings.get("downcase_delimited_identifier", "on") != "off"
    )
