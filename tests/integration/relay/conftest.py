"""What the tests of the relay share: a NATS server, and an integration that tells events on a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.relay.nats_server import NatsServer


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A running server, ended with the test."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()
