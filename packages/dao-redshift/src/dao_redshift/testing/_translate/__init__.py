"""Redshift's SQL as PostgreSQL's: statements are cut into tokens and only what differs is changed."""

from __future__ import annotations

from dao_redshift.testing._translate._dispatch import translate
from dao_redshift.testing._translate._session import Session

__all__ = ["Session", "translate"]
