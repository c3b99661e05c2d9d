"""How a COPY from text, CSV, JSON or Avro converts fields: its options as a record."""

from __future__ import annotations

from attrs import frozen

from dao_redshift.testing._statements import Copy

__all__ = ["BadValue", "Conversion"]


class BadValue(Exception):
    """A field that the column can't have.

    Attributes:
        code: Redshift's number (https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html).
        reason: Redshift's text.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@frozen
class Conversion:
    """The options of a COPY that change values.

    Attributes:
        null: the text that is NULL.
        empty_as_null: EMPTYASNULL.
        blanks_as_null: BLANKSASNULL.
        trim: TRIMBLANKS.
        truncate: TRUNCATECOLUMNS.
        any_date: ACCEPTANYDATE.
        round: ROUNDEC.
        mark: what replaces bytes that are no UTF-8; None if they are errors.
        date_format: DATEFORMAT; empty for the default.
        time_format: TIMEFORMAT; empty for the default.
    """

    null: str
    empty_as_null: bool
    blanks_as_null: bool
    trim: bool
    truncate: bool
    any_date: bool
    round: bool
    mark: str | None
    date_format: str
    time_format: str

    @classmethod
    def of(cls, copy: Copy) -> Conversion:
        """The options of `copy`."""
        given = copy.options
        return cls(
            null=str(given.get("NULL", "\\N")),
            empty_as_null="EMPTYASNULL" in given,
            blanks_as_null="BLANKSASNULL" in given,
            trim="TRIMBLANKS" in given,
            truncate="TRUNCATECOLUMNS" in given,
            any_date="ACCEPTANYDATE" in given,
            round="ROUNDEC" in given,
            mark=str(given["ACCEPTINVCHARS"]) if "ACCEPTINVCHARS" in given else None,
            date_format=str(given.get("DATEFORMAT", "")),
            time_format=str(given.get("TIMEFORMAT", "")),
        )
