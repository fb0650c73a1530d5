"""A live tax engine for the official clients of the dialect, as strict about credentials as the vendor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from domain.faults import Fault
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from mocks.tax import Quirks

ACCOUNT, LICENSE = "1100012345", "A1B2C3D4E5F60718"
QUIRKS = {"tax": Quirks(authentication="verify", account=ACCOUNT, license_key=LICENSE, requests_per_second=0)}
Serve = Callable[[Sequence[Fault]], Running]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Return the way to an engine with some faults, open on plain ports and through the proxy."""
    with ExitStack() as opened:
        yield lambda faults: opened.enter_context(running(LiveWorld(faults=faults, quirks=QUIRKS), workspace=tmp_path))


@pytest.fixture
def doors(serve: Serve) -> Running:
    """Return an engine without faults."""
    return serve(())


@pytest.fixture
def environment() -> dict[str, str]:
    """Return an environment with the credentials and without any proxy."""
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**clean, "SANDBOX_USERNAME": ACCOUNT, "SANDBOX_PASSWORD": LICENSE}
