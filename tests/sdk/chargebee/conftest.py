"""Live sites as a real integration finds them, over plain HTTP and by host name through the proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mocks.billing import LIVE
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The doors of a live world whose billing site keeps its own catalogue."""
    with running(LiveWorld(quirks={"billing": LIVE}), workspace=tmp_path_factory.mktemp("authority")) as doors:
        yield doors
