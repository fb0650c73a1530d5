"""Fake targets: an HTTP server of this process that answers as a table says, and a listener that speaks no HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answers = Mapping[tuple[str, str], tuple[int, Mapping[str, str]]]
"""(method, path) to status and headers; what is not there is answered 404."""


class Fake:
    """A target under `address` that keeps what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fake.asked.append((self.command, self.path, body))
                status, headers = answers.get((self.command, self.path), (404, {}))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of http.server

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @contextmanager
    def up(self) -> Iterator[Fake]:
        """Answer until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


HEALTHY: Answers = {("GET", "/health"): (200, {}), ("POST", "/hooks"): (401, {})}
"""A target that is well and refuses what nobody signed."""


@contextmanager
def garbage() -> Iterator[str]:
    """Yield the address of somebody who answers, but not in HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def talk() -> None:
            try:
                while True:
                    end, _ = listener.accept()
                    with end:
                        end.recv(4096)
                        end.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            except OSError:
                return

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
