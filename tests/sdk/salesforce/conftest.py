"""A CRM behind open doors, and what points a program at it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from mocks.crm.quirks import OPEN
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running

HERE = Path(__file__).parent
_PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a world whose CRM lets its API user do everything, once per module."""
    quirks = msgspec.structs.replace(OPEN, users={"integration@q2c.test": "secret"})
    with running(LiveWorld(quirks={"crm": quirks}), workspace=tmp_path_factory.mktemp("authority")) as found:
        yield found


def surroundings(doors: Running, *, by_proxy: bool) -> dict[str, str]:
    """Return the environment of a program: nothing but these variables points it at the mocks."""
    bundle = str(doors.ca_bundle)
    kept = {name: value for name, value in os.environ.items() if name not in _PROXIES}
    kept |= {"DOORS": json.dumps(dict(doors)), "REQUESTS_CA_BUNDLE": bundle, "SSL_CERT_FILE": bundle}
    kept |= {"NODE_EXTRA_CA_CERTS": bundle}
    return kept | ({"HTTPS_PROXY": doors["proxy"]} if by_proxy else {})


def run(command: Sequence[str | Path], surrounding: Mapping[str, str], timeout_seconds: float = 240) -> str:
    """Return what a program prints; fail with its complaints when it does not end well."""
    done = subprocess.run(
        [str(part) for part in command], env=surrounding, capture_output=True, text=True, timeout=timeout_seconds
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def results(printed: str) -> dict[str, str]:
    """Return the checks of a program by name, each with what went wrong in it."""
    found: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
    return found


def names(program: str, form: str) -> list[str]:
    """Return the names of a program's checks, as they stand in its text."""
    return re.findall(form, (HERE / program).read_text(), re.MULTILINE)
