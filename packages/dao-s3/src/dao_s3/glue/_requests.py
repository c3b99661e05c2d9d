"""Sends paginated requests to Glue and translates its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import Factory, field, frozen

from dao.errors import TransientError
from dao_s3._boto3.per_process import PerProcess

if TYPE_CHECKING:
    from dao_s3._options import S3Options

__all__ = ["GlueRequests"]

_LATER = ("OperationTimeoutException", "FederationSourceRetryableException")


@frozen(eq=False)
class GlueRequests:
    """Sends requests to Glue. The first request imports the driver and creates its client, and again after a fork.

    Safe between threads. Pickles carry the options, without connections and secrets. Every request may raise
    PermissionDeniedError (the credentials are wrong, expired or not enough), TransientError (Glue throttles or doesn't
    answer, and retries are exhausted) and StoreError (Glue refused for another reason).

    Attributes:
        connection: credentials and connection options; Glue doesn't use its bucket.
        catalog_id: the account of the catalog; None is the credentials' own.
    """

    connection: S3Options
    catalog_id: str | None = None
    _kept: PerProcess = field(
        default=Factory(lambda self: PerProcess(partial(_make_client, self.connection)), takes_self=True),
        init=False,
        repr=False,
    )

    def database(self, name: str) -> Mapping[str, Any]:
        """One database.

        Raises:
            KeyError: no such database.
        """
        with _asking(f"glue:GetDatabase {name}", name):
            found: Mapping[str, Any] = self._client.get_database(Name=name, **self._catalog)["Database"]
            return found

    def databases(self) -> Iterator[Mapping[str, Any]]:
        """All databases."""
        with _asking("glue:GetDatabases"):
            for page in self._client.get_paginator("get_databases").paginate(**self._catalog):
                yield from page["DatabaseList"]

    def table(self, database: str, name: str) -> Mapping[str, Any]:
        """One table; links are followed by Glue, as far as the credentials may.

        Raises:
            KeyError: no such table or database.
        """
        with _asking(f"glue:GetTable {database}.{name}", name):
            asked = {"DatabaseName": database, "Name": name, **self._catalog}
            found: Mapping[str, Any] = self._client.get_table(**asked)["Table"]
            return found

    def tables(self, database: str) -> Iterator[Mapping[str, Any]]:
        """All tables of a database.

        Raises:
            KeyError: there is no such database.
        """
        with _asking(f"glue:GetTables {database}", database):
            pages = self._client.get_paginator("get_tables").paginate(DatabaseName=database, **self._catalog)
            for page in pages:
                yield from page["TableList"]

    @property
    def _catalog(self) -> dict[str, str]:
        return {"CatalogId": self.catalog_id} if self.catalog_id else {}

    @property
    def _client(self) -> Any:
        return self._kept.client

    def close(self) -> None:
        """Close this process's connections; the next request opens new ones."""
        self._kept.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return GlueRequests, (self.connection, self.catalog_id)


def _make_client(options: S3Options) -> Any:
    from botocore.config import Config
    from botocore.session import Session

    from dao_s3._boto3.logs import mask_logs
    from dao_s3._credentials import use_credentials

    mask_logs()
    session = Session(profile=options.profile)
    use_credentials(session, options)
    return session.create_client(
        "glue",
        region_name=options.region,
        endpoint_url=options.endpoint,
        verify=options.verification,
        config=Config(
            connect_timeout=options.timeouts.connect,
            read_timeout=options.timeouts.read,
            retries={"total_max_attempts": options.retry.attempts, "mode": options.retry.mode},
            tcp_keepalive=True,
        ),
    )


@contextmanager
def _asking(where: str, name: str = "") -> Iterator[None]:
    from dao_s3._boto3.errors import DRIVER_ERRORS, to_dao_error

    try:
        yield
    except DRIVER_ERRORS as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        if code == "EntityNotFoundException":
            raise KeyError(name) from None
        if code in _LATER:
            raise TransientError(f"{where}: Glue was not done in time ({code})") from error
        raise to_dao_error(error, where) from error
