"""Errors that Redshift reports in words of its own."""

from __future__ import annotations

import re

from dao_redshift.testing._statements import RedshiftError

_TYPE_OF_A_TABLE = re.compile(r"type (\".*\") already exists", re.DOTALL)
ABORTED = RedshiftError("current transaction is aborted, commands ignored until end of transaction block", "25P02")


def as_redshift(error: RedshiftError) -> RedshiftError:
    """An error of PostgreSQL as Redshift has it; itself if it has the same."""
    if error.sqlstate == "40001":
        where = "Serializable isolation violation on table - unknown, transactions forming the cycle are: unknown"
        return RedshiftError("1023", "XX000", f"{where} ({error.message})")
    if error.sqlstate == "21000" and error.message.startswith("MERGE "):
        return RedshiftError("Found multiple matches to update the same tuple.", "21000", error.message)
    if error.sqlstate == "42710" and (made := _TYPE_OF_A_TABLE.fullmatch(error.message)):  # two make it at once
        return RedshiftError(f"Relation {made[1]} already exists", "42P07")
    return error
