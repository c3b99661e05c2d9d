"""AWS Glue's Data Catalog as a catalog of DAO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao.catalog import Catalog
from dao.connections import S3Role
from dao.errors import ConfigError
from dao.options import build, option_types
from dao.plugins import Plugins
from dao.secrets import Secret, looks_secret
from dao_s3._options import Retry, S3Options, Timeouts
from dao_s3.glue._databases import GlueDatabases
from dao_s3.glue._interfaces import Interface, Interfaces
from dao_s3.glue._requests import GlueRequests
from dao_s3.glue._table import GlueTable
from dao_s3.glue._translator import GlueTranslator

__all__ = ["GlueCatalog"]

_NOT_INHERITED = ("endpoint",)
"""Glue's own endpoint is not that of S3."""


class GlueCatalog(Catalog):
    """Stores from the databases of AWS Glue, objects from their tables.

    Wherever a catalog can be used, this one can: alone, ``DataAccessObject(GlueCatalog(region="eu-central-1"))``, or
    with others, ``Catalog("catalog.yaml", GlueCatalog(...))``, where a store of the file hides a database of its name.

    No request is sent before the first look-up. A look-up requests one name; listing and searching request all names,
    page by page. Responses are cached for ``ttl`` seconds, or until :meth:`refresh`. Databases whose names have a dot
    are
    left out: ``store.object`` has one. Safe between threads; a pickle carries the options, references to secrets but
    none of their values, and no cached responses.

    Objects have the type ``s3.table``; ``iceberg``, ``delta`` and ``hudi`` for such tables, which the backends of these
    names read; or ``object`` for what holds no data that can be read, with the reason in the property ``unreadable``.

    Args:
        region: such as ``eu-central-1``; else what the AWS tools are set to.
        endpoint: URL of a Glue that is not Amazon's, such as a test server. That of S3 goes into ``options``.
        catalog_id: the account whose catalog it is; else that of the credentials.
        profile: of ``~/.aws/config``.
        role: to be assumed: ``arn``, ``session_name``, ``external_id``, ``duration`` in seconds.
        access_key_id: of an access key; with ``secret_access_key``.
        secret_access_key: best as a reference, such as ``${env:AWS_SECRET_ACCESS_KEY}``.
        session_token: that belongs to a temporary access key.
        databases: names or globs of the databases that are stores; all by default.
        interface: the interface of plain tables: ``s3``, ``s3.obstore``, ``module:Class``...
        interfaces: other interfaces by object type; ``{"delta": {"interface": "delta", "options": {...}}}``.
        options: of the stores' interfaces, such as ``endpoint``. They inherit region and credentials; options that
            name credentials replace the inherited ones.
        translator: converts tables to objects.
        ttl: seconds that responses are cached; None: until :meth:`refresh`.
        retry: ``attempts`` and ``mode`` (``standard``, ``adaptive``).
        timeouts: ``connect`` and ``read``, in seconds.
        verify: check the endpoint's certificate.
        ca_bundle: path of a file with the certificates to trust.
        plugins: where interfaces and object types are looked up; by default what is installed.

    Raises:
        ConfigError: an option is wrong; all of them at once.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        catalog_id: str | None = None,
        profile: str | None = None,
        role: S3Role | Mapping[str, Any] | None = None,
        access_key_id: Secret | str | None = None,
        secret_access_key: Secret | str | None = None,
        session_token: Secret | str | None = None,
        databases: str | Sequence[str] = (),
        interface: Interface = "s3",
        interfaces: Mapping[str, Interface] | None = None,
        options: Mapping[str, Any] | None = None,
        translator: GlueTranslator | None = None,
        ttl: float | None = 300.0,
        retry: Retry | Mapping[str, Any] | None = None,
        timeouts: Timeouts | Mapping[str, Any] | None = None,
        verify: bool | None = None,
        ca_bundle: str | None = None,
        plugins: Plugins | None = None,
    ) -> None:
        asked = {
            "region": region,
            "endpoint": endpoint,
            "profile": profile,
            "role": role,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "session_token": session_token,
            "retry": retry,
            "timeouts": timeouts,
            "verify": verify,
            "ca_bundle": ca_bundle,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        connection = build(S3Options, {"bucket": "not-of-glue", **given}, "GlueCatalog")
        if ttl is not None and not (isinstance(ttl, (int, float)) and ttl >= 0):
            raise ConfigError(f"GlueCatalog: ttl: found {ttl!r}, expected seconds, 0 or more, or None")
        inherited = {name: getattr(connection, name) for name in given if name not in _NOT_INHERITED}
        self._databases = GlueDatabases(
            GlueRequests(connection, catalog_id),
            translator or GlueTranslator(),
            Interfaces(
                _guard_interface(interface),
                {name: _guard_interface(own) for name, own in (interfaces or {}).items()},
                inherited,
                _guard(options or {}),
                {name: value for name, value in (("endpoint", endpoint), ("account", catalog_id)) if value},
                plugins,
            ),
            only=(databases,) if isinstance(databases, str) else tuple(databases),
            seconds=ttl,
            plugins=plugins,
        )
        super().__init__(self._databases, plugins=plugins)

    def table(self, full_name: str) -> GlueTable:
        """Glue's own record of a table, by the name of its object.

        Raises:
            ConfigError: no such table (the error lists the nearest names).
            StoreError: Glue could not be queried.
        """
        found = self[full_name]
        return self._databases.table(full_name.partition(".")[0], found.identifier)

    def refresh(self, name: str | None = None) -> None:
        """Drop cached responses.

        Args:
            name: a database and its tables, or one table as ``database.table``; by default everything.
        """
        database, dot, table = (name or "").partition(".")
        self._databases.refresh(database or None, table if dot else None)

    def close(self) -> None:
        """Close the connections to Glue and those of the stores. All may be used again."""
        self._databases.close()
        for store in self._databases.at_hand():
            store.close()


def _guard_interface(interface: Interface) -> Interface:
    if not isinstance(interface, Mapping) or not isinstance(interface.get("options"), Mapping):
        return interface
    return {**interface, "options": _guard(interface["options"])}


def _guard(options: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the secrets among the options in :class:`Secret`, so that their text can't be shown."""
    secrets = {name for name, kind in option_types(S3Options).items() if "Secret" in str(kind)}
    return {
        name: Secret.parse(value) if isinstance(value, str) and (name in secrets or looks_secret(name)) else value
        for name, value in options.items()
    }
