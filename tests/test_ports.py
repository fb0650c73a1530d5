"""A port that tests have reserved: nobody else gets it, and a server can be started on it again and again."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.ports import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOTHING WAS PROVED: this is Linux's")


def test_servers_listen_on_a_reserved_port_one_after_the_other() -> None:
    port = free_port()
    for _ in range(3):
        with socket.create_server(("127.0.0.1", port)) as server:
            with socket.create_connection(("127.0.0.1", port), 5) as caller:
                caller.sendall(b"hello")
                taken, _ = server.accept()
                with taken:
                    assert taken.recv(5) == b"hello"
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)


def test_nobody_is_given_a_reserved_port() -> None:
    port = free_port()
    with socket.socket() as end, pytest.raises(OSError, match="in use"):
        end.bind(("127.0.0.1", port))
