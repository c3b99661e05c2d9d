"""pyiceberg's REST catalog, mended: requests end in time, reads are tried again, Nessie takes our commits."""

from __future__ import annotations

import json
from functools import partial
from typing import Any, ClassVar

from pyiceberg.catalog.rest import Endpoint, Endpoints, RestCatalog, TableResponse
from pyiceberg.catalog.rest.response import _handle_non_200_response
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.table import CommitTableRequest, CommitTableResponse, Table, TableIdentifier
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update import RemoveSnapshotRefUpdate, SetSnapshotRefUpdate, TableRequirement, TableUpdate
from requests import HTTPError
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from dao.errors import PermissionDeniedError, UnsupportedError

__all__ = ["TimedRestCatalog"]

_DELEGATION = "header.X-Iceberg-Access-Delegation"
_KEY = "s3.access-key-id"
_NESSIE = "nessie.is-nessie-catalog"
_OURS = ("auth", "ssl", "py-io-impl", "dao.connect-timeout", "dao.read-timeout", "dao.attempts")
_AGAIN = (429, 502, 503, 504)
_COMMIT_ERRORS = {
    409: CommitFailedException,
    500: CommitStateUnknownException,
    502: CommitStateUnknownException,
    504: CommitStateUnknownException,
}


class TimedRestCatalog(RestCatalog):  # type: ignore[misc]  # mypy skips pyiceberg
    """See :class:`pyiceberg.catalog.rest.RestCatalog`.

    Its properties have beside those of pyiceberg ``dao.connect-timeout`` and ``dao.read-timeout`` in seconds, and
    ``dao.attempts``.

    Attributes:
        login: finds the store's own credentials; None for a store that needs none.
        properties: its own, and what the service says.
    """

    login: ClassVar[Any] = None
    properties: dict[str, Any]

    def _fetch_config(self) -> None:
        """As pyiceberg does; but what a service says can't name code that is imported, or how it is trusted."""
        own = {name: self.properties[name] for name in _OURS if name in self.properties}
        super()._fetch_config()
        others = {name: value for name, value in self.properties.items() if name not in _OURS}
        self.properties = {**others, **own}

    def _create_session(self) -> Any:
        """As pyiceberg makes it, which waits for ever and tries nothing again."""
        session: Any = super()._create_session()
        if _DELEGATION not in self.properties:
            session.headers.pop(_DELEGATION.removeprefix("header."), None)  # they would be made for nothing
        times = (float(self.properties["dao.connect-timeout"]), float(self.properties["dao.read-timeout"]))
        for adapter in session.adapters.values():
            if type(adapter) is HTTPAdapter:  # that of SigV4 has its own
                adapter.max_retries = Retry(
                    int(self.properties["dao.attempts"]) - 1,
                    allowed_methods=("GET", "HEAD"),
                    status_forcelist=_AGAIN,
                    backoff_factor=0.1,
                    raise_on_status=False,
                )
        session.send = partial(_send_in_time, session.send, times)
        return session

    def _response_to_table(self, identifier_tuple: tuple[str, ...], table_response: TableResponse) -> Table:
        """The table that a service knows.

        Raises:
            UnsupportedError: the service vends the credentials for its files, and the store has none of its own.
        """
        vended = [table_response.config, *(one.config for one in table_response.storage_credentials)]
        if self.login is not None and any(_KEY in one for one in vended):
            try:
                self.login()
            except PermissionDeniedError as error:
                raise UnsupportedError(
                    "the catalog vends credentials for the table's files, which DAO doesn't use: give the store keys, "
                    "a profile or a role of its own"
                ) from error
        return super()._response_to_table(identifier_tuple, table_response)

    def _check_endpoint(self, endpoint: Endpoint) -> None:
        if endpoint not in self._supported_endpoints:
            raise UnsupportedError(f"the catalog doesn't offer {endpoint}")

    def commit_table(
        self, table: Table, requirements: tuple[TableRequirement, ...], updates: tuple[TableUpdate, ...]
    ) -> CommitTableResponse:
        """As pyiceberg does, and as Nessie takes it: with the number of a schema's last column, and properties once.

        Raises:
            UnsupportedError: Nessie is asked for a branch or a tag of a table: it would change the table itself.
        """
        self._check_refs(updates)
        name = TableIdentifier(namespace=table.name()[:-1], name=table.name()[-1])
        request = CommitTableRequest(identifier=name, requirements=requirements, updates=updates)
        body = json.loads(request.model_dump_json())
        last = table.metadata.last_column_id
        for sent, update in zip(body["updates"], updates, strict=True):
            if sent["action"] == "add-schema":
                last = sent["last-column-id"] = max(last, update.schema_.highest_field_id)
        body["updates"] = _one_of_properties(body["updates"])
        token = table.config.get("token")
        response = self._session.post(
            self.url(Endpoints.update_table, prefixed=True, **self._split_identifier_for_path(name)),
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        try:
            response.raise_for_status()
        except HTTPError as error:
            _handle_non_200_response(error, _COMMIT_ERRORS)
        return CommitTableResponse.model_validate_json(response.text)

    def _check_refs(self, updates: tuple[TableUpdate, ...]) -> None:
        refs = [one.ref_name for one in updates if isinstance(one, (SetSnapshotRefUpdate, RemoveSnapshotRefUpdate))]
        if self.properties.get(_NESSIE) == "true" and any(ref != MAIN_BRANCH for ref in refs):
            raise UnsupportedError(
                "Nessie keeps no branches and tags of a table: its own are of all tables, and the uri names one, as in "
                "http://host/iceberg/audit"
            )


def _one_of_properties(updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Updates as they are sent, with all that set properties as one, or as none."""
    setting = [one for one in updates if one["action"] == "set-properties"]
    properties = {name: value for one in setting for name, value in one["updates"].items()}
    others = [one for one in updates if one["action"] != "set-properties"]
    return [*others, {"action": "set-properties", "updates": properties}] if properties else others


def _send_in_time(send: Any, times: tuple[float, float], request: Any, **given: Any) -> Any:
    return send(request, **{**given, "timeout": given.get("timeout") or times})
