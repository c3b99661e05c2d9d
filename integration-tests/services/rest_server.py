"""Iceberg's REST catalog over pyiceberg's own catalog in SQLite, as a program: `python rest_server.py PORT FOLDER`.

`http://127.0.0.1:PORT/NAME` is the catalog NAME, made when it is first used; the variable `REST_SERVER_IO` has the
properties, as JSON, with which the server itself reaches the files. What a table needs to be reached is vended where a
catalog's name begins with `vending`: the variable `REST_SERVER_VENDED` has it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import frozen
from pyiceberg.catalog.rest import RegisterTableRequest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    BadRequestError,
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import CommitTableRequest

_STATUS = {
    BadRequestError: 400,
    CommitFailedException: 409,
    NamespaceAlreadyExistsError: 409,
    TableAlreadyExistsError: 409,
    NoSuchNamespaceError: 404,
    NoSuchTableError: 404,
}
_IO = json.loads(os.environ.get("REST_SERVER_IO", "{}"))
_VENDED = json.loads(os.environ.get("REST_SERVER_VENDED", "{}"))
_ENDPOINTS = [
    *("GET /v1/{prefix}/namespaces", "POST /v1/{prefix}/namespaces", "GET /v1/{prefix}/namespaces/{namespace}"),
    *("HEAD /v1/{prefix}/namespaces/{namespace}", "GET /v1/{prefix}/namespaces/{namespace}/tables"),
    *(
        "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    ),
    *("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}", "POST /v1/{prefix}/tables/rename"),
    "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "POST /v1/{prefix}/namespaces/{namespace}/register",
]


@frozen
class Named:
    """A table of which only the name matters."""

    identifier: tuple[str, ...]

    def name(self) -> tuple[str, ...]:
        """Its name, as pyiceberg asks for it."""
        return self.identifier


class Service:
    """The catalog NAME."""

    def __init__(self, name: str, folder: Path) -> None:
        uri = f"sqlite:///{folder / name}.db?timeout=60"
        self._catalog = SqlCatalog(name, uri=uri, **_IO)
        self._vended = _VENDED if name.startswith("vending") else {}

    def config(self, _: Any) -> Any:
        return {"defaults": {}, "overrides": {}, "endpoints": _ENDPOINTS}

    def namespaces(self, _: Any, parent: str = "") -> Any:
        return {"namespaces": self._catalog.list_namespaces(_parts(parent))}

    def make_namespace(self, body: Any) -> Any:
        self._catalog.create_namespace(tuple(body["namespace"]))
        return {"namespace": body["namespace"], "properties": {}}

    def namespace(self, _: Any, namespace: str) -> Any:
        return {
            "namespace": _parts(namespace),
            "properties": self._catalog.load_namespace_properties(_parts(namespace)),
        }

    def tables(self, _: Any, namespace: str) -> Any:
        found = self._catalog.list_tables(_parts(namespace))
        return {"identifiers": [{"namespace": one[:-1], "name": one[-1]} for one in found]}

    def table(self, _: Any, namespace: str, table: str) -> Any:
        return self._told(self._catalog.load_table((*_parts(namespace), table)))

    def commit(self, body: Any, namespace: str, table: str) -> Any:
        """As strict as Nessie: a new schema comes with the number of its last column, and properties are set once."""
        if sum(one["action"] == "set-properties" for one in body["updates"]) > 1:
            raise BadRequestError("multiple updates that set properties")
        if any(one["action"] == "add-schema" and "last-column-id" not in one for one in body["updates"]):
            raise BadRequestError("last-column-id is missing")
        name = (*_parts(namespace), table)
        asked = CommitTableRequest.model_validate({**body, "identifier": {"namespace": name[:-1], "name": table}})
        return self._told(self._catalog.commit_table(Named(name), asked.requirements, asked.updates))

    def drop(self, _: Any, namespace: str, table: str) -> Any:
        self._catalog.drop_table((*_parts(namespace), table))

    def rename(self, body: Any) -> Any:
        names = [(*body[side]["namespace"], body[side]["name"]) for side in ("source", "destination")]
        self._catalog.rename_table(*names)

    def register(self, body: Any, namespace: str) -> Any:
        asked = RegisterTableRequest.model_validate({"overwrite": False, **body})
        return self._told(self._catalog.register_table((*_parts(namespace), asked.name), asked.metadata_location))

    def _told(self, table: Any) -> Any:
        metadata = json.loads(table.metadata.model_dump_json())
        return {"metadata-location": table.metadata_location, "metadata": metadata, "config": self._vended}


_NAMESPACE = r"/namespaces/(?P<namespace>[^/]+)"
_TABLE = rf"{_NAMESPACE}/tables/(?P<table>[^/]+)"
_ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/config", Service.config),
    ("GET", "/namespaces", Service.namespaces),
    ("POST", "/namespaces", Service.make_namespace),
    ("GET", _NAMESPACE, Service.namespace),
    ("GET", f"{_NAMESPACE}/tables", Service.tables),
    ("GET", _TABLE, Service.table),
    ("POST", _TABLE, Service.commit),
    ("DELETE", _TABLE, Service.drop),
    ("POST", "/tables/rename", Service.rename),
    ("POST", f"{_NAMESPACE}/register", Service.register),
]


def _parts(namespace: str) -> tuple[str, ...]:
    return tuple(namespace.split("\x1f")) if namespace else ()


class Handler(BaseHTTPRequestHandler):
    """Answers requests."""

    protocol_version = "HTTP/1.1"
    folder: Path
    services: dict[str, Service]
    lock = Lock()

    def do_GET(self) -> None:
        self._answer(*self._found())

    do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

    def _found(self) -> tuple[int, Any]:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        address = urlsplit(self.path)
        _, name, _, path = [*address.path.split("/", 3), "", "", ""][:4]
        method = "GET" if self.command == "HEAD" else self.command
        given = {}
        if address.query.startswith("parent="):
            given["parent"] = unquote(address.query.removeprefix("parent="))
        for wanted, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, f"/{path}") if wanted == method else None
            if found is not None:
                try:
                    given |= {part: unquote(value) for part, value in found.groupdict().items()}
                    return 200, operation(self._service(name), body, **given)
                except Exception as error:
                    status = next((_STATUS[one] for one in type(error).__mro__ if one in _STATUS), 500)
                    return status, {"error": {"message": str(error), "type": type(error).__name__, "code": status}}
        return 404, {"error": {"message": self.path, "type": "NotFound", "code": 404}}

    def _service(self, name: str) -> Service:
        with self.lock:
            if name not in self.services:
                self.services[name] = Service(name, self.folder)
            return self.services[name]

    def _answer(self, status: int, body: Any) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(204 if body is None else status)
        if body is not None:
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.folder, Handler.services = Path(sys.argv[2]), {}
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()
