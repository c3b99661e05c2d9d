"""The config of the connector: which tables are read, and which one gets their rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from attrs import field, frozen
from attrs.validators import optional

from dao.arrow.predicates import parse
from dao.catalog import read_yaml
from dao.errors import ConfigError, DataError, Fault, did_you_mean
from dao.options import absolute_place, build, number
from dao.secrets import looks_secret

__all__ = ["ConnectorConfig", "SourceTable", "Target", "read_config"]

_MOST_HOURS = 1_000_000
"""A century: what is longer is meant to be all."""

ConfigSource = str | os.PathLike[str] | Mapping[str, Any]


def _name(instance: Any, attribute: Any, value: str) -> None:
    if not value.strip() or value != value.strip() or "/" in value:
        raise ConfigError(f"{attribute.name}: found {value!r}, expected a name")


def _tables(instance: Any, attribute: Any, value: tuple[SourceTable, ...]) -> None:
    names = [str(one) for one in value]
    if not names:
        raise ConfigError("tables: found none, expected the tables to read")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ConfigError(f"tables: found {repeated!r} twice")


def _condition(instance: Any, attribute: Any, value: str | None) -> None:
    if value is not None:
        try:
            parse(value)
        except DataError as error:
            raise ConfigError(f"where: {error.message}") from None


@frozen(kw_only=True)
class SourceTable:
    """A table that is read.

    Attributes:
        database: the database, or namespace, of the catalog.
        table: its name there.
        index_field: the column that says which record a row is of.
        datetime_field: the column that says when the row was made, a timestamp or a date.
        where: only rows for which this predicate is true are read; as for ``where=`` of ``DataAccessObject.read``.
    """

    database: str = field(validator=_name)
    table: str = field(validator=_name)
    index_field: str = field(validator=_name)
    datetime_field: str = field(validator=_name)
    where: str | None = field(default=None, validator=_condition)

    def __str__(self) -> str:
        return f"{self.database}.{self.table}"

    @property
    def position(self) -> str:
        """What the target's position calls it: another field or condition makes it another source."""
        where = "" if self.where is None else f" where {parse(self.where)}"
        return f"{self} by {self.index_field} and {self.datetime_field}{where}"


@frozen(kw_only=True)
class Source:
    """What is read, and how much at once.

    Attributes:
        tables: the tables.
        time_filter_hours: only rows of this last time; by default all.
        max_records: rows of one read at most, the oldest first; by default all.
    """

    tables: tuple[SourceTable, ...] = field(validator=_tables)
    time_filter_hours: float | None = field(default=None, validator=optional(number("hours", 0, _MOST_HOURS)))
    max_records: int | None = field(default=None, validator=optional(number("rows", 1)))


@frozen(kw_only=True)
class Target:
    """The table that gets the rows.

    Attributes:
        database: the database, or namespace, of the catalog.
        table: its name there.
        index_field: the column that identifies a row.
        datetime_field: the column that tells which of two rows is newer.
        location: where a new table has its files; by default ``database/table`` of the store.
        partition_by: the transforms of ``datetime_field`` that a new table is partitioned by.
    """

    database: str = field(validator=_name)
    table: str = field(validator=_name)
    index_field: str = field(validator=_name)
    datetime_field: str = field(validator=_name)
    location: str | None = None
    partition_by: tuple[Literal["year", "month", "day", "hour"], ...] = ()

    def __str__(self) -> str:
        return f"{self.database}.{self.table}"

    @property
    def terms(self) -> tuple[str, ...]:
        """The partitions, as DAO says them."""
        return tuple(f"{one}({self.datetime_field})" for one in self.partition_by)


def _named_only(options: Mapping[str, Any]) -> str:
    return f"<{', '.join(map(str, options))}>"


@frozen
class Options:
    """Options of the interface ``iceberg``, which checks them itself, knows its secrets and resolves references."""

    given: Mapping[str, Any] = field(factory=dict, repr=_named_only)
    folder: str = ""


@frozen(kw_only=True)
class ConnectorConfig:
    """The config of a connector.

    Attributes:
        source: what is read.
        target: what is written.
        region: of AWS.
        options: of the interface ``iceberg``; by default the catalog is ``glue``.
    """

    source: Source
    target: Target
    region: str | None = None
    options: Options = field(factory=Options)

    def __attrs_post_init__(self) -> None:
        if str(self.target) in map(str, self.source.tables):
            raise ConfigError("target: found one of the source's tables, expected another table")

    @property
    def place(self) -> dict[str, Any]:
        """The options of the store of the tables."""
        given = dict(self.options.given)
        if not given.keys() & {"catalog", "root", "uri"}:
            given["catalog"] = "glue"
        if self.region is not None and "root" not in given:
            given.setdefault("region", self.region)
        return given


def read_config(config: ConfigSource) -> ConnectorConfig:
    """Read a config: a mapping, the path of a YAML file, or YAML text, which has more than one line.

    Raises:
        ConfigError: it can't be used; all faults at once, each with its path.

    >>> read_config({"connector": {"sources": {}}})
    Traceback (most recent call last):
    dao.errors.ConfigError: 3 faults:
      no option 'sources', did you mean 'source'? @ connector.sources
      the option 'source' is required @ connector
      the option 'target' is required @ connector
    """
    content, label, folder = _content(config)
    unknown = [str(name) for name in content if name != "connector"]
    if unknown or "connector" not in content:
        wrong = f"found {unknown[0]!r}, {did_you_mean(unknown[0], ['connector'])}" if unknown else "found nothing"
        raise ConfigError(f"the top level has the one key 'connector': {wrong}", label)
    given = content["connector"]
    if not isinstance(given, Mapping):
        raise ConfigError([Fault("connector", f"expected a mapping, found {type(given).__name__}")], label)
    options = given.get("options") or {}
    if not isinstance(options, Mapping):
        raise ConfigError([Fault("connector.options", f"expected a mapping, found {type(options).__name__}")], label)
    _refuse_secrets(given, label)
    made = {**given, "options": Options(dict(options), folder)}
    try:
        return build(ConnectorConfig, made, "connector")
    except ConfigError as error:
        raise ConfigError(error.faults, label) from None


def _refuse_secrets(given: Mapping[str, Any], label: str) -> None:
    """Say where a login belongs, if it stands beside the options: then nothing of it is shown."""
    for name in given:
        if looks_secret(str(name)):
            raise ConfigError([Fault(f"connector.{name}", f"{name!r} is one of the options")], label)


def _content(config: ConfigSource) -> tuple[Mapping[str, Any], str, str]:
    """The content, what messages call it, and the folder in which its relative paths start."""
    if isinstance(config, Mapping):
        return config, "", absolute_place(".")
    if not isinstance(config, (str, os.PathLike)):
        raise ConfigError(f"a config is a mapping, a path or YAML text, found {type(config).__name__}")
    if isinstance(config, str) and ("\n" in config or "{" in config):
        return read_yaml(config, "the text"), "the text", absolute_place(".")
    path = Path(config)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"there is no file {str(path.absolute())!r}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"the file can't be read: {type(error).__name__}", str(path)) from None
    return read_yaml(text, str(path)), str(path), str(path.absolute().parent)
