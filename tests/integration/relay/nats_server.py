"""A real NATS server with JetStream on a free port of this machine, for tests: started, killed, started again."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any

import msgspec
import nats

from tests.ports import free_port

STREAM = "Q2C"


class NatsServer:
    """One server; its stream is in `folder` and survives `kill`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        command = [str(program), "-js", "-sd", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "nats-server did not start"
                time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def messages(self, stream: str = STREAM) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
        """Return what is in the stream, in order: subject, headers, event."""
        return asyncio.run(self._messages(stream))

    async def _messages(self, stream: str) -> list[tuple[str, dict[str, str], dict[str, Any]]]:
        client = await nats.connect(self.address)
        try:
            streams = client.jetstream()
            last = (await streams.stream_info(stream)).state.last_seq
            stored = [await streams.get_msg(stream, number) for number in range(1, last + 1)]
        finally:
            await client.close()
        return [(each.subject or "", each.headers or {}, msgspec.json.decode(each.data or b"null")) for each in stored]
