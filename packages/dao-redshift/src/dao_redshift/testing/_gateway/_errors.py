"""Errors that Redshift reports in words of its own."""

from __future__ import annotations

from dao_redshift.testing._statements import RedshiftError

ABORTED = RedshiftError("current transaction is aborted, commands ignored until end of transaction block", "25P02")


def as_redshift(error: RedshiftError) -> RedshiftError:
    """An error of PostgreSQL as Redshift has it; itself if it has the same."""
    if error.sqlstate == "40001":
        where = "Serializable isolation violation on table - unknown, transactions forming the cycle are: unknown"
        return RedshiftError("1023", "XX000", f"{where} ({error.message})")
    if error.sqlstate == "21000" and error.message.startswith("MERGE "):
        return RedshiftError("Found multiple matches to update the same tuple.", "21000", error.message)
    return error
