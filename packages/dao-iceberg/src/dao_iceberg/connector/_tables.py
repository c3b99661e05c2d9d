"""The tables of a connector: where they are, what the target remembers, and how it is made of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, TypeVar

import pyarrow as pa
from attrs import define, field
from pyiceberg.table import Table

from dao.data_store import DataStore
from dao.errors import ConfigError, DaoError, NotFoundError, PluginError
from dao.interface import InterfaceSpec
from dao.options import check
from dao.tables import retry_conflicts
from dao_iceberg._commits.remembered import positions_of
from dao_iceberg._commits.transaction import Change, NewTable, commit
from dao_iceberg._errors import translate
from dao_iceberg._interface import IcebergInterface
from dao_iceberg._objects import IcebergObject
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.specs import partition_spec
from dao_iceberg.connector._config import ConnectorConfig, SourceTable, Target
from dao_iceberg.converter import EvolutionPlan, IcebergConverter

__all__ = ["ConnectorTables"]

_SECONDS = 60.0
"""For how long a change of the columns is tried again after other writers."""

_OF_GLUE = (
    "region",
    "profile",
    "role",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "verify",
    "ca_bundle",
)
_PLACES = ("root", "bucket", "url")

T = TypeVar("T")


@define(eq=False)
class ConnectorTables:
    """The tables that a config names. Methods other than ``check`` may wait for a service: they are called in threads.

    Attributes:
        config: the config.
    """

    config: ConnectorConfig
    _stores: dict[str, DataStore] = field(factory=dict, init=False)
    _glue: Any = field(default=None, init=False)
    _lock: Any = field(factory=Lock, init=False, repr=False)

    def check(self) -> None:
        """Check the options, as far as that needs no service.

        Raises:
            ConfigError: an option is wrong.
        """
        place = self.config.place
        if not self._has_place:
            place["bucket"] = _bucket(self.config.target.location or "s3://known-by-glue/")
        faults = check(IcebergInterface, place, "connector.options")
        if faults:
            raise ConfigError(faults)
        if self._has_place:
            _ = self._store("").interface

    def source(self, table: SourceTable) -> IcebergObject:
        """A table that is read.

        Raises:
            NotFoundError: Glue doesn't have it.
        """
        location = "" if self._has_place else self._location(table)
        if location is None:
            raise NotFoundError(f"there is no table {str(table)!r} in Glue")
        return self._object(table, location)

    @property
    def target(self) -> IcebergObject:
        """The table that is written.

        Raises:
            ConfigError: nothing says where it is, or is to be.
        """
        target = self.config.target
        location = "" if self._has_place else self._location(target) or target.location
        if location is None:
            raise ConfigError(
                "connector.target.location: found none, and Glue has no such table: say where it is to be"
            )
        return self._object(target, location)

    def positions(self) -> Mapping[str, int]:
        """Up to which version of its sources the target has got."""
        target = self.target
        client: Client = _interface(target)._client
        snapshot = self._translated(lambda: client.find(target.key))
        return {} if snapshot is None else {name: version for name, (version, _) in positions_of(snapshot).items()}

    def make_target(self, model: Any, *, evolve: bool = True) -> None:
        """Make the target of a model where it isn't there, else give it the model's columns.

        Raises:
            ConfigError: the table is somewhere else than ``location`` says.
            DataError: the model lacks a field that the config names, or the change is breaking.
            UnsupportedError: Iceberg can't change the table so.
        """
        target = self.target
        client: Client = _interface(target)._client
        if self._translated(lambda: client.find(target.key)) is None:
            self._translated(lambda: self._create(client, target.key, model))
        if evolve:
            retry_conflicts(_SECONDS, lambda: self._translated(lambda: self._evolve(client, target.key, model)))

    def _create(self, client: Client, key: str, model: Any) -> None:
        """Make the table, unless another writer makes it."""
        schema = IcebergConverter().to_iceberg(model)
        spec = partition_spec(self.config.target.terms, schema)
        made = NewTable(columns=schema, spec=spec, location=self._place_of(client, key))

        def plan(snapshot: Snapshot | None) -> Change:
            return Change(create=made) if snapshot is None else Change(is_ignored=True)

        commit(client, key, plan, _SECONDS, lambda: None)

    def _evolve(self, client: Client, key: str, model: Any) -> None:
        snapshot = client.open(key)
        self._check_location(client, snapshot)
        snapshot.check_writable()
        _plan(snapshot.table, model).apply(snapshot.table)

    def _check_location(self, client: Client, snapshot: Snapshot) -> None:
        wanted, found = self.config.target.location, snapshot.metadata.location
        if wanted is not None and client.locations.key_of(wanted).rstrip("/") != client.locations.key_of(found):
            raise ConfigError(f"connector.target.location: found {wanted!r}, and the table is at {found!r}")

    def _place_of(self, client: Client, key: str) -> str:
        location = self.config.target.location
        return client.locations.of(key if location is None else client.locations.key_of(location).rstrip("/"))

    def _translated(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except DaoError:
            raise
        except Exception as error:
            ours = translate(error)
            if ours is None:
                raise
            raise ours.about("connect", str(self.config.target)) from error

    @property
    def _has_place(self) -> bool:
        place = self.config.place
        return place.get("catalog") != "glue" or any(name in place for name in _PLACES)

    def _object(self, table: SourceTable | Target, location: str) -> IcebergObject:
        store = self._store(_bucket(location) if location else "")
        client: Client = store.interface._client
        return IcebergObject(table.table, store, key=client.key_of((*table.database.split("."), table.table)))

    def _store(self, bucket: str) -> DataStore:
        with self._lock:
            if bucket not in self._stores:
                options = self.config.place | ({"bucket": bucket} if bucket else {})
                folder = self.config.options.folder
                spec = InterfaceSpec(
                    "iceberg", IcebergInterface, options, "connector.options", folders={"": folder}
                ).guarded(IcebergInterface)
                self._stores[bucket] = DataStore("connector", spec)
            return self._stores[bucket]

    def _location(self, table: SourceTable | Target) -> str | None:
        """Where Glue says that a table is; None if it has none."""
        try:
            found: str = self._glue_catalog().table(str(table)).location
        except ConfigError:
            return None
        return found

    def _glue_catalog(self) -> Any:
        try:
            from dao_s3 import GlueCatalog
        except ImportError as error:
            raise PluginError("tables of Glue need dao-s3: pip install 'dao-iceberg[s3,glue]'") from error
        with self._lock:
            if self._glue is None:
                place = self.config.place
                login = {name: place[name] for name in _OF_GLUE if name in place}
                if "uri" in place:
                    login["endpoint"] = place["uri"]
                self._glue = GlueCatalog(**login)
            return self._glue

    def close(self) -> None:
        """Close all connections."""
        for store in self._stores.values():
            store.close()
        if self._glue is not None:
            self._glue.close()


def _interface(table: IcebergObject) -> Any:
    assert table.data_store is not None
    return table.data_store.interface


def _plan(table: Table, model: Any) -> EvolutionPlan:
    """How a table comes to have the columns of a model. One that may be null there stays so, whatever the model says:
    its rows have no null, and older ones may.
    """
    converter = IcebergConverter()
    plan = converter.evolution_plan(table, model, drop=False)
    loose = {step.path[0] for step in plan.steps if step.kind == "require" and len(step.path) == 1}
    if not loose:
        return plan
    renamed = {".".join(step.path): step.change for step in plan.steps if step.kind == "rename"}
    names = {renamed.get(name, name) for name in loose}
    schema = converter.to_arrow(model)
    schema = pa.schema([one.with_nullable(one.nullable or one.name in names) for one in schema])
    return converter.evolution_plan(table, schema, renamed=renamed, drop=False)


def _bucket(location: str) -> str:
    scheme, _, rest = location.partition("://")
    if scheme not in ("s3", "s3a", "s3n") or not rest:
        raise ConfigError(f"connector.target.location: found {location!r}, expected one such as s3://bucket/orders")
    return rest.partition("/")[0]
