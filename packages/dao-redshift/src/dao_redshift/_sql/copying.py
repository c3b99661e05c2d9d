"""COPY and UNLOAD, with the right of the warehouse to reach S3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

from attrs import field, frozen

from dao.errors import UnsupportedError
from dao.secrets import MASK, Secret
from dao_redshift._files.places import S3Place
from dao_redshift._sql.texts import name, text

__all__ = ["Authority", "FileFormat", "RoleAuthority", "SessionAuthority", "Statement", "copy", "unload"]

FileFormat = Literal["parquet", "csv", "json"]

_KEY = re.compile(r"[A-Za-z0-9+/=_-]+", re.ASCII)


@frozen
class Statement:
    """A statement to run, and what may be shown of it.

    Attributes:
        sql: the text to run. It may hold credentials, so it is shown nowhere.
        shown: the same without them.
    """

    sql: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


class Authority(Protocol):
    """By which right the warehouse reaches S3."""

    def clause(self) -> str:
        """The clause of COPY and UNLOAD; it may hold credentials."""
        ...

    def shown(self) -> str:
        """The clause without them."""
        ...


@frozen
class RoleAuthority:
    """By a role that the warehouse may use.

    Attributes:
        iam_role: ``default``, or ARNs with commas between.
    """

    iam_role: str = "default"

    def clause(self) -> str:
        """``IAM_ROLE ...``."""
        return "IAM_ROLE default" if self.iam_role == "default" else f"IAM_ROLE {text(self.iam_role)}"

    shown = clause


@frozen
class SessionAuthority:
    """By temporary credentials in the statement's text.

    Attributes:
        access_key_id: the id of the key.
        secret_access_key: its secret.
        session_token: the token; without one the key isn't temporary.
    """

    access_key_id: Secret
    secret_access_key: Secret
    session_token: Secret | None = None

    def clause(self) -> str:
        """``ACCESS_KEY_ID ... SECRET_ACCESS_KEY ... SESSION_TOKEN ...``.

        Raises:
            UnsupportedError: a value can't stand in a statement. It isn't quoted.
        """
        given = [
            ("ACCESS_KEY_ID", self.access_key_id),
            ("SECRET_ACCESS_KEY", self.secret_access_key),
            *([("SESSION_TOKEN", self.session_token)] if self.session_token is not None else []),
        ]
        values = {word: secret.reveal() for word, secret in given}
        for word, value in values.items():
            if not _KEY.fullmatch(value):
                raise UnsupportedError(f"{word.lower()} has characters that no key of AWS has")
        return " ".join(f"{word} {text(value)}" for word, value in values.items())

    def shown(self) -> str:
        """The same with masks."""
        token = f" SESSION_TOKEN '{MASK}'" if self.session_token is not None else ""
        return f"ACCESS_KEY_ID '{MASK}' SECRET_ACCESS_KEY '{MASK}'{token}"


def copy(
    table: str,
    columns: Sequence[str],
    place: S3Place,
    authority: Authority,
    *,
    file_format: FileFormat = "parquet",
    manifest: bool = False,
    nested: bool = False,
    region: str | None = None,
    header: bool = False,
) -> Statement:
    """COPY files into a table: all of them or none.

    Args:
        table: the table, quoted.
        columns: the names of the files' columns, in the files' order; empty for those of the table.
        place: a manifest, or the beginning of keys.
        authority: by which right.
        file_format: Parquet columns are taken by position, JSON's by name, in lower case too.
        manifest: `place` is a manifest, whose files must all be there.
        nested: some columns are SUPER, of nested values in the files.
        region: the bucket's region, where it is another one; Parquet must be in the warehouse's own.
        header: the first line of a CSV file is no row.

    Returns:
        The statement. It ends with no semicolon.
    """
    listed = f" ({', '.join(map(name, columns))})" if columns else ""
    location = text(place.url if manifest else f"{place.url}/" if place.key else place.url)
    return _both(f"COPY {table}{listed} FROM {location} ", authority, _copy_options(
        file_format, manifest=manifest, nested=nested, region=region, header=header
    ))  # fmt: skip


def _copy_options(file_format: str, *, manifest: bool, nested: bool, region: str | None, header: bool) -> str:
    words = {"parquet": " FORMAT AS PARQUET", "csv": " FORMAT AS CSV", "json": " FORMAT AS JSON 'auto ignorecase'"}
    options = words[file_format]
    if nested and file_format == "parquet":
        options += " SERIALIZETOJSON"
    if manifest:
        options += " MANIFEST"
    if file_format == "csv" and header:
        options += " IGNOREHEADER 1"
    if file_format == "csv":
        options += " EMPTYASNULL DATEFORMAT 'auto' TIMEFORMAT 'auto'"
    if region is not None and file_format != "parquet":
        options += f" REGION {text(region)}"
    return options


def unload(
    query: str,
    place: S3Place,
    authority: Authority,
    *,
    file_format: FileFormat = "parquet",
    partition_by: Sequence[str] = (),
    region: str | None = None,
) -> Statement:
    """UNLOAD the rows of a query to files whose keys begin with a place.

    It fails if there are such files: nothing is overwritten.

    Args:
        query: a query without bound values and without a LIMIT of its own.
        place: where the keys begin; a ``/`` follows it.
        authority: by which right.
        file_format: Parquet keeps the types; CSV gets a header.
        partition_by: columns whose values become folders; they are left out of the files.
        region: the bucket's region, where it is another one.
    """
    options = {"parquet": " FORMAT AS PARQUET", "csv": " FORMAT AS CSV HEADER", "json": " FORMAT AS JSON"}[file_format]
    if partition_by:
        options += f" PARTITION BY ({', '.join(map(name, partition_by))})"
    if region is not None:
        options += f" REGION {text(region)}"
    return _both(f"UNLOAD ({text(query)}) TO {text(place.url + '/')} ", authority, options)


def _both(before: str, authority: Authority, after: str) -> Statement:
    return Statement(f"{before}{authority.clause()}{after}", f"{before}{authority.shown()}{after}")
