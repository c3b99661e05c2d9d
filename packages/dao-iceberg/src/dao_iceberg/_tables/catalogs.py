"""Makes pyiceberg's catalogs: whose tables' files are those of the store, and whose connections survive forks."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, local
from typing import Any

from attrs import define, field, frozen
from pyiceberg.catalog import Catalog, MetastoreCatalog

from dao.errors import ConfigError, NotFoundError, PluginError, UnsupportedError
from dao_files.lake import FolderTransport
from dao_iceberg._tables.io import Locations, TransportIO

__all__ = ["CatalogMaker", "CatalogSettings"]

_BUSY_SECONDS = 60
"""How long SQLite waits for another writer."""

_TRIES = 5
"""How often tables of a new database are looked for: another process may be making them."""

_NO_DATABASE = "uri: found no URL of a database, expected one such as postgresql://host/database"

_CODEC, _SUFFIX = "write.metadata.compression-codec", ".metadata.json"

_noted = local()


@frozen(kw_only=True)
class CatalogSettings:
    """Which catalog names the tables.

    Attributes:
        kind: ``sql``, ``rest``, ``glue``, ``hive`` or ``memory``; ``hadoop`` for none.
        name: of the catalog.
        url: of the database, for ``sql``; None for SQLite in ``file``.
        file: the file of SQLite, in the folder that only DAO writes to.
        properties: of pyiceberg's catalog, with secrets in them.
        timeouts: seconds to wait for a connection to ``rest`` and ``glue``, and for its answer.
        attempts: how often a request is sent; to ``rest`` one that changes nothing.
        login: gives settings with the store's credentials, on S3; None elsewhere.
    """

    kind: str
    name: str = "dao"
    url: str | None = field(default=None, repr=False)
    file: str | None = None
    properties: Mapping[str, str] = field(factory=dict, repr=lambda given: f"<{len(given)}>")
    timeouts: tuple[float, float] = (10.0, 60.0)
    attempts: int = 5
    login: Callable[[], Mapping[str, str]] | None = field(default=None, repr=False)


@define(eq=False, slots=False)
class CatalogMaker:
    """The catalog of a store: made when it is first used, and again in a process that was forked.

    Attributes:
        settings: which catalog.
        locations: of the store.
    """

    settings: CatalogSettings
    locations: Locations
    _made: Catalog | None = field(default=None, init=False)
    _process: int = field(default=0, init=False)
    _lock: Any = field(factory=Lock, init=False, repr=False)

    @contextmanager
    def noting(self, note: Callable[[str], None]) -> Iterator[None]:
        """Tell the location of each file of metadata that the catalog writes in this thread meanwhile."""
        before = getattr(_noted, "note", None)
        _noted.note = note
        try:
            yield
        finally:
            _noted.note = before

    @property
    def is_there(self) -> bool:
        """Whether there is a catalog to read; only one of SQLite, in a file, may not be made yet."""
        if self.settings.kind != "sql":
            return True
        file = self.settings.file if self.settings.url is None else _file_of(_parsed(self.settings.url))
        return file is None or os.path.exists(file)

    def get(self) -> Catalog:
        """The catalog."""
        with self._lock:
            if self._made is None or self._process != os.getpid():
                self._made, self._process = self._make(), os.getpid()
            return self._made

    def close(self) -> None:
        """Close its connections."""
        with self._lock:
            if self._made is not None and self._process == os.getpid():
                _dispose(self._made)
            self._made = None

    def _make(self) -> Catalog:
        properties = {
            **self.settings.properties,
            "py-io-impl": f"{TransportIO.__module__}.{TransportIO.__qualname__}",
            "dao.locations": self.locations.token,
        }
        return _KINDS[self.settings.kind](self, properties)


def _dispose(catalog: Catalog) -> None:
    engine = getattr(catalog, "engine", None)
    if engine is not None:
        engine.dispose()
    catalog.close()


def _bound(kind: type[Any], locations: Locations, **more: Any) -> Any:
    """A subclass of a catalog whose files are those of a store, whatever a table or a service says of them."""

    def write_metadata(metadata: Any, io: Any, metadata_path: str) -> None:
        note = getattr(_noted, "note", None)
        if note is not None:
            note(metadata_path)
        MetastoreCatalog._write_metadata(metadata, io, metadata_path)

    def load_file_io(self: Any, properties: Any = None, location: str | None = None) -> TransportIO:
        return TransportIO({"dao.locations": locations.token})

    def stage(self: Any, *given: Any) -> Any:
        made = kind._update_and_stage_table(self, *given)
        if made.metadata.properties.get(_CODEC, "").lower() == "gzip":
            made.metadata_location = f"{made.metadata_location.removesuffix(_SUFFIX)}.gz{_SUFFIX}"
        return made

    ours = {
        "_load_file_io": load_file_io,
        "_update_and_stage_table": stage,
        "_write_metadata": staticmethod(write_metadata),
    }
    return type(kind.__name__, (kind,), {**ours, **more})


def _sql(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    settings = maker.settings
    if settings.url is None:
        assert settings.file is not None
        transport = maker.locations.transport
        if isinstance(transport, FolderTransport) and not transport.create and not os.path.isdir(transport.root):
            raise NotFoundError(f"the root {transport.root!r} is not there, and create=False forbids to make it")
        os.makedirs(os.path.dirname(settings.file), exist_ok=True)
        return _in_database(maker, properties, _sqlite(settings.file))
    return _in_database(maker, properties, _database(settings.url))


def _memory(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    folder = tempfile.mkdtemp(prefix="dao-iceberg-")
    made = _in_database(maker, properties, _sqlite(str(Path(folder, "catalog.db"))))
    weakref.finalize(maker, _forget, folder, os.getpid())
    return made


def _forget(folder: str, process: int) -> None:
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _sqlite(file: str) -> Any:
    from sqlalchemy import URL, create_engine
    from sqlalchemy.pool import NullPool

    # A connection for each use: none is open in between, and none is taken along into a fork.
    url = URL.create("sqlite", database=file)
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})


def _parsed(given: str) -> Any:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(given)
    except ArgumentError:
        raise ConfigError(_NO_DATABASE) from None
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _file_of(url: Any) -> str | None:
    """The file of a database of SQLite; None for one that is on a server.

    Raises:
        ConfigError: it would be forgotten with each connection, or be another one in another working directory.
    """
    if url.get_backend_name() != "sqlite":
        return None
    file = str(url.database or "")
    if not os.path.isabs(file):
        raise ConfigError(
            f"uri: found {file or ':memory:'!r} as the file of SQLite, expected the whole path, such as "
            "sqlite:////srv/lake/catalog.db; catalog: memory is forgotten with the interface"
        )
    return file


def _database(given: str) -> Any:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    url = _parsed(given)
    try:
        file = _file_of(url)
        if file is not None:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            return create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})
        return create_engine(url, pool_pre_ping=True)
    except NoSuchModuleError:
        raise ConfigError(_NO_DATABASE) from None
    except ImportError as error:
        raise PluginError(
            f"the catalog's database needs {error.name}: pip install 'dao-iceberg[postgres]' for PostgreSQL"
        ) from error


def _in_database(maker: CatalogMaker, properties: dict[str, str], engine: Any) -> Catalog:
    from pyiceberg.catalog.sql import SqlCatalog
    from sqlalchemy.exc import OperationalError, ProgrammingError

    def begin(self: Any, name: str, **given: str) -> None:
        """As SqlCatalog does, with an engine of ours."""
        MetastoreCatalog.__init__(self, name, **given)
        self.engine = engine
        for attempt in range(_TRIES):
            try:
                self._init_catalog()
            except (OperationalError, ProgrammingError):
                if attempt == _TRIES - 1:
                    raise
            else:
                return

    kind = _bound(SqlCatalog, maker.locations, __init__=begin)
    made: Catalog = kind(maker.settings.name, **properties)
    return made


def _rest(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    from dao_iceberg._tables.rest import TimedRestCatalog

    settings = maker.settings
    connect, read = settings.timeouts
    properties |= {"dao.connect-timeout": str(connect), "dao.read-timeout": str(read)}
    properties["dao.attempts"] = str(settings.attempts)
    login = None if settings.login is None else staticmethod(settings.login)
    made: Catalog = _bound(TimedRestCatalog, maker.locations, login=login)(settings.name, **properties)
    return made


def _glue(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    try:
        from pyiceberg.catalog.glue import GlueCatalog, _register_glue_catalog_id_with_glue_client

        from dao_iceberg._tables.glue import glue_client
    except ImportError as error:
        raise PluginError("the catalog 'glue' needs boto3: pip install 'dao-iceberg[glue]'") from error

    settings = maker.settings
    client = glue_client(
        settings.login,
        properties.get("glue.region"),
        properties.get("glue.profile-name"),
        properties.get("glue.endpoint"),
        settings.timeouts,
        settings.attempts,
    )
    if account := properties.get("glue.id"):
        _register_glue_catalog_id_with_glue_client(client, account)
    made: Catalog = _bound(GlueCatalog, maker.locations)(settings.name, client=client, **properties)
    return made


def _hive(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    try:
        from pyiceberg.catalog.hive import HiveCatalog
    except ImportError as error:
        raise PluginError("the catalog 'hive' needs thrift: pip install 'dao-iceberg[hive]'") from error

    made: Catalog = _bound(HiveCatalog, maker.locations)(maker.settings.name, **properties)
    return made


def _none(maker: CatalogMaker, properties: dict[str, str]) -> Catalog:
    raise UnsupportedError("tables of the catalog 'hadoop' can be read only")


_KINDS: Mapping[str, Callable[[CatalogMaker, dict[str, str]], Catalog]] = {
    "sql": _sql,
    "rest": _rest,
    "glue": _glue,
    "hive": _hive,
    "memory": _memory,
    "hadoop": _none,
}
