"""Redshift's errors of COPY and UNLOAD: a message, and a block of lines as the detail.

The texts are those that Redshift's users show: https://docs.aws.amazon.com/redshift/latest/dg/s3serviceexception-error.html
and https://github.com/aws/amazon-redshift-python-driver/issues/107 (the block of a Spectrum Scan Error).
"""

from __future__ import annotations

from attrs import frozen

from dao_redshift.testing._statements import RedshiftError

__all__ = [
    "FieldValue",
    "LoadError",
    "SpectrumFault",
    "access_denied",
    "internal",
    "load_failed",
    "service_fault",
    "spectrum_fault",
]

_LINE = "-" * 47


@frozen
class FieldValue:
    """A row of ``stl_loaderror_detail``: a field of a line that is wrong.

    Attributes:
        colname: its column.
        type: the column's type as PostgreSQL calls it.
        col_length: the column's length; ``0`` where it has none.
        value: the field; None for NULL.
    """

    colname: str
    type: str
    col_length: str
    value: str | None


@frozen
class LoadError:
    """A row of ``stl_load_errors``.

    Attributes:
        filename: the URL of the file.
        line_number: counts from 1; 0 in columnar files.
        colname: the column, empty for what is wrong with a whole line.
        type: the column's type as PostgreSQL calls it, such as ``int4``.
        col_length: the column's length; ``0`` where it has none.
        position: of the field in the line.
        raw_line: the line.
        raw_field_value: the field.
        err_code: Redshift's number.
        err_reason: Redshift's text.
        fields: those of the line up to the wrong one.
    """

    filename: str
    line_number: int
    colname: str
    type: str
    col_length: str
    position: int
    raw_line: str
    raw_field_value: str
    err_code: int
    err_reason: str
    fields: tuple[FieldValue, ...] = ()


def internal(message: str, code: int, context: str = "") -> RedshiftError:
    """An error of Redshift's own (SQLSTATE XX000), with its block of lines as the detail."""
    lines = (f"error:  {message}", f"code:      {code}", f"context:   {context}", "query:     0", "location:  gateway",
             "process:   gateway")  # fmt: skip
    detail = "\n".join(("", f"  {_LINE}", *(f"  {line}" for line in lines), f"  {_LINE}", ""))
    return RedshiftError(message, "XX000", detail)


def access_denied(context: str) -> RedshiftError:
    """What S3 says to credentials that it doesn't know."""
    return service_fault("Access Denied", 403, "AccessDenied", context)


def service_fault(message: str, status: int, name: str, context: str) -> RedshiftError:
    """An answer of S3 that isn't what was asked for."""
    retry = 1 if status >= 500 else 0
    return internal(f"S3ServiceException:{message},Status {status},Error {name},Rid 0,CanRetry {retry}", 8001, context)


class SpectrumFault(RedshiftError):
    """A columnar file that doesn't fit the table; `row` is its row of ``stl_load_errors``."""

    def __init__(self, context: str, row: LoadError) -> None:
        whole = internal("Spectrum Scan Error", 15007, context)
        super().__init__(whole.message, whole.sqlstate, whole.detail)
        self.row = row


def spectrum_fault(context: str, filename: str, colname: str = "", kind: str = "") -> SpectrumFault:
    """A columnar file that doesn't fit the table."""
    row = LoadError(filename, 0, colname, kind, "0", 0, "", "", 15007, f"Spectrum Scan Error. {context}")
    return SpectrumFault(context, row)


def load_failed(table: str) -> RedshiftError:
    """A COPY with more errors than it may have."""
    return RedshiftError(
        f"Load into table '{table}' failed.  Check 'stl_load_errors' system table for details.", "XX000"
    )
