"""Answers of the warehouse that end in the middle of a value."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest

from dao import DataStore
from dao.connections import S3Connection
from dao.errors import TransientError
from dao_redshift.testing import RedshiftGateway
from dao_redshift.testing._local import new_schema
from dao_sql import Statement

QUERY = "SELECT CAST(2 AS BIGINT) AS whole, 'Z12345' AS code UNION ALL SELECT 3, 'other'"


class Cutter:
    """A server that passes all on to another, until it has passed certain bytes of an answer.

    Attributes:
        port: where it listens.
        last: the bytes after which it closes the connection; None for none.
    """

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.last: bytes | None = None
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                behind = socket.create_connection(("127.0.0.1", self._behind))
                Thread(target=self._pass_on, args=(client, behind), daemon=True).start()
                Thread(target=self._pass_back, args=(behind, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, behind: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                behind.sendall(data)
            behind.shutdown(socket.SHUT_WR)

    def _pass_back(self, behind: socket.socket, client: socket.socket) -> None:
        with suppress(OSError), client, behind:
            while data := behind.recv(65536):
                if self.last is not None and self.last in data:
                    client.sendall(data[: data.index(self.last) + len(self.last)])
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)


@pytest.fixture
def cutter(gateway: RedshiftGateway) -> Iterator[Cutter]:
    cutter = Cutter(gateway.port)
    yield cutter
    cutter.close()


HALVES = {"a number": b"\0\0\0\x08\0\0", "a text that looks like the end of the answer": b"Z1234"}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_cut_is_a_lost_connection(
    gateway: RedshiftGateway, storage: S3Connection, cutter: Cutter, half: str, stream: bool
) -> None:
    with new_schema(gateway, storage) as redshift:
        store = DataStore("redshift", "redshift", options={**redshift.options, "port": cutter.port})
        connection = store.interface.connect()
        connection.begin(writing=False)
        assert connection.query(Statement(QUERY), stream=stream).read_all().num_rows == 2
        connection.rollback()
        connection.begin(writing=False)
        cutter.last = HALVES[half]
        with pytest.raises(Exception) as caught:
            connection.query(Statement(QUERY), stream=stream).read_all()
        assert connection.is_lost(caught.value)
        assert isinstance(store.interface.translate_error(caught.value), TransientError)
        connection.close()
        store.close()
